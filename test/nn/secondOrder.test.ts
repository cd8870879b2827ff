import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradientOf, valuesOf } from './layers.ts';

const STEP = 1e-4;

/** Weights of a shape: small numbers without a pattern. */
const weights = (x: Tensor, shape: readonly number[]): Tensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return x
    .iota([count], 0)
    .cast('f32')
    .mul(7.3)
    .add(0.4)
    .tanh()
    .sub(x.iota([count], 0).cast('f32').mul(0.01))
    .reshape(shape);
};

describe('a gradient differentiates again', () => {
  it.each<[name: string, shape: readonly number[], build: (x: Tensor) => Tensor]>([
    [
      'of a convolution',
      [2, 4, 5, 6],
      (x) => nn.convolve(x.square(), weights(x, [6, 2, 3, 2]), { stride: 2, padding: 1, groups: 2 }).square(),
    ],
    [
      'of a convolution of an operand by itself',
      [3, 3, 4],
      (x) => nn.convolve(x, x, { padding: 2, dilation: 2 }).square(),
    ],
    [
      'of a transposed convolution',
      [1, 2, 3, 3],
      (x) => nn.convolveTransposed(x, weights(x, [2, 3, 2, 3]), { stride: 2, padding: [1, 0] }).square(),
    ],
    ['of a maximum', [1, 2, 5, 5], (x) => nn.maxPool2d(x, 3, { stride: 2, padding: 1 }).square().mul(3)],
    ['of a mean', [1, 2, 5, 5], (x) => nn.avgPool2d(x, 3, { stride: 1, padding: 1 }).square().mul(3)],
    ['of an image in another size', [1, 2, 3, 4], (x) => nn.resize(x, 5, { method: 'bilinear' }).square()],
    ['of a standardized sample', [3, 5], (x) => nn.standardize(x, 1).mul(weights(x, [3, 5]))],
  ])('%s', (_, shape, build) => {
    const count = shape.reduce((a, b) => a * b, 1);
    // No two alike, and none near another: no maximum changes hands within a step.
    const at = Array.from({ length: count }, (__, k) => ((k * 37) % count) / count - 0.3);
    const squares = (x: Tensor): Tensor => gradientOf(build)(x).square();
    const second = valuesOf(shape, gradientOf(squares), at);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(second.some((value) => value !== 0)).toBe(true);
    for (let k = 0; k < count; k += 5) {
      const [before, after] = [-STEP, STEP].map((by) =>
        sum(valuesOf(shape, squares, at.with(k, (at[k] ?? 0) + by))),
      );
      const difference = ((after ?? 0) - (before ?? 0)) / (2 * STEP);
      expect(Math.abs((second[k] ?? 0) - difference)).toBeLessThan(1e-5 * Math.max(1, Math.abs(difference)));
    }
  });
});
