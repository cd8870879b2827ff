import { expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';

/** FLOPs that the program states for one entry of a module. */
function flops(build: (input: (...shape: number[]) => Tensor) => Tensor): number {
  const module = defineModule('counted', (m) => {
    let inputs = 0;
    m.entry('run', { out: build((...shape) => m.input(`x${inputs++}`, { shape })) });
  });
  return compileModule(module, machines.webgpu).program.kernels.reduce((n, kernel) => n + kernel.flops, 0);
}

test('a matrix product of m, k and n takes 2 m k n operations', () => {
  expect(flops((input) => input(6, 5).matmul(input(5, 7)))).toBe(2 * 6 * 5 * 7);
});

test('every float operation of an element counts once, whatever it costs', () => {
  expect(flops((input) => input(10).exp().add(1).log())).toBe(30);
});

test('comparisons, selects and conversions do not count', () => {
  expect(flops((input) => input(10).lt(0).cast('f32'))).toBe(0);
});

test('a sum of n elements combines each', () => {
  expect(flops((input) => input(8, 16).sum(1))).toBe(8 * 16);
});
