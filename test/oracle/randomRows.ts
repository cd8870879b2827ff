import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import type { Dim, Size } from '../../src/loops/index.ts';
import { Dice } from './dice.ts';
import { caseOf, type Leaf } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random module of contractions that what follows reduces row by row, so that they become row programs: rows by
 * weights, weights by rows, products of what a batch holds and of what is made of it, convolutions whose windows are
 * pooled; with rows of a bounded size or not, sizes that tiles do not divide, weights either way round, several axes of
 * rows and columns.
 *
 * It is the same for one seed.
 */
export function randomRows(seed: number): RandomCase {
  const name = `rows-${seed}`;
  const draft = new Draft(new Dice(seed ^ 0x7a31c9));
  const module = defineModule(name, (m) =>
    m.graph.withSource(name, () => {
      const form = draft.dice.oneOf([layers, layers, batched, pooled, pooled, columns, attention]);
      m.entry('run', form(draft, m));
    }),
  );
  return caseOf(seed, module, draft);
}

class Draft {
  readonly dice: Dice;
  readonly inputs: Leaf[] = [];
  readonly states: Leaf[] = [];
  size: Size | undefined;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  input(m: ModuleBuilder, shape: readonly Dim[]): Tensor {
    const name = `x${this.inputs.length}`;
    this.inputs.push({ name, shape, dtype: 'f32', below: 0 });
    return m.input(name, { shape });
  }

  weights(m: ModuleBuilder, shape: readonly number[]): Tensor {
    const name = `w${this.states.length}`;
    this.states.push({ name, shape, dtype: 'f32', below: 0 });
    return m.state(name, { shape });
  }

  rows(m: ModuleBuilder, most: number): Dim {
    const rows = this.dice.between(2, most);
    if (this.dice.chance(0.5)) return rows;
    this.size = m.size('rows', { max: rows });
    return { size: this.size, factor: 1 };
  }
}

/** One to three dense layers, each with something row by row after it. */
function layers(draft: Draft, m: ModuleBuilder): Record<string, Tensor> {
  const { dice } = draft;
  let width = dice.between(1, 40);
  let h = draft.input(m, [draft.rows(m, 21), width]);
  for (let count = dice.between(1, 3); count > 0; count--) {
    const units = dice.oneOf([dice.between(1, 30), dice.between(200, 520)]);
    const w = dice.chance(0.5)
      ? draft.weights(m, [width, units])
      : draft.weights(m, [units, width]).transpose();
    const made = h.matmul(w).mul(1 / Math.sqrt(width));
    h = dice.chance(0.7) ? made.softmax() : made.sub(made.mean(1, { keepDims: true })).tanh();
    width = units;
  }
  return { h };
}

/** Products of two operands of a batch's own, normalised. */
function batched(draft: Draft, m: ModuleBuilder): Record<string, Tensor> {
  const { dice } = draft;
  const [batch, rows, inner, columns] = [
    dice.between(2, 5),
    dice.between(2, 12),
    dice.between(1, 24),
    dice.between(2, 90),
  ];
  const [a, b] = [draft.input(m, [batch, rows, inner]), draft.input(m, [batch, inner, columns])];
  const scores = a.matmul(b).mul(1 / Math.sqrt(inner));
  const attended = scores.softmax().matmul(draft.input(m, [batch, columns, dice.between(1, 20)]));
  return { attended, largest: scores.max(2) };
}

/** Layers that are normalised down their columns: rows of the program are columns of the products. */
function columns(draft: Draft, m: ModuleBuilder): Record<string, Tensor> {
  const { dice } = draft;
  let width = dice.between(1, 30);
  let h = draft.input(m, [width, dice.between(2, 40)]);
  for (let count = dice.between(1, 3); count > 0; count--) {
    const units = dice.between(2, 90);
    const made = draft
      .weights(m, [units, width])
      .matmul(h)
      .mul(1 / Math.sqrt(width));
    h = made.sub(made.max(0, { keepDims: true })).tanh();
    width = units;
  }
  return { h };
}

/** What a batch holds, normalised, projected, and multiplied with what the batch holds of another kind. */
function attention(draft: Draft, m: ModuleBuilder): Record<string, Tensor> {
  const { dice } = draft;
  const [batch, rows, inner, keys, width] = [
    dice.between(1, 4),
    dice.oneOf([8, 16, dice.between(2, 20)]),
    dice.between(1, 20),
    dice.between(2, 40),
    dice.between(1, 40),
  ];
  const x = draft.input(m, [batch, rows, inner]);
  const centred = x.sub(x.mean(2, { keepDims: true }));
  const queries = centred.matmul(draft.weights(m, [inner, width])).tanh();
  const scores = queries
    .matmul(draft.input(m, [batch, width, keys]))
    .mul(1 / Math.sqrt(width))
    .softmax();
  const attended = scores.matmul(draft.input(m, [batch, keys, width]));
  const made = attended.matmul(draft.weights(m, [width, inner])).add(x);
  return { made, mean: made.mean(2) };
}

/** A convolution, and the largest value of windows of it with where it is. */
function pooled(draft: Draft, m: ModuleBuilder): Record<string, Tensor> {
  const { dice } = draft;
  const [features, outputs, window] = [dice.between(1, 4), dice.between(1, 12), dice.between(1, 3)];
  const pool = dice.between(1, 3);
  const space = [pool * dice.between(1, 4), pool * dice.between(2, 5)];
  const isPadded = dice.chance(0.6);
  const x = draft.input(m, [
    draft.rows(m, 4),
    1,
    features,
    ...space.map((extent) => (isPadded ? extent : extent + window - 1)),
  ]);
  const low = isPadded ? Math.floor((window - 1) / 2) : 0;
  const high = isPadded ? window - 1 - low : 0;
  const made = x.convolve(draft.weights(m, [1, outputs, features, window, window]), {
    low: [low, low],
    high: [high, high],
  });
  const [batch = 1] = x.shape;
  const [lines = 1, columns = 1] = space.map((extent) => extent / pool);
  const windows = made
    .add(draft.weights(m, [outputs]).reshape([1, 1, outputs, 1, 1]))
    .relu()
    .reshape([batch, outputs, lines, pool, columns, pool])
    .permute([0, 1, 2, 4, 3, 5])
    .reshape([batch, outputs, lines, columns, pool * pool]);
  return { largest: windows.max(4), at: windows.argmax(4) };
}
