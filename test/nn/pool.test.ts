import { describe, expect, it } from 'vitest';
import type { GraphIssue, Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { gradientOf, moduleOf, valuesOf } from './layers.ts';

const FILE = 'pool.test.ts';

describe('pooling', () => {
  it('takes the largest or the mean of windows that lie side by side', () => {
    expect(valuesOf([1, 1, 4, 4], (x) => nn.maxPool2d(x, 2))).toEqual([5, 7, 13, 15]);
    expect(valuesOf([1, 1, 4, 4], (x) => nn.avgPool2d(x, 2))).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(valuesOf([1, 1, 5], (x) => nn.maxPool1d(x, 3, { stride: 1 }))).toEqual([2, 3, 4]);
    expect(valuesOf([1, 1, 5], (x) => nn.avgPool1d(x, 3, { stride: 2 }))).toEqual([1, 3]);
  });

  it('gives the same in either layout', () => {
    const first = valuesOf([2, 3, 4, 6], (x) => nn.maxPool2d(x, [2, 3], { padding: [1, 1] }));
    const last = valuesOf([2, 3, 4, 6], (x) => {
      const turned = x.permute([0, 2, 3, 1]);
      return nn.maxPool2d(turned, [2, 3], { padding: 1, layout: 'nhwc' }).permute([0, 3, 1, 2]);
    });
    expect(last).toEqual(first);
  });

  it('counts padding in a mean, or only what is there', () => {
    const x = [6, 6, 6];
    expect(valuesOf([1, 1, 3], (t) => nn.avgPool1d(t, 3, { stride: 1, padding: 1 }), x)).toEqual([4, 6, 4]);
    const options = { stride: 1, padding: 1, countIncludePad: false };
    expect(valuesOf([1, 1, 3], (t) => nn.avgPool1d(t, 3, options), x)).toEqual([6, 6, 6]);
  });

  // Numbers of an image of 5 × 6, and what PyTorch's `nn.functional` gives for them.
  const image = Array.from({ length: 30 }, (_, k) => (k * 7) % 11);
  const rounded = (values: readonly number[]): number[] => values.map((x) => Math.round(x * 1e4) / 1e4);
  const of = (build: (x: Tensor) => Tensor): number[] => rounded(valuesOf([1, 1, 5, 6], build, image));

  it('has a last window that reaches beyond the axis, if that is asked for', () => {
    const odd = { stride: 2, padding: 1, ceilMode: true };
    expect(of((x) => nn.maxPool2d(x, 2, { ceilMode: true }))).toEqual([9, 10, 6, 7, 10, 9, 10, 6, 9]);
    expect(of((x) => nn.maxPool2d(x, 3, odd))).toEqual([9, 10, 10, 2, 9, 10, 9, 9, 10, 10, 9, 7]);
    expect(of((x) => nn.avgPool2d(x, 2, { ceilMode: true }))).toEqual([5.25, 5.5, 3, 4, 7, 4.5, 6.5, 4, 7]);
    expect(of((x) => nn.avgPool2d(x, 3, odd))).toEqual([
      2.3333, 3.7778, 3.3333, 0.3333, 3.3333, 5.1111, 4.4444, 2.6667, 2.1111, 3.4444, 3, 2,
    ]);
    expect(of((x) => nn.avgPool2d(x, 3, { ...odd, countIncludePad: false }))).toEqual([
      5.25, 5.6667, 5, 1, 5, 5.1111, 4.4444, 5.3333, 4.75, 5.1667, 4.5, 6,
    ]);
    expect(valuesOf([1, 1, 3], (x) => nn.maxPool1d(x, 3, { stride: 2, ceilMode: true }))).toEqual([2]);
    const ceil = { stride: 3, ceilMode: true };
    expect(valuesOf([1, 1, 7], (x) => nn.avgPool1d(x, 2, ceil))).toEqual([0.5, 3.5, 6]);
    expect(rounded(valuesOf([1, 1, 7], (x) => nn.avgPool1d(x, 4, { ...ceil, padding: 1 })))).toEqual([
      0.75, 3.5, 3.6667,
    ]);
  });

  it('says which elements are the largest, and puts them back', () => {
    const indexed = { stride: 2, padding: 1, indices: true } as const;
    expect(of((x) => nn.maxPool2d(x, 3, indexed).indices)).toEqual([6, 3, 3, 6, 14, 17, 25, 25, 28]);
    const apart = { dilation: [2, 1], stride: 1, indices: true } as const;
    expect(of((x) => nn.maxPool2d(x, 2, apart).indices)).toEqual([
      1, 14, 3, 3, 17, 6, 20, 9, 9, 23, 25, 14, 14, 28, 17,
    ]);
    const infinite = valuesOf(
      [1, 1, 2],
      (x) => nn.maxPool1d(x.log().mul(Infinity), 2, { ...indexed, stride: 1 }).indices,
      [0.5, 0.5],
    );
    expect(infinite).toEqual([0, 0, 1]);
    const back = (x: Tensor): Tensor => {
      const { output, indices } = nn.maxPool2d(x, 2, { indices: true });
      return nn.maxUnpool2d(output, indices, [5, 6]);
    };
    const places = [3, 4, 6, 12, 14, 17];
    expect(of(back)).toEqual(image.map((x, k) => (places.includes(k) ? x : 0)));
    expect(of(gradientOf(back))).toEqual(image.map((_, k) => Number(places.includes(k))));
    const last = of((x) => {
      const turned = x.permute([0, 2, 3, 1]);
      const { output, indices } = nn.maxPool2d(turned, 2, { indices: true, layout: 'nhwc' });
      return nn.maxUnpool2d(output, indices, [5, 6], { layout: 'nhwc' }).permute([0, 3, 1, 2]);
    });
    expect(last).toEqual(of(back));
  });

  it('puts bytes back as floats', () => {
    const shape = [1, 1, 1, 2];
    const module = moduleOf(shape, (x, m) =>
      nn.maxUnpool2d(m.input('bytes', { shape, dtype: 'u8' }), x.cast('i32'), [1, 3]),
    );
    const inputs = { x: { shape, data: [2, 0] }, bytes: { shape, data: [7, 255] } };
    const { y } = referenceSession(module).step('run', { inputs });
    expect([...(y?.data ?? [])]).toEqual([255, 0, 7]);
  });

  it('adapts its windows along one axis, and takes the largest of them', () => {
    expect(of((x) => nn.adaptiveMaxPool2d(x, [3, 4]))).toEqual([9, 7, 10, 6, 9, 10, 8, 9, 10, 10, 9, 9]);
    expect(valuesOf([1, 1, 7], (x) => nn.adaptiveMaxPool1d(x, 3))).toEqual([2, 4, 6]);
    expect(valuesOf([1, 1, 7], (x) => nn.adaptiveAvgPool1d(x, 3))).toEqual([1, 3, 5]);
    expect(valuesOf([1, 1, 4], (x) => nn.adaptiveMaxPool1d(x, 2))).toEqual([1, 3]);
    const first = valuesOf(
      [1, 1, 3, 2],
      gradientOf((x) => nn.adaptiveMaxPool2d(x, [2, 1])),
      [1, 5, 5, 0, 0, 0],
    );
    expect(first).toEqual([0, 1, 1, 0, 0, 0]);
  });

  it('slides over three axes of space', () => {
    expect(valuesOf([1, 1, 2, 2, 4], (x) => nn.maxPool3d(x, 2))).toEqual([13, 15]);
    expect(valuesOf([1, 1, 2, 2, 4], (x) => nn.avgPool3d(x, [1, 2, 4]))).toEqual([3.5, 11.5]);
    const options = { layout: 'ndhwc' } as const;
    expect(valuesOf([1, 2, 2, 2, 2], (x) => nn.maxPool3d(x, 2, options))).toEqual([14, 15]);
  });

  it('sends the gradient of a maximum to the first of equal ones, once for each window', () => {
    const pool = (x: Tensor): Tensor => nn.maxPool1d(x, 3, { stride: 1 });
    expect(valuesOf([1, 1, 5], gradientOf(pool), [7, 7, 1, 7, 2])).toEqual([1, 1, 0, 1, 0]);
    const apart = (x: Tensor): Tensor => nn.maxPool1d(x, 2);
    expect(valuesOf([1, 1, 5], gradientOf(apart), [3, 3, 1, 2, 9])).toEqual([1, 0, 0, 1, 0]);
  });

  it('takes a NaN for the largest, and sends it the gradient', () => {
    const nan = Number.NaN;
    expect(valuesOf([1, 1, 4], (x) => nn.maxPool1d(x, 2), [1, nan, 2, 3])).toEqual([nan, 3]);
    expect(
      valuesOf(
        [1, 1, 4],
        gradientOf((x) => nn.maxPool1d(x, 2)),
        [9, nan, 2, 3],
      ),
    ).toEqual([0, 1, 0, 1]);
  });

  it('does not take padding for the largest', () => {
    const pool = (x: Tensor): Tensor => nn.maxPool1d(x, 3, { stride: 2, padding: 1 });
    expect(valuesOf([1, 1, 4], pool, [-1, -2, -3, -4])).toEqual([-1, -2]);
    const integers = (x: Tensor): Tensor => nn.maxPool1d(x.cast('i32'), 3, { stride: 2, padding: 1 });
    expect(valuesOf([1, 1, 4], integers, [-1, -2, -3, -4])).toEqual([-1, -2]);
  });

  it('of everything is a mean of each channel', () => {
    expect(valuesOf([1, 2, 2, 2], (x) => nn.globalAvgPool(x))).toEqual([1.5, 5.5]);
    expect(valuesOf([1, 2, 2, 2], (x) => nn.globalAvgPool(x, { layout: 'nhwc' }))).toEqual([3, 4]);
  });

  it('adapts its windows to the size that is asked for, as PyTorch does', () => {
    expect(valuesOf([1, 1, 4, 2], (x) => nn.adaptiveAvgPool2d(x, [2, 1]))).toEqual([1.5, 5.5]);
    // Of five, three windows: elements 0 and 1, 1 to 3, 3 and 4.
    const uneven = valuesOf([1, 1, 5, 1], (x) => nn.adaptiveAvgPool2d(x, [3, 2]));
    for (const [k, value] of [0.5, 0.5, 2, 2, 3.5, 3.5].entries()) expect(uneven[k]).toBeCloseTo(value, 6);
    expect(uneven).toHaveLength(6);
  });

  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      (x) => nn.maxPool2d(x, 5),
      'window',
      'maxPool2d: a window of 5 fits nowhere in axis 2 of [2, 3, 4, 4]: 4 elements are 4',
    ],
    [
      (x) => nn.maxPool2d(x, 2, { padding: 2 }),
      'window',
      'maxPool2d: a window of 2 along axis 2 of [2, 3, 4, 4] meets padding alone: pad less than 2 before, or less than 2 after',
    ],
    [
      (x) => nn.avgPool2d(x.cast('i32'), 2),
      'dtype',
      'avgPool2d: operand of type i32; takes f32: cast it first',
    ],
    [
      (x) => nn.maxPool2d(x.gt(0), 2),
      'dtype',
      'maxPool2d: operand of type bool; takes f32, i32, u32: cast it first',
    ],
    [
      (x) => nn.avgPool2d(x, 2, { countIncludePad: untyped('no') }),
      'option',
      'avgPool2d: countIncludePad is "no": it must be true or false',
    ],
    [
      (x) => nn.adaptiveAvgPool2d(x, 0),
      'option',
      'adaptiveAvgPool2d: size is 0: it must be a whole number from 1 on, or a list of 2, one an axis of space',
    ],
    [
      (x) => nn.maxPool2d(x, 2, { ceilMode: untyped(1) }),
      'option',
      'maxPool2d: ceilMode is 1: it must be true or false',
    ],
    [
      (x) => nn.maxUnpool2d(x, x.cast('i32').sum([3], { keepDims: true }), 8),
      'shape-mismatch',
      'maxUnpool2d: indices [2, 3, 4, 1] must be as many as the elements of [2, 3, 4, 4]',
    ],
    [
      (x) => nn.maxPool3d(x, 2),
      'rank',
      'maxPool3d: takes [batch, channels, depth, height, width], or the channels last, not [2, 3, 4, 4]',
    ],
    [
      (x) => nn.globalAvgPool(x.sum([1, 2])),
      'rank',
      'globalAvgPool: takes [batch, channels, height, width], or the channels last, not [2, 4]',
    ],
  ])('refuses what does not fit, saying what would: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf([2, 3, 4, 4], build), code, text, FILE).code).toBe(code);
  });
});
