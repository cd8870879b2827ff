import { expect, it } from 'vitest';
import {
  defineModule,
  full,
  Graph,
  GraphError,
  type GraphIssue,
  type ModuleBuilder,
} from '../../src/graph/index.ts';
import * as random from '../../src/random/index.ts';

const WHERE = 'it must be';

it.each<[build: (m: ModuleBuilder) => unknown, code: GraphIssue, text: string]>([
  [
    (m) => random.uniform(m, [2], { low: 1, high: 1 }),
    'option',
    `random.uniform: high is 1: ${WHERE} above low, which is 1, by a finite number (f32)`,
  ],
  [
    (m) => random.uniform(m, [2], { low: 0.1, high: 0.1 + 1e-12 }),
    'option',
    `random.uniform: high is ${0.1 + 1e-12}: ${WHERE} above low, which is 0.1, by a finite number (f32)`,
  ],
  [
    (m) => random.uniform(m, [2], { low: -3e38, high: 3e38 }),
    'option',
    `random.uniform: high is 3e+38: ${WHERE} above low, which is -3e+38, by a finite number (f32)`,
  ],
  [
    (m) => random.uniform(m, [2], { low: -1e-40, high: 0 }),
    'option',
    `random.uniform: high is 0: ${WHERE} above low, which is -1e-40, by more than 2^-126, the least normal f32`,
  ],
  [
    (m) => random.uniform(m, [2], { high: 1e-45 }),
    'option',
    `random.uniform: high is 1e-45: ${WHERE} above low, which is 0, by more than 2^-126, the least normal f32`,
  ],
  [
    (m) => random.uniform(m, [2], { low: -Infinity }),
    'option',
    `random.uniform: low is -Infinity: ${WHERE} a finite number (f32)`,
  ],
  [
    (m) => random.normal(m, [2], { deviation: -1 }),
    'option',
    `random.normal: deviation is -1: ${WHERE} a finite number (f32) from 0 on`,
  ],
  [
    (m) => random.bernoulli(m, 1.5, [2]),
    'option',
    `random.bernoulli: p is 1.5: ${WHERE} a number from 0 to 1, or a tensor`,
  ],
  [
    (m) => random.bernoulli(m, Number.NaN, [2]),
    'option',
    `random.bernoulli: p is NaN: ${WHERE} a number from 0 to 1, or a tensor`,
  ],
  [
    (m) => random.bernoulli(m, full(m, [2], 1.5), [2]),
    'option',
    `random.bernoulli: an element of p is 1.5: ${WHERE} a number from 0 to 1`,
  ],
  [
    (m) => random.bernoulli(m, m.literal([0.5, -0.1], { shape: [2] }).reshape([1, 2]), [3, 2]),
    'option',
    `random.bernoulli: an element of p is ${Math.fround(-0.1)}: ${WHERE} a number from 0 to 1`,
  ],
  [
    (m) => random.bernoulli(m, m.literal([0.5, Number.NaN], { shape: [2] }), [2]),
    'option',
    `random.bernoulli: an element of p is NaN: ${WHERE} a number from 0 to 1`,
  ],
  [
    (m) => random.bernoulli(m, full(m, [2], 1, 'i32'), [2]),
    'dtype',
    'random.bernoulli: p of type i32; takes f32: cast it first',
  ],
  [
    (m) => random.bernoulli(m, full(m, [3], 0.5), [2]),
    'broadcast',
    'random.bernoulli: shapes do not broadcast: [3] and [2] (3 ≠ 2)',
  ],
  [
    (m) => random.bernoulli(m, full(m, [3, 2], 0.5), [2]),
    'broadcast',
    'random.bernoulli: p [3, 2] does not broadcast to [2]',
  ],
  [
    (m) => random.integers(m, 0, 0.5, [2]),
    'option',
    `random.integers: high is 0.5: ${WHERE} a whole number up to 2147483648`,
  ],
  [
    (m) => random.integers(m, 3, 3, [2]),
    'option',
    `random.integers: high is 3: ${WHERE} above low, which is 3`,
  ],
  [
    (m) => random.permutation(m, 0),
    'option',
    `random.permutation: n is 0: ${WHERE} a whole number from 1 on`,
  ],
  [
    (m) => [random.uniform(m, [2], { name: 'a' }), random.normal(m, [2], { name: 'a' })],
    'name',
    'random.normal: the name "a" is used twice: both would draw the same numbers',
  ],
  [
    (m) => random.uniform(m, [2], { name: '' }),
    'name',
    'random.uniform: the name of a stream of random numbers must not be empty',
  ],
])('what no numbers can be drawn by is refused, %#', (build, code, text) => {
  let thrown: unknown;
  defineModule('refused', (m) => {
    try {
      build(m);
    } catch (error) {
      thrown = error;
    }
    m.entry('run', { y: full(m, [1], 0) });
  });
  expect(thrown).toBeInstanceOf(GraphError);
  expect(thrown).toMatchObject({ code, message: expect.stringContaining(text) });
});

it('outside of a module there is no key', () => {
  expect(() => random.uniform({ graph: new Graph() }, [2])).toThrow(/inside defineModule/);
});
