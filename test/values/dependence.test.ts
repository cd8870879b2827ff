import { describe, expect, it } from 'vitest';
import { concat, defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { Dice } from '../oracle/dice.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';

const labels = (x: Tensor, count: number): Tensor => x.iota([count], 0);
const none = { reduction: 'none' } as const;

/** Functions of `[2, 3, 4, 5]` whose elements depend on some of the operand's elements only. */
const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'adaptive pooling': (x) => nn.adaptiveAvgPool2d(x, [3, 2]),
  'adaptive pooling to more elements': (x) => nn.adaptiveAvgPool2d(x, [3, 7]),
  'mean pooling': (x) => nn.avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }),
  'max pooling': (x) => nn.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  'nearest elements': (x) => nn.resize(x, [3, 7]),
  'lines between elements': (x) => nn.resize(x, [8, 3], { method: 'bilinear' }),
  'a convolution': (x) => nn.convolve(x, weightsOf(x, [4, 3, 2, 2]), { stride: 2 }),
  'a transposed convolution': (x) =>
    nn.convolveTransposed(x, weightsOf(x, [3, 2, 2, 2]), { stride: 3, padding: 1 }),
  'padding and cutting': (x) => x.pad([0, 1, 0, 2], [1, 0, 0, 0]).slice([0, 0, 1], [], [1, 2, 2]),
  'joined halves': (x) => concat([x.slice([0], [1]), x.slice([1]).mul(2)], 3),
  'rows by number': (x) => x.take(labels(x, 2), 2),
  'one of each row': (x) => x.pick(x.argmax(-1).mul(0).add(1)),
  'along an axis': (x) => x.takeAlongAxis(x.iota([2, 3, 4, 2], 3), -1),
  'cross-entropy': (x) => nn.crossEntropy(x.reshape([24, 5]), labels(x, 24).minimum(4), none),
  'smoothed cross-entropy': (x) =>
    nn.crossEntropy(x.reshape([24, 5]), labels(x, 24).minimum(4), { ...none, labelSmoothing: 0.1 }),
  huber: (x) => nn.huber(x, x.fullLike(1), none),
  'a softmax': (x) => x.softmax(2),
  maxima: (x) => x.max(3),
  'the smaller one': (x) => x.slice([0], [1]).minimum(x.slice([1])),
  products: (x) => x.slice([], [], [1, 1, 1, 2]).prod(3),
  sums: (x) => x.sum([1, 2]),
  'a log of sums': (x) => x.logSumExp(1),
  variances: (x) => x.variance(3),
  'a product of matrices': (x) => x.matmul(weightsOf(x, [5, 2])),
  'a normalisation': (x) => nn.instanceNorm(x),
  choices: (x) => x.gt(0).where(x.exp(), x.square()),
  'windows and their sum': (x) =>
    x.windows({ axes: [3], window: [2] }).foldWindows([5], { axes: [3], window: [2] }),
};

function weightsOf(x: Tensor, shape: readonly number[]): Tensor {
  const count = shape.reduce((n, extent) => n * extent, 1);
  return x.iota([count], 0).cast('f32').mul(0.125).sub(0.7).reshape(shape);
}

const SHAPE = [2, 3, 4, 5];
const COUNT = 120;

function moduleOf(build: (x: Tensor) => Tensor): Module {
  return defineModule('dependence', (m) => {
    const x = m.input('x', { shape: SHAPE });
    const y = build(x);
    const weights = y
      .iota([y.shape.reduce<number>((n, dim) => n * Number(dim), 1)], 0)
      .cast('f32')
      .add(1);
    const [g = x] = gradients(y.mul(weights.reshape(y.shape)).sum(), [x]);
    m.entry('run', { y, g });
  });
}

const targets: readonly Target[] = [reference, wasm(1)];

describe.each(targets)('on $name', (target) => {
  it.each(Object.entries(functions))(
    'an infinity or a NaN reaches no result of %s, and no gradient, that does not depend on it',
    async (name, build) => {
      const dice = new Dice(name.length);
      const session = await target.start(moduleOf(build));
      const given = Array.from({ length: COUNT }, () => dice.between(-40, 40) / 16 + 1 / 64);
      const results = async (at: number, value: number): Promise<Record<'y' | 'g', ArrayLike<number>>> => {
        const { y, g } = await session.step('run', {
          inputs: { x: { shape: SHAPE, data: given.with(at, value) } },
        });
        return { y: y?.data ?? [], g: g?.data ?? [] };
      };
      const spread: string[] = [];
      // What a rule does is seen on the reference evaluator; what a target makes of it, at some places.
      for (let k = 0; k < (target.floats === 'f64' ? 12 : 3); k++) {
        const at = dice.below(COUNT);
        const usual = await results(at, given[at] ?? 0);
        const others = [];
        for (const value of [-60, -1.7, 0.3, 2.2, 60]) others.push(await results(at, value));
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          const found = await results(at, value);
          for (const what of ['y', 'g'] as const) {
            for (let i = 0; i < usual[what].length; i++) {
              const [before, after] = [usual[what][i], found[what][i]];
              if (others.some((other) => other[what][i] !== before) || Object.is(before, after)) continue;
              // As PyTorch, the product of the others is the product over the factor.
              if (name === 'products' && what === 'g' && i === at) continue;
              if (before !== after) spread.push(`${what}[${i}] is ${after} where x[${at}] is ${value}`);
            }
          }
        }
      }
      await session.dispose();
      expect(spread).toEqual([]);
    },
  );
});
