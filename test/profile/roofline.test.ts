import { expect, test } from 'vitest';
import { machines } from '../../src/machine/index.ts';
import { quartilesOf } from '../../src/profile/quartiles.ts';
import { rooflineOf } from '../../src/profile/roofline.ts';

test('work takes no less than its arithmetic, or its bytes from where they lie, at the rates of the machine', () => {
  const { lanes, clock, cores, cache, memoryRate, cacheRate, coreRate } = machines.webgpu;
  const micro = 2 * lanes * clock * cores;
  expect(rooflineOf(5 * micro, 0, machines.webgpu)).toEqual({ micros: 5, limit: 'arithmetic' });
  expect(rooflineOf(5 * micro, 0, machines.webgpu, cores / 4)).toEqual({ micros: 20, limit: 'arithmetic' });
  expect(rooflineOf(1, 3 * cacheRate, machines.webgpu)).toEqual({ micros: 3, limit: 'cache' });
  expect(rooflineOf(1, coreRate, machines.webgpu, 1)).toEqual({ micros: 1, limit: 'cache' });
  // Of what is far larger than the cache, all but that comes from memory.
  const { micros, limit } = rooflineOf(1, 100 * cache, machines.webgpu);
  expect(limit).toBe('memory');
  expect(micros).toBeCloseTo((99 * cache) / memoryRate, 6);
});

test('half of all samples lie between the quartiles', () => {
  const samples = [9, 1, 8, 2, 7, 3, 6, 4, 5];
  expect(quartilesOf(samples)).toEqual({ low: 3, median: 5, high: 7 });
  expect(quartilesOf([4])).toEqual({ low: 4, median: 4, high: 4 });
  expect(quartilesOf([]).median).toBeNaN();
});
