import { describe, expect, it } from 'vitest';
import { defineModule, type GraphIssue, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { gradientOf, moduleOf, valuesOf } from './layers.ts';

const FILE = 'losses.test.ts';
const none = { reduction: 'none' } as const;
const NAN = Number.NaN;

/** A loss of classes over at most four rows of three, with the gradients of its mean and sum. */
function rows(options: nn.CrossEntropyOptions): Module {
  return defineModule('rows', (m) => {
    const batch = m.size('batch', { max: 4 });
    const x = m.input('x', { shape: [batch, 3] });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const mean = nn.crossEntropy(x, y, options);
    const sum = nn.crossEntropy(x, y, { ...options, reduction: 'sum' });
    const [ofMean, ofSum] = [mean, sum].map((loss) => gradients(loss, [x])[0]);
    m.entry('run', { mean, sum, ofMean, ofSum });
  });
}

const targets: readonly Target[] = [reference, wasm(1)];

describe.each(targets)('on $name', (target) => {
  it('a label that is ignored keeps its row out of value and gradient, whatever its logits are', async () => {
    const session = await target.start(rows({ ignoreIndex: -1, weight: [1, 3, 0.5] }));
    const x = { shape: [3, 3], data: [0, 0, 0, NAN, Infinity, -Infinity, 0, 0, 0] };
    const { mean, sum, ofMean } = await session.step('run', {
      inputs: { x, y: { shape: [3], data: [1, -1, 2] } },
      live: { batch: 3 },
    });
    expect(mean?.data[0]).toBeCloseTo(Math.log(3), 5);
    expect(sum?.data[0]).toBeCloseTo(3.5 * Math.log(3), 5);
    const [third, weight] = [1 / 3, 3 / 3.5];
    const wanted = [third, -2 * third, third].map((g) => g * weight);
    wanted.push(0, 0, 0, ...[third, third, -2 * third].map((g) => g * (1 - weight)));
    for (const [k, g] of wanted.entries()) expect(ofMean?.data[k]).toBeCloseTo(g, 5);
    await session.dispose();
  });

  it('a mean over labels that are all ignored is not a number, a sum is 0, without a gradient', async () => {
    const session = await target.start(rows({ ignoreIndex: 0 }));
    const { mean, sum, ofSum } = await session.step('run', {
      inputs: { x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }, y: { shape: [2], data: [0, 0] } },
      live: { batch: 2 },
    });
    expect(mean?.data[0]).toBeNaN();
    expect(sum?.data[0]).toBe(0);
    expect(Array.from(ofSum?.data ?? []).map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    await session.dispose();
  });

  it('means and sums are over the live rows of a bounded batch', async () => {
    const module = defineModule('live', (m) => {
      const batch = m.size('batch', { max: 8 });
      const [a, b] = ['a', 'b'].map((name) => m.input(name, { shape: [batch, 2] }));
      if (a === undefined || b === undefined) throw new Error('two inputs were declared');
      m.entry('run', {
        mean: nn.l1(a, b),
        sum: nn.l1(a, b, { reduction: 'sum' }),
        weighted: nn.nll(a, b.argmax(1), { weight: [1, 3] }),
        triplet: nn.tripletMargin(a, b, b),
      });
    });
    const session = await target.start(module);
    const given = (data: readonly number[]): { shape: number[]; data: readonly number[] } => ({
      shape: [3, 2],
      data,
    });
    const outputs = await session.step('run', {
      inputs: { a: given([1, 2, 3, 4, 5, 6]), b: given([1, 0, 0, 1, 2, 0]) },
      live: { batch: 3 },
    });
    const found = Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data[0]]));
    expect(found.mean).toBeCloseTo(17 / 6, 5);
    expect(found.sum).toBeCloseTo(17, 5);
    expect(found.weighted).toBeCloseTo(-(1 + 3 * 4 + 5) / 5, 5);
    expect(found.triplet).toBeCloseTo(1, 5);
    await session.dispose();
  });
});

describe('what has no part in a loss has none in its gradient', () => {
  /** Value and gradient, in the first operand, of a loss of numbers. */
  const both = (
    shape: readonly number[],
    at: readonly number[],
    build: (x: Tensor) => Tensor,
  ): number[][] => [valuesOf(shape, build, at), valuesOf(shape, gradientOf(build), at).map((g) => g + 0)];
  const literal = (x: Tensor, values: readonly number[]): Tensor =>
    x
      .iota([values.length], 0)
      .eq(0)
      .where(values[0] ?? 0, values[1] ?? 0)
      .reshape(x.shape);

  it('a class that is impossible and has no probability', () => {
    const [values, slopes] = both([1, 2], [0, -Infinity], (x) => nn.crossEntropy(x, literal(x, [1, 0])));
    expect([values, slopes]).toEqual([[0], [0, 0]]);
  });

  it('a class of weight 0, of which a loss is infinite', () => {
    const [values] = both([1, 2], [0, -Infinity], (x) =>
      nn.crossEntropy(x, x.argmin(1), { weight: [1, 0], reduction: 'sum' }),
    );
    expect(values).toEqual([0]);
  });

  it('a target of 0 in a divergence, as a probability or as a logarithm', () => {
    const [values, slopes] = both([2], [-Infinity, -1], (x) => nn.klDivergence(x, literal(x, [0, 1]), none));
    expect([values, slopes]).toEqual([
      [0, 1],
      [0, -1],
    ]);
    const logs = both([2], [-Infinity, -1], (x) =>
      nn.klDivergence(x, literal(x, [-Infinity, 0]), { logTarget: true, ...none }),
    );
    expect(logs).toEqual([
      [0, 1],
      [0, -1],
    ]);
    // In the target too.
    expect(both([2], [0, 1], (x) => nn.klDivergence(literal(x, [-Infinity, -1]), x, none))).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });

  it('the direction between vectors that are equal', () => {
    const far = (x: Tensor): Tensor => nn.contrastive(x, x.detach(), x.sum(-1).fullLike(1), none);
    expect(both([1, 2], [3, 4], far)).toEqual([[0.5], [0, 0]]);
    const triplet = (x: Tensor): Tensor => nn.tripletMargin(x, x.detach(), x.detach(), { eps: 0, ...none });
    expect(both([1, 2], [3, 4], triplet)).toEqual([[1], [0, 0]]);
  });

  it('samples that a focal loss counts as right, however far', () => {
    for (const gamma of [0.5, 1.5, 2, 12]) {
      const build = (x: Tensor): Tensor => nn.focal(x, x.gt(0).cast('f32'), { gamma, ...none });
      const [values, slopes] = both([4], [-1e4, -100, 100, 1e4], build);
      for (const value of [...(values ?? []), ...(slopes ?? [])]) expect(Math.abs(value)).toBeLessThan(1e-20);
    }
  });
});

it("a cosine similarity is PyTorch's along any axis, and 0 of zeros", () => {
  const build = (x: Tensor): Tensor => nn.cosineSimilarity(x, x.fullLike(1), { axis: 0 });
  const [first = NAN, second = NAN, third] = valuesOf([2, 3], build, [1, 3, 0, -1, 4, 0]);
  expect(first).toBeCloseTo(0, 6);
  expect(second).toBeCloseTo(7 / (5 * Math.SQRT2), 6);
  expect(third).toBe(0);
});

it('a cosine similarity of vectors that broadcast is that of whole ones', () => {
  const build = (x: Tensor): Tensor => nn.cosineSimilarity(x, x.select(0, 0).reshape([1, 3]), { axis: 0 });
  const [first = NAN] = valuesOf([2, 3], build, [1, 3, 0, -1, 4, 0]);
  expect(first).toBeCloseTo(0, 6);
});

describe('losses refuse, at the line that wrote it,', () => {
  it.each<[build: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      (x) => nn.l1(x, x, { reduction: untyped('avg') }),
      'option',
      'l1: reduction is "avg": it must be one of mean, sum, none',
    ],
    [
      (x) => nn.smoothL1(x, x, { beta: -1 }),
      'option',
      'smoothL1: beta is -1: it must be a finite number from 0 on',
    ],
    [
      (x) => nn.smoothL1(x, x, untyped({ delta: 1 })),
      'option',
      'smoothL1: there is no option "delta": the options are reduction, beta',
    ],
    [(x) => nn.focal(x, x, { alpha: 2 }), 'option', 'focal: alpha is 2: it must be from 0 to 1, or false'],
    [
      (x) => nn.focal(x, x, { gamma: -1 }),
      'option',
      'focal: gamma is -1: it must be a finite number from 0 on',
    ],
    [
      (x) => nn.hinge(x, x, { squared: untyped(1) }),
      'option',
      'hinge: squared is 1: it must be true or false',
    ],
    [
      (x) => nn.klDivergence(x, x, { logTarget: untyped('yes') }),
      'option',
      'klDivergence: logTarget is "yes": it must be true or false',
    ],
    [
      (x) => nn.cosineSimilarity(x, x, { eps: 0 }),
      'option',
      'cosineSimilarity: eps is 0: it must be a positive number',
    ],
    [
      (x) => nn.cosineEmbedding(x, x, x.sum(1), { margin: 2 }),
      'option',
      'cosineEmbedding: margin is 2: it must be from -1 to 1',
    ],
    [
      (x) => nn.tripletMargin(x, x, x, { p: untyped(3) }),
      'option',
      'tripletMargin: p is 3: it must be 1 or 2',
    ],
    [
      (x) => nn.tripletMargin(x, x, x, { margin: 0 }),
      'option',
      'tripletMargin: margin is 0: it must be a positive number',
    ],
    [
      (x) => nn.contrastive(x, x, x.sum(1), { margin: NAN }),
      'option',
      'contrastive: margin is NaN: it must be a positive number',
    ],
    [
      (x) => nn.nll(x, x.argmax(1), untyped({ labelSmoothing: 0.1 })),
      'option',
      'nll: there is no option "labelSmoothing": the options are reduction, weight, ignoreIndex',
    ],
    [
      (x) => nn.crossEntropy(x, x.argmax(1), { ignoreIndex: 0.5 }),
      'option',
      'crossEntropy: ignoreIndex is 0.5: it must be a whole number of 32 bits',
    ],
    [
      (x) => nn.crossEntropy(x, x.argmax(1), { weight: [1, 2] }),
      'values',
      'crossEntropy: weight has 2 numbers for 3 classes',
    ],
    [
      (x) => nn.crossEntropy(x, x.argmax(1), { weight: x.sum(1) }),
      'shape-mismatch',
      'crossEntropy: weight is %2 (sum f32[2]): it must be f32[3], a number for each class',
    ],
    [
      (x) => nn.crossEntropy(x, x.argmax(1), { weight: untyped('balanced') }),
      'operands',
      'crossEntropy: takes a tensor, not "balanced"',
    ],
    [
      (x) => nn.crossEntropy(x, x.slice([0, 0], [2, 2])),
      'shape-mismatch',
      'crossEntropy: probabilities of the shape [2, 2] for logits of the shape [2, 3]: they must have one shape',
    ],
    [
      (x) => nn.crossEntropy(x, x.softmax(), { ignoreIndex: 0 }),
      'option',
      'crossEntropy: ignoreIndex is a label: there is none among probabilities, whose samples are left out by zeros',
    ],
    [
      (x) => nn.l1(x.cast('i32'), x, { reduction: 'sum' }),
      'dtype',
      'l1: operand of type i32; takes f32: cast it first',
    ],
  ])('what makes no sense: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf([2, 3], build), code, text, FILE).code).toBe(code);
  });
});
