import { describe, expect, it } from 'vitest';
import {
  defineModule,
  evaluation,
  type GraphIssue,
  type Module,
  type Tensor,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { moduleOf, valuesOf } from './layers.ts';

const FILE = 'normalize.test.ts';

describe('batch normalisation', () => {
  const batch = (max: number, options: nn.BatchNormOptions = {}): Module =>
    defineModule('norm', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max }), 2, 2] });
      const { output, updates } = nn.batchNorm(x, { eps: 0, name: 'norm', ...options });
      m.entry('train', { output, updates });
      m.entry('predict', { output: evaluation(output) });
    });
  const x = { shape: [2, 2, 2], data: [1, 3, 0, 0, 5, 7, 0, 8] };

  it('takes mean and variance over the live rows and all of space', () => {
    const session = referenceSession(batch(4));
    const { output } = session.step('train', { inputs: { x }, live: { batch: 2 } });
    const [a, b] = [Math.sqrt(5), Math.sqrt(12)];
    const expected = [-3 / a, -1 / a, -2 / b, -2 / b, 1 / a, 3 / a, -2 / b, 6 / b];
    for (const [k, value] of expected.entries()) expect(output?.data[k]).toBeCloseTo(value, 12);
  });

  it('moves the running statistics of its states towards the batch, the variance that of the population', () => {
    const session = referenceSession(batch(4, { momentum: 0.5 }));
    session.step('train', { inputs: { x }, live: { batch: 2 } });
    expect([...session.read('norm.runningMean').data]).toEqual([2, 1]);
    const variance = [...session.read('norm.runningVar').data];
    for (const [k, value] of [0.5 + (0.5 * 5 * 4) / 3, 0.5 + (0.5 * 12 * 4) / 3].entries())
      expect(variance[k]).toBeCloseTo(value, 12);
  });

  it('takes the running statistics in evaluation, whatever the batch', () => {
    const given = (data: number[]): { shape: number[]; data: number[] } => ({ shape: [2], data });
    const session = referenceSession(batch(4), {
      'norm.runningMean': given([1, 2]),
      'norm.runningVar': given([4, 16]),
      'norm.weight': given([2, 1]),
      'norm.bias': given([0, 3]),
    });
    const one = { shape: [1, 2, 2], data: [5, 1, 2, 6] };
    const { output } = session.step('predict', { inputs: { x: one }, live: { batch: 1 } });
    expect([...(output?.data ?? [])]).toEqual([4, 0, 3, 4]);
  });

  it('of one element has a variance of 0', () => {
    const session = referenceSession(
      defineModule('one', (m) => {
        const { output, updates } = nn.batchNorm(m.input('x', { shape: [1, 2] }), { momentum: 1 });
        m.entry('train', { output, updates });
      }),
    );
    session.step('train', { inputs: { x: { shape: [1, 2], data: [3, 4] } } });
    expect([...session.read('batchNorm.runningVar').data]).toEqual([0, 0]);
  });

  it('declares gain and bias to train, and running statistics that are not trained', () => {
    const names = batch(4).states.map(({ name, trainable }) => [name, trainable]);
    expect(names).toEqual([
      ['norm.runningMean', false],
      ['norm.runningVar', false],
      ['norm.weight', true],
      ['norm.bias', true],
    ]);
    expect(batch(4, { affine: false }).states).toHaveLength(2);
  });
});

describe('normalisation of samples', () => {
  const given = [0, 2, 4, 6, 1, 3, 1, 3];

  it('by groups has one mean and variance for the channels of each', () => {
    const values = valuesOf([1, 4, 2], (x) => nn.groupNorm(x, 2, { eps: 0 }), given);
    const [a, b] = [Math.sqrt(5), 1];
    const expected = [-3 / a, -1 / a, 1 / a, 3 / a, -1 / b, 1 / b, -1 / b, 1 / b];
    for (const [k, value] of expected.entries()) expect(values[k]).toBeCloseTo(value, 12);
  });

  it('by instance has them for each channel alone, without gain and bias', () => {
    expect(valuesOf([1, 4, 2], (x) => nn.instanceNorm(x, { eps: 0 }), given)).toEqual([
      -1, 1, -1, 1, -1, 1, -1, 1,
    ]);
    expect(moduleOf([1, 4, 2], (x) => nn.instanceNorm(x)).states).toEqual([]);
  });

  it('gives the same in either layout', () => {
    const first = valuesOf([2, 4, 3], (x) => nn.groupNorm(x, 2));
    const last = valuesOf([2, 4, 3], (x) =>
      nn.groupNorm(x.permute([0, 2, 1]), 2, { layout: 'nwc' }).permute([0, 2, 1]),
    );
    expect(last).toEqual(first);
  });

  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [(x) => nn.groupNorm(x, 2), 'groups', 'groupNorm: 2 groups do not divide 3 channels'],
    [
      (x) => nn.groupNorm(x, 3, { eps: -1 }),
      'option',
      'groupNorm: eps is -1: it must be a finite number from 0 on',
    ],
    [
      (x) => nn.batchNorm(x, { momentum: 2 }).output,
      'option',
      'batchNorm: momentum is 2: it must be from 0 to 1',
    ],
    [
      (x) => nn.instanceNorm(x.cast('i32')),
      'dtype',
      'instanceNorm: operand of type i32; takes f32: cast it first',
    ],
    [
      (x) => nn.batchNorm(x, untyped({ epsilon: 1 })).output,
      'option',
      'batchNorm: there is no option "epsilon" (did you mean "eps"?): the options are eps, momentum, layout, affine, name, trainable',
    ],
  ])('is refused where it does not fit, saying what would: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf([2, 3, 4, 4], build), code, text, FILE).code).toBe(code);
  });
});
