import { describe, expect, it } from 'vitest';
import type { GraphIssue, Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { gradientOf, moduleOf, valuesOf } from './layers.ts';

const FILE = 'resize.test.ts';

describe('an image in another size', () => {
  it('has the nearest elements', () => {
    expect(valuesOf([1, 1, 2], (x) => nn.resize(x, 4))).toEqual([0, 0, 1, 1]);
    expect(valuesOf([1, 1, 4], (x) => nn.resize(x, 2))).toEqual([0, 2]);
    expect(valuesOf([1, 1, 5], (x) => nn.resize(x, 3))).toEqual([0, 1, 3]);
    expect(valuesOf([1, 1, 2, 2], (x) => nn.resize(x, [3, 2]))).toEqual([0, 1, 0, 1, 2, 3]);
  });

  it('lies on the lines between them', () => {
    const bilinear = { method: 'bilinear' } as const;
    expect(valuesOf([1, 1, 2], (x) => nn.resize(x, 4, bilinear))).toEqual([0, 0.25, 0.75, 1]);
    expect(valuesOf([1, 1, 4], (x) => nn.resize(x, 2, bilinear))).toEqual([0.5, 2.5]);
    const last = valuesOf([1, 2, 2, 1], (x) => nn.resize(x, [2, 4], { ...bilinear, layout: 'nhwc' }));
    expect(last).toEqual([0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3]);
  });

  it('gives its gradient back to the elements that it is made of', () => {
    const weights = (y: Tensor): Tensor => y.mul(y.iotaLike(2).cast('f32').add(1));
    expect(
      valuesOf(
        [1, 1, 5],
        gradientOf((x) => weights(nn.resize(x, 3))),
      ),
    ).toEqual([1, 2, 0, 3, 0]);
    expect(
      valuesOf(
        [1, 1, 2],
        gradientOf((x) => weights(nn.resize(x, 4))),
      ),
    ).toEqual([3, 7]);
    const linear = gradientOf((x) => weights(nn.resize(x, 4, { method: 'bilinear' })));
    expect(valuesOf([1, 1, 2], linear)).toEqual([1 + 1.5 + 0.75, 0.5 + 2.25 + 4]);
  });

  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      (x) => nn.resize(x, [2, -1]),
      'option',
      'resize: size is [2, -1]: it must be a whole number from 1 on, or a list of 2, one an axis of space',
    ],
    [
      (x) => nn.resize(x, 2, { method: untyped('cubic') }),
      'option',
      'resize: method is "cubic": it must be one of nearest, bilinear',
    ],
    [
      (x) => nn.resize(x.cast('i32'), 2, { method: 'bilinear' }),
      'dtype',
      'resize: operand of type i32; takes f32: cast it first',
    ],
  ])('is refused where it is none: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf([2, 3, 4, 4], build), code, text, FILE).code).toBe(code);
  });
});
