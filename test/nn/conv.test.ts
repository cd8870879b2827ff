import { describe, expect, it } from 'vitest';
import { defineModule, type GraphIssue, type Initializer, type Tensor } from '../../src/graph/index.ts';
import { type Dim, shapeText } from '../../src/loops/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { moduleOf, shapeOf, valuesOf } from './layers.ts';

const FILE = 'conv.test.ts';

describe('layers of convolution', () => {
  it.each<[shape: readonly Dim[], build: (x: Tensor) => Tensor, result: string]>([
    [[2, 3, 8, 9], (x) => nn.conv2d(x, 4, 3), '[2, 4, 6, 7]'],
    [[2, 3, 8, 9], (x) => nn.conv2d(x, 4, [3, 2], { padding: 'same' }), '[2, 4, 8, 9]'],
    [[2, 3, 8, 9], (x) => nn.conv2d(x, 4, 4, { padding: 'same', stride: 2 }), '[2, 4, 4, 5]'],
    [[2, 3, 8, 9], (x) => nn.conv2d(x, 4, 3, { padding: [1, [0, 2]], stride: [2, 1] }), '[2, 4, 4, 9]'],
    [[2, 3, 8, 9], (x) => nn.conv2d(x, 6, 3, { dilation: 2, groups: 3 }), '[2, 6, 4, 5]'],
    [[2, 8, 9, 3], (x) => nn.conv2d(x, 4, 3, { layout: 'nhwc' }), '[2, 6, 7, 4]'],
    [[2, 3, 8], (x) => nn.conv1d(x, 4, 3, { padding: 1 }), '[2, 4, 8]'],
    [[2, 8, 3], (x) => nn.conv1d(x, 4, 3, { layout: 'nwc' }), '[2, 6, 4]'],
    [[2, 3, 4, 5, 6], (x) => nn.conv3d(x, 4, [1, 2, 3], { padding: 'same' }), '[2, 4, 4, 5, 6]'],
    [[2, 4, 5, 6, 3], (x) => nn.conv3d(x, 6, 3, { groups: 3, layout: 'ndhwc' }), '[2, 2, 3, 4, 6]'],
    [[2, 3, 2, 3, 4], (x) => nn.convTranspose3d(x, 4, 2, { stride: 2 }), '[2, 4, 4, 6, 8]'],
    [[2, 3, 5], (x) => nn.convTranspose1d(x, 4, 3, { stride: 2, padding: 1 }), '[2, 4, 9]'],
    [[2, 5, 4], (x) => nn.convTranspose1d(x, 6, 2, { stride: 2, groups: 2, layout: 'nwc' }), '[2, 10, 6]'],
    [[2, 3, 5, 5], (x) => nn.convTranspose2d(x, 4, 3, { stride: 2, padding: 1 }), '[2, 4, 9, 9]'],
    [[2, 3, 5, 5], (x) => nn.convTranspose2d(x, 4, 3, { stride: 2, padding: 'same' }), '[2, 4, 10, 10]'],
    [
      [2, 4, 5, 5],
      (x) => nn.convTranspose2d(x, 4, 2, { stride: 3, padding: 'same', groups: 2 }),
      '[2, 4, 15, 15]',
    ],
    [
      [2, 3, 5, 5],
      (x) => nn.convTranspose2d(x, 4, 3, { stride: 2, padding: 1, outputPadding: [1, 0] }),
      '[2, 4, 10, 9]',
    ],
  ])('have the shape that their window leaves: %#', (shape, build, result) => {
    expect(shapeOf(shape, build)).toBe(result);
  });

  it('keep a bounded batch', () => {
    const module = defineModule('bounded', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 8 }), 1, 4, 4] });
      m.entry('run', { y: nn.maxPool2d(nn.conv2d(x, 2, 3, { padding: 'same' }), 2) });
    });
    expect(shapeText(module.entries[0]?.outputs[0]?.node.shape ?? [])).toBe('[batch<=8, 2, 2, 2]');
  });

  it('declare weights as PyTorch does, with its first values', () => {
    const module = moduleOf([2, 4, 8, 8], (x) =>
      nn.convTranspose2d(nn.conv2d(x, 6, [3, 5], { groups: 2 }), 4, 2, { groups: 2 }),
    );
    const bound = (fanIn: number): unknown => ({
      kind: 'uniform',
      low: -1 / Math.sqrt(fanIn),
      high: 1 / Math.sqrt(fanIn),
    });
    expect(module.states.map(({ name, node, init }) => [name, node.shape, init])).toMatchObject([
      ['conv2d.weight', [6, 2, 3, 5], bound(30)],
      ['conv2d.bias', [6], bound(30)],
      ['convTranspose2d.weight', [6, 2, 2, 2], bound(8)],
      ['convTranspose2d.bias', [4], bound(8)],
    ]);
  });

  it('give initializers the shape whose last dimensions are what goes in and out', () => {
    const seen: (readonly number[])[] = [];
    const kernelInit: Initializer = (shape) => {
      seen.push(shape);
      return { kind: 'constant', value: 1 };
    };
    moduleOf([2, 3, 8, 8], (x) =>
      nn.convTranspose2d(nn.conv2d(x, 4, [2, 5], { kernelInit }), 6, 1, { kernelInit }),
    );
    expect(seen).toEqual([
      [2, 5, 3, 4],
      [1, 1, 4, 6],
    ]);
  });

  it('give the same in either layout', () => {
    const [shape, weight] = [
      [2, 4, 5, 6],
      [6, 2, 3, 2],
    ];
    const build = (x: Tensor, isLast: boolean): Tensor => {
      const w = x.iota([72], 0).cast('f32').sub(30).reshape(weight);
      const options = { stride: 2, padding: 'same', groups: 2 } as const;
      if (!isLast) return nn.convolve(x, w, options);
      return nn.convolve(x.permute([0, 2, 3, 1]), w, { ...options, layout: 'nhwc' }).permute([0, 3, 1, 2]);
    };
    const first = valuesOf(shape, (x) => build(x, false));
    expect(first.some((value) => value !== 0)).toBe(true);
    expect(valuesOf(shape, (x) => build(x, true))).toEqual(first);
  });

  it('are transposed to one another: both have the same scalar products', () => {
    const [scores, transposed] = [false, true].map((isTransposed) =>
      valuesOf([2, 3, 5, 5], (x) => {
        const numbers = (shape: readonly number[], by: number): Tensor => {
          const count = shape.reduce((a, b) => a * b, 1);
          return x.iota([count], 0).cast('f32').mul(by).sub(40).reshape(shape);
        };
        const [weight, y] = [numbers([4, 3, 3, 2], 1), numbers([2, 4, 3, 6], 0.5)];
        const options = { stride: [2, 1], padding: 1, dilation: 1 } as const;
        return isTransposed
          ? nn.convolveTransposed(y, weight, options).mul(x).sum()
          : nn.convolve(x, weight, options).mul(y).sum();
      }),
    );
    expect(transposed).toEqual(scores);
  });

  it.each<[shape: readonly Dim[], build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      [2, 3, 8],
      (x) => nn.conv2d(x, 4, 3),
      'rank',
      'conv2d: takes [batch, channels, height, width], or the channels last, not [2, 3, 8]',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 5),
      'window',
      'conv2d: a window of 5 fits nowhere in axis 2 of [2, 3, 4, 4]: 4 elements are 4',
    ],
    [
      [2, 4, 4, 3],
      (x) => nn.conv2d(x, 4, [1, 3], { layout: 'nhwc', dilation: 2 }),
      'window',
      'conv2d: a window of 3, which spans 5, fits nowhere in axis 2 of [2, 4, 4, 3]: 4 elements are 4',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, { groups: 2 }),
      'groups',
      'conv2d: 2 groups do not divide 3 channels',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, { groups: 0 }),
      'option',
      'conv2d: groups is 0: it must be a whole number from 1 on',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, { padding: -1 }),
      'option',
      'conv2d: padding is -1: it must be same, valid, a whole number from 0 on, or a list of 2 of those or of [before, after]',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, { stride: [1, 2, 3] }),
      'option',
      'conv2d: stride is [1, 2, 3]: it must be a whole number from 1 on, or a list of 2, one an axis of space',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 0, 3),
      'dimension',
      'conv2d: filters must be a whole number from 1 on, not 0',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, { layout: 'nwc' }),
      'option',
      'conv2d: layout is "nwc" (did you mean "nhwc"?): it must be one of nchw, nhwc',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.conv2d(x, 4, 3, untyped({ pad: 1 })),
      'option',
      'conv2d: there is no option "pad": the options are stride, padding, dilation, groups, layout, activation, kernelInit, biasInit, bias, name, trainable',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.convTranspose2d(x, 4, 2, { padding: 4 }),
      'window',
      'convTranspose2d: paddings of 4 and 4 cut off all 5 elements along axis 2',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.convolve(x, x.transpose(0, 1)),
      'inner-sizes',
      'convolve: 3 channels meet weights of 2: [2, 3, 4, 4] by weights [3, 2, 4, 4]',
    ],
    [
      [2, 3, 4, 4],
      (x) => nn.convolve(x, x.sum([0, 1])),
      'rank',
      'convolve: weights [4, 4] must have two dimensions of channels and one to three of a window',
    ],
  ])('refuse what does not fit, saying what would: %#', (shape, build, code, text) => {
    expect(expectRefusal(() => moduleOf(shape, build), code, text, FILE).code).toBe(code);
  });
});
