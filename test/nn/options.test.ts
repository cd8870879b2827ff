import { describe, expect, it } from 'vitest';
import type { GraphIssue, Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { moduleOf } from './layers.ts';

const FILE = 'options.test.ts';
const COUNT = 'it must be a whole number from 1 on, or a list of 2, one an axis of space';
const PADDING =
  'it must be same, valid, a whole number from 0 on, or a list of 2 of those or of [before, after]';

const sliding: Readonly<Record<string, (x: Tensor, options: object) => Tensor>> = {
  conv2d: (x, options) => nn.conv2d(x, 4, 3, options),
  convTranspose2d: (x, options) => nn.convTranspose2d(x, 4, 3, options),
  maxPool2d: (x, options) => nn.maxPool2d(x, 3, options),
  avgPool2d: (x, options) => nn.avgPool2d(x, 3, options),
};

describe.each(Object.entries(sliding))('%s', (op, build) => {
  it.each<[options: object, text: string]>([
    [{ stride: 0 }, `stride is 0: ${COUNT}`],
    [{ stride: -1 }, `stride is -1: ${COUNT}`],
    [{ stride: 1.5 }, `stride is 1.5: ${COUNT}`],
    [{ stride: Number.NaN }, `stride is NaN: ${COUNT}`],
    [{ stride: '2' }, `stride is "2": ${COUNT}`],
    [{ stride: null }, `stride is null: ${COUNT}`],
    [{ stride: [] }, `stride is []: ${COUNT}`],
    [{ stride: [1, 0] }, `stride is [1, 0]: ${COUNT}`],
    [{ padding: 'Same' }, `padding is "Same": ${PADDING}`],
    [{ padding: Number.NaN }, `padding is NaN: ${PADDING}`],
    [{ padding: 0.5 }, `padding is 0.5: ${PADDING}`],
    [{ padding: [1] }, `padding is [1]: ${PADDING}`],
    [{ padding: [1, [1]] }, `padding is [1, [1]]: ${PADDING}`],
    [{ padding: null }, `padding is null: ${PADDING}`],
    [{ layout: 'NCHW' }, 'layout is "NCHW" (did you mean "nchw"?): it must be one of nchw, nhwc'],
  ])('says what an option must be: %j', (options, text) => {
    expectRefusal(() => moduleOf([2, 4, 8, 8], (x) => build(x, options)), 'option', `${op}: ${text}`, FILE);
  });

  it.each([0, -1, 1.5, Number.NaN, '3', null, undefined, [3], [3, 0], [3, 3, 3], {}, true])(
    'takes no window of %j',
    (kernel) => {
      const wrong = untyped(kernel);
      const ofWindow: Readonly<Record<string, (x: Tensor) => Tensor>> = {
        conv2d: (x) => nn.conv2d(x, 4, wrong),
        convTranspose2d: (x) => nn.convTranspose2d(x, 4, wrong),
        maxPool2d: (x) => nn.maxPool2d(x, wrong),
        avgPool2d: (x) => nn.avgPool2d(x, wrong),
      };
      expect(() => moduleOf([2, 4, 8, 8], (x) => ofWindow[op]?.(x) ?? x)).toThrow(
        /: kernel is .*: it must be/,
      );
    },
  );
});

describe('options of layers that no type check has seen', () => {
  const NAME = 'the name of a layer must';
  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [(x) => nn.conv2d(x, 4, 3, { name: '' }), 'name', `conv2d: ${NAME} not be empty`],
    [(x) => nn.conv2d(x, 4, 3, { name: untyped(5) }), 'name', `conv2d: ${NAME} be a text, not 5`],
    [(x) => nn.dense(x, 4, { name: '' }), 'name', `dense: ${NAME} not be empty`],
    [(x) => nn.batchNorm(x, { name: '' }).output, 'name', `batchNorm: ${NAME} not be empty`],
    [(x) => nn.instanceNorm(x, { name: untyped(3) }), 'name', `instanceNorm: ${NAME} be a text, not 3`],
    [
      (x) => nn.conv2d(x, 4, 3, { bias: untyped('no') }),
      'option',
      'conv2d: bias is "no": it must be true or false',
    ],
    [(x) => nn.dense(x, 4, { bias: untyped(0) }), 'option', 'dense: bias is 0: it must be true or false'],
    [
      (x) => nn.groupNorm(x, 2, { affine: untyped(null) }),
      'option',
      'groupNorm: affine is null: it must be true or false',
    ],
    [
      (x) => nn.conv2d(x, 4, 3, { kernelInit: untyped(5) }),
      'option',
      'conv2d: kernelInit is 5: it must be what nn.init.zeros() and the like give',
    ],
    [
      (x) => nn.groupNorm(x, untyped(undefined)),
      'option',
      'groupNorm: groups is undefined: it must be a whole number from 1 on',
    ],
    [
      (x) => nn.convTranspose2d(x, 4, 3, { dilation: untyped(null) }),
      'option',
      `convTranspose2d: dilation is null: ${COUNT}`,
    ],
    [(x) => nn.conv2d(x, 4, 3, { groups: 3 }), 'groups', 'conv2d: 3 groups do not divide 4 channels'],
    [(x) => nn.conv2d(x, 3, 3, { groups: 2 }), 'groups', 'conv2d: 2 groups do not divide 3 outputs'],
    [(x) => nn.conv2d(x.cast('i32'), 4, 3), 'dtype', 'conv2d: operand of type i32; takes f32: cast it first'],
    [
      (x) => nn.globalAvgPool(x.cast('i32')),
      'dtype',
      'globalAvgPool: operand of type i32; takes f32: cast it first',
    ],
    [
      (x) => nn.resize(x.cast('i32'), 3, { method: 'bilinear' }),
      'dtype',
      'resize: operand of type i32; takes f32: cast it first',
    ],
    [(x) => x.oneHot(3), 'dtype', 'oneHot: operand of type f32; takes i32: cast it first'],
    [
      (x) => x.cast('i32').oneHot(-1),
      'dimension',
      'oneHot: a dimension must be a whole number from 0 on, not -1',
    ],
    [
      (x) => x.foldWindows([-1], { axes: [2], window: [8] }),
      'dimension',
      'foldWindows: extents [-1] must be whole numbers from 0 on',
    ],
  ])('are refused at their line, saying what would be right: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf([2, 4, 8, 8], build), code, text, FILE).code).toBe(code);
  });
});
