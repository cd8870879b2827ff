import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allocator } from '../../src/runtime/wasm/allocator.ts';

const START = 640;

test('places that are taken never overlap, are aligned, and lie inside of memory, in whatever order they go', () => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 0, max: 1000 }) }),
    fc.record({ give: fc.nat({ max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let memory = START;
      const allocator = new Allocator(START, (end) => {
        memory = end;
      });
      const places: { start: number; bytes: number }[] = [];
      for (const step of steps) {
        if ('take' in step) {
          const start = allocator.take(step.take);
          expect(start % 64).toBe(0);
          expect(start).toBeGreaterThanOrEqual(START);
          expect(start + step.take).toBeLessThanOrEqual(memory);
          for (const other of places) {
            const apart = start + step.take <= other.start || other.start + other.bytes <= start;
            expect(apart && start !== other.start).toBe(true);
          }
          places.push({ start, bytes: step.take });
        } else {
          const [place] = places.splice(step.give, 1);
          if (place) allocator.give(place.start);
        }
      }
      for (const { start } of places) allocator.give(start);
      // All is one free place again: the whole of it can be taken at once, and memory does not grow.
      const whole = memory - START;
      if (whole > 0) expect(allocator.take(whole)).toBe(START);
      expect(memory).toBe(START + whole);
    }),
  );
});

test('a place that was given back is taken again, the first that is large enough', () => {
  const ends: number[] = [];
  const allocator = new Allocator(0, (end) => ends.push(end));
  expect([100, 300, 64, 200].map((bytes) => allocator.take(bytes))).toEqual([0, 128, 448, 512]);
  allocator.give(128);
  allocator.give(0);
  allocator.give(0);
  expect(allocator.take(400)).toBe(0);
  expect(ends).toEqual([128, 448, 512, 768]);
  allocator.give(512);
  expect(allocator.take(400)).toBe(512);
  expect(ends.at(-1)).toBe(960);
});

test('where memory does not grow nothing is taken', () => {
  let most = 1000;
  const allocator = new Allocator(0, (end) => {
    if (end > most) throw new RangeError('no more');
  });
  const first = allocator.take(500);
  expect(() => allocator.take(600)).toThrow('no more');
  expect(allocator.take(400)).toBe(512);
  allocator.give(first);
  expect(allocator.take(500)).toBe(0);
  most = 2000;
  expect(allocator.take(600)).toBe(960);
});
