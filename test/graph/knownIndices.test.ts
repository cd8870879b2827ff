import { describe, expect, it } from 'vitest';
import { defineModule, GraphError, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';
import { expectRefusal } from './refusal.ts';

const FILE = 'knownIndices.test.ts';

const declare = (build: (x: Tensor, m: ModuleBuilder) => Tensor): unknown =>
  defineModule('indices', (m) => m.entry('run', { y: build(m.input('x', { shape: [3, 5] }), m) }));
const given = (m: ModuleBuilder, ...values: number[]): Tensor =>
  m.literal(values, { shape: [values.length], dtype: 'i32' });

describe('an index that is known when a module is declared', () => {
  const negative = '; negative indices do not count from the end';
  it.each<[what: string, build: (x: Tensor, m: ModuleBuilder) => Tensor, text: string]>([
    [
      'take',
      (x, m) => x.take(given(m, 0, -1), 1),
      `index -1 along axis 0 of [5, 3]: it must be from 0 to 4${negative}`,
    ],
    ['take', (x, m) => x.take(given(m, 3)), 'index 3 along axis 0 of [3, 5]: it must be from 0 to 2'],
    ['take', (x) => x.take(x.fullLike(7, 'i32')), 'index 7 along axis 0 of [3, 5]: it must be from 0 to 2'],
    ['take', (x) => x.take(x.iota([4], 0)), 'index 3 along axis 0 of [3, 5]: it must be from 0 to 2'],
    ['pick', (x, m) => x.pick(given(m, 4, 5, 0)), 'index 5 along axis 1 of [3, 5]: it must be from 0 to 4'],
    [
      'pick',
      (x, m) => x.takeAlongAxis(given(m, 5).broadcastTo([3, 2])),
      'index 5 along axis 2 of [3, 2, 5]: it must be from 0 to 4',
    ],
    [
      'pick',
      (x, m) => nn.crossEntropy(x, m.literal([0, 1, 5], { shape: [3], dtype: 'u32' })),
      'index 5 along axis 1 of [3, 5]: it must be from 0 to 4',
    ],
  ])('is refused by %s where there is no such element: %#', (op, build, text) => {
    expect(expectRefusal(() => declare(build), 'index', `${op}: ${text}`, FILE).op).toBe(op);
  });

  it('is not asked for where nothing is chosen, or a step computes it', () => {
    expect(declare((x, m) => x.take(m.literal([], { shape: [0], dtype: 'i32' })).sum())).toBeDefined();
    expect(declare((x, m) => x.take(given(m, -1).maximum(0)))).toBeDefined();
  });

  it('is found behind a chain that is longer than a stack is deep', () => {
    const text = 'take: index 9 along axis 0 of [3, 5]: it must be from 0 to 2';
    const deep = (x: Tensor, m: ModuleBuilder): Tensor => {
      let indices = given(m, 0, 9, 1, 2);
      for (let k = 0; k < 12_000; k++) indices = indices.cast(k % 2 ? 'i32' : 'u32');
      return x.take(indices);
    };
    expectRefusal(() => declare(deep), 'index', text, FILE);
  });

  it('is known behind any movements and casts, and only what is left of it counts', () => {
    let [refused, taken] = [0, 0];
    for (let seed = 0; seed < 120; seed++) {
      const chain = (m: ModuleBuilder): Tensor => moved(m, new Dice(seed));
      let values: number[] = [];
      const module = defineModule('values', (m) => m.entry('run', { y: chain(m) }));
      values = Array.from(referenceSession(module).step('run').y?.data ?? []);
      const isWrong = values.some((value) => value < 0 || value >= 5);
      let error: unknown;
      try {
        declare((x, m) => x.take(chain(m), 1));
      } catch (thrown) {
        error = thrown;
      }
      if (error !== undefined && !(error instanceof GraphError)) throw error;
      expect([seed, error?.code]).toEqual([seed, isWrong ? 'index' : undefined]);
      if (isWrong) refused++;
      else taken++;
    }
    expect(Math.min(refused, taken)).toBeGreaterThan(20);
  });
});

/** A given array of indices, most of them of five elements, moved about. */
function moved(m: ModuleBuilder, dice: Dice): Tensor {
  const values = Array.from({ length: 12 }, () =>
    dice.chance(0.15) ? dice.oneOf([-1, 5, 7]) : dice.below(5),
  );
  const dtype = dice.oneOf(['i32', 'f32'] as const);
  let x = m.literal(values, { shape: [3, 4], dtype });
  for (let k = dice.between(0, 5); k > 0; k--) {
    const step = dice.below(6);
    if (step === 0) x = x.transpose();
    else if (step === 1) x = x.flip(dice.below(2));
    else if (step === 2) x = x.reshape([-1, dice.oneOf([1, 1, Number(x.shape[0])])]);
    else if (step === 3) x = x.slice([dice.below(2)], [], [1, dice.between(1, 2)]);
    else if (step === 4) x = x.slice([0, 0], [1]).broadcastTo([2, Number(x.shape[1])]);
    else x = x.cast('i32');
  }
  return x.cast('i32');
}
