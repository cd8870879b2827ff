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

  it('keeps its corners, if that is asked for', () => {
    const aligned = { method: 'bilinear', alignCorners: true } as const;
    const squares = [0, 1, 4, 9];
    expect(valuesOf([1, 1, 4], (x) => nn.resize(x, 7, aligned), squares)).toEqual([
      0, 0.5, 1, 2.5, 4, 6.5, 9,
    ]);
    expect(valuesOf([1, 1, 4], (x) => nn.resize(x, 3, aligned), squares)).toEqual([0, 2.5, 9]);
    expect(valuesOf([1, 1, 4], (x) => nn.resize(x, 1, aligned), squares)).toEqual([0]);
  });

  it('lies on curves through four of them, as PyTorch has them', () => {
    const image = [0, 7, 3, 10, 9, 5, 1, 8, 7, 3, 10, 6];
    const cubic = (alignCorners: boolean): number[] =>
      valuesOf([1, 1, 3, 4], (x) => nn.resize(x, [5, 3], { method: 'bicubic', alignCorners }), image);
    const wanted = [
      0.36163, 5.291, 9.117931, 4.11129, 3.497625, 8.166512, 8.495373, 1.96875, 6.925929, 7.68883, 4.523626,
      6.640969, 6.094067, 6.935, 6.673492,
    ];
    for (const [k, value] of cubic(false).entries()) expect(value).toBeCloseTo(wanted[k] ?? 0, 4);
    const aligned = [0, 5, 10, 4.6875, 3.05957, 9.1875, 9, 1.96875, 8, 8.84375, 3.950195, 6.8125, 7, 6.5, 6];
    for (const [k, value] of cubic(true).entries()) expect(value).toBeCloseTo(aligned[k] ?? 0, 4);
    const infinite = (x: Tensor): Tensor => nn.resize(x, 5, { method: 'bicubic', alignCorners: true });
    expect(valuesOf([1, 1, 3], infinite, [0, 1, Infinity])[2]).toBe(1);
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
      'resize: method is "cubic": it must be one of nearest, bilinear, bicubic',
    ],
    [
      (x) => nn.resize(x, 2, { alignCorners: true }),
      'option',
      'resize: nearest elements have no aligned corners: leave alignCorners out',
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
