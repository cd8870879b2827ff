import type { Tensor, Update } from '../../src/graph/index.ts';
import { type Dim, extentOf, type Size } from '../../src/loops/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { draftedCase, LeafDraft } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/** Products of one contraction, at most: the reference evaluator goes through them one by one. */
const MOST_PRODUCTS = 120_000;

/**
 * A random module around sums of products that are large enough for tiles: operands with their axes in any order,
 * several axes of rows, columns and the reduction, batches, bounded sizes as rows and as the reduction, sizes
 * around multiples of 4 and 8, sums of more than a thousand products; with something computed before and
 * after, chains that become row programs, gradients, and states that are written over.
 *
 * It is the same for one seed.
 */
export function randomContraction(seed: number): RandomCase {
  return draftedCase({ kind: 'contraction', seed, salt: 0x2545f491 }, Draft, (draft) => {
    const form = draft.dice.oneOf([
      general,
      general,
      rowsByWeights,
      chain,
      attention,
      gram,
      gram,
      transposedProduct,
      longProduct,
      longProduct,
      slidingProduct,
      convolution,
      convolution,
      byChannel,
      byChannel,
    ]);
    finish(draft, form(draft));
  });
}

/** Sizes around what tiles and vectors are multiples of. */
const EXTENTS = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20, 23, 24, 25, 31, 32, 33] as const;

class Draft extends LeafDraft {
  readonly floats: Tensor[] = [];
  readonly stateTensors: Tensor[] = [];

  extent(most = 33): number {
    return this.dice.maybeOneOf(EXTENTS.filter((n) => n <= most)) ?? 1;
  }

  /** The bounded size of the module. */
  bounded(): Size {
    this.size ??= this.m.size('rows', { max: this.dice.between(5, 40) });
    return this.size;
  }

  /** A float operand: an input, sometimes bytes, sometimes rows that an index picks, sometimes a state. */
  operand(shape: readonly Dim[]): Tensor {
    const { dice } = this;
    const isFixed = shape.every((dim) => typeof dim === 'number');
    if (isFixed && dice.chance(0.25)) return this.state(shape.map(extentOf));
    const name = `x${this.inputs.length}`;
    if (dice.chance(0.15)) {
      return this.input(shape, { dtype: 'u8', below: 256 })
        .cast('f32')
        .mul(1 / 64)
        .sub(2);
    }
    const [first] = shape;
    if (isFixed && first !== undefined && dice.chance(0.1)) {
      const rows = dice.between(2, 9);
      const at = this.input([first], { name: `${name}.at`, dtype: 'i32', below: rows });
      return this.#float([rows, ...shape.slice(1)], name).take(at);
    }
    return this.#float(shape, name);
  }

  #float(shape: readonly Dim[], name: string): Tensor {
    const tensor = this.input(shape, { name });
    this.floats.push(tensor);
    return tensor;
  }

  override state(shape: readonly number[]): Tensor {
    const tensor = super.state(shape);
    this.floats.push(tensor);
    this.stateTensors.push(tensor);
    return tensor;
  }

  /** What may stand before a contraction. */
  before(x: Tensor): Tensor {
    const { dice } = this;
    const shape = x.shape;
    const plain = [
      () => x,
      () => x,
      () => x,
      () => x.relu(),
      () => x.tanh(),
      () =>
        x.mul(
          x
            .iotaLike(shape.length - 1)
            .cast('f32')
            .mul(0.03125)
            .add(0.5),
        ),
      () => x.gt(0.25).where(x, 0.5),
      ...(typeof shape.at(-1) === 'number' ? [() => x.flip([shape.length - 1])] : []),
    ];
    return (dice.maybeOneOf(plain) ?? plain[0])?.() ?? x;
  }

  /** What may stand after it, on sums of so many products. */
  after(x: Tensor, products: number): Tensor {
    const { dice } = this;
    const scaled = x.mul(1 / Math.sqrt(products));
    const last = scaled.shape.at(-1) ?? 1;
    const forms = [
      () => x,
      () => scaled.tanh(),
      () => scaled.relu(),
      () => scaled.sigmoid().mul(scaled),
      () => (typeof last === 'number' ? scaled.add(this.operand([last])) : scaled),
      () => scaled.add(this.operand(scaled.shape.slice(0, 1)).expandDims(1)),
      () => scaled.softmax(),
    ];
    const fit = scaled.shape.length === 2 ? forms : forms.filter((_, k) => k !== 5);
    return (dice.maybeOneOf(fit) ?? forms[0])?.() ?? x;
  }
}

/** A contraction, and how many products each of its sums has. */
interface Made {
  readonly tensor: Tensor;
  readonly products: number;
}

/** `Σ_k a[b, m, k] · b[b, n, k]` over any number of axes of each kind, in any order. */
function general(draft: Draft): Made {
  const { dice } = draft;
  let left = MOST_PRODUCTS;
  const group = (count: number, most = 33): number[] =>
    Array.from({ length: count }, () => {
      const extent = draft.extent(Math.min(most, left));
      left = Math.floor(left / extent);
      return extent;
    });
  const long = dice.chance(0.15);
  const k = long ? [dice.between(1030, 1100)] : group(dice.oneOf([1, 1, 1, 2, 3]));
  if (long) left = Math.floor(left / 1100);
  const m = group(dice.oneOf([1, 2, 2]));
  const n = dice.chance(0.1) ? [Math.max(1, Math.min(left, 131))] : group(dice.oneOf([1, 1, 2, 2]));
  const batch = group(dice.oneOf([0, 0, 1, 2]), 5);
  const [mb, nb] = [dice.chance(0.8), dice.chance(0.8)];
  const ones = (dims: readonly number[]): number[] => dims.map(() => 1);
  const a = spread(draft, [...(mb ? batch : ones(batch)), ...m, ...ones(n), ...k]);
  const b = spread(draft, [...(nb ? batch : ones(batch)), ...ones(m), ...n, ...k]);
  const rank = batch.length + m.length + n.length;
  const sum = draft
    .before(a)
    .mul(draft.before(b))
    .sum(k.map((_, i) => rank + i));
  const order = dice.shuffled(Array.from({ length: rank }, (_, i) => i));
  const products = k.reduce((p, extent) => p * extent, 1);
  return { tensor: dice.chance(0.5) ? sum.permute(order) : sum, products };
}

/** An operand with these extents, whose axes other than ones lie in any order. */
function spread(draft: Draft, extents: readonly number[]): Tensor {
  const { dice } = draft;
  const wide = extents.flatMap((extent, k) => (extent > 1 ? [k] : []));
  const stored = dice.chance(0.5) ? wide : dice.shuffled(wide);
  const shape = stored.map((k) => extents[k] ?? 1);
  const x = dice.chance(0.3) ? sliced(draft, shape) : draft.operand(shape);
  const order = wide.map((k) => stored.indexOf(k));
  return (wide.length > 1 ? x.permute(order) : x).reshape(extents);
}

/** A part of a larger operand: its rows do not follow one another. */
function sliced(draft: Draft, shape: readonly number[]): Tensor {
  const { dice } = draft;
  const margins = shape.map(() => [dice.below(2), dice.below(3)] as const);
  const larger = shape.map((extent, k) => extent + (margins[k]?.[0] ?? 0) + (margins[k]?.[1] ?? 0));
  const starts = margins.map(([before]) => before);
  return draft.operand(larger).slice(
    starts,
    shape.map((extent, k) => extent + (starts[k] ?? 0)),
  );
}

/** A convolution with strides, dilations and paddings, channels before or after space, over a batch that may be bounded. */
function convolution(draft: Draft): Made {
  const { dice } = draft;
  const [features, outputs] = [dice.oneOf([1, 2, 3, 5, 8, 17]), dice.oneOf([4, 5, 8, 11, 16])];
  const along = Array.from({ length: dice.between(1, 2) }, () => ({
    window: dice.between(1, 4),
    stride: dice.oneOf([1, 1, 1, 2, 3]),
    windowDilation: dice.oneOf([1, 1, 2]),
    low: dice.between(-1, 3),
    high: dice.between(0, 3),
  }));
  const products = features * along.reduce((n, { window }) => n * window, 1);
  // So many positions that the reference evaluator goes through them in time.
  let left = MOST_PRODUCTS / (products * outputs);
  const space = along.map(({ window, stride, windowDilation, low, high }, d) => {
    const most = Math.max(1, Math.min(dice.oneOf([9, 20, 300]), left / (d === 0 ? along.length : 1)));
    const positions = dice.between(1, Math.ceil(most));
    left /= positions;
    const needed = (positions - 1) * stride + (window - 1) * windowDilation + 1 - low - high;
    return Math.max(needed, 1, 1 - low, 1 - high, (window - 1) * windowDilation + 1 - low - high);
  });
  const most = Math.max(1, Math.min(20, Math.floor(left)));
  const batch: Dim = dice.chance(0.3) ? rowsOf(draft) : dice.between(1, most);
  const isLast = dice.chance(0.3);
  const x = draft.operand(isLast ? [batch, ...space, features] : [batch, features, ...space]);
  const first = isLast ? x.permute([0, x.shape.length - 1, ...space.map((_, k) => k + 1)]) : x;
  const w = draft.operand([1, outputs, features, ...along.map(({ window }) => window)]);
  const moved = draft
    .before(first)
    .reshape([batch, 1, features, ...space])
    .convolve(w, {
      stride: along.map(({ stride }) => stride),
      low: along.map(({ low }) => low),
      high: along.map(({ high }) => high),
      windowDilation: along.map(({ windowDilation }) => windowDilation),
    });
  return { tensor: moved.reshape([batch, ...moved.shape.slice(2)]), products };
}

/**
 * A convolution of small images with its channels normed, whose rows are channels then; or the gradient of the input of one
 * with a stride, normed in the same way: its phases are products of their own inside of a row.
 */
function byChannel(draft: Draft): Made {
  const { dice } = draft;
  const [batch, features, outputs] = [dice.between(2, 4), dice.between(3, 9), dice.oneOf([4, 8, 11])];
  const [lines, columns] = [dice.oneOf([2, 4, 5]), dice.oneOf([4, 4, 8, 6])];
  const along = [lines, columns].map(() => {
    const [window, stride] = [dice.between(1, 3), dice.oneOf([1, 2])];
    const low = dice.below(window);
    return { window, stride, low };
  });
  const w = draft.operand([1, outputs, features, ...along.map(({ window }) => window)]);
  const convolved = (x: Tensor, isStrided: boolean): Tensor =>
    x.expandDims(1).convolve(w, {
      stride: along.map(({ stride }) => (isStrided ? stride : 1)),
      low: along.map(({ low }) => low),
      high: along.map(({ window, low }) => window - 1 - low),
    });
  const isGradient = dice.chance(0.5);
  let h: Tensor;
  if (isGradient) {
    const x = draft.operand([
      batch,
      features,
      ...along.map(({ stride }, d) => stride * (d === 0 ? lines : columns)),
    ]);
    const y = convolved(x, true);
    h = gradients(y.mul(draft.operand(y.shape)).sum(), [x])[0] ?? x;
  } else {
    const x = draft.operand([batch, features, lines, columns]);
    const y = convolved(draft.before(x), false);
    h = y.reshape([batch, ...y.shape.slice(2)]);
  }
  const norm = h.square().sum([0, 2, 3], { keepDims: true }).add(1);
  const products = (isGradient ? outputs : features) * along.reduce((n, { window }) => n * window, 1);
  return { tensor: h.div(norm.sqrt()), products };
}

/** Windows that slide over lines and columns, by weights: a product of what is taken at sums of numbers. */
function slidingProduct(draft: Draft): Made {
  const { dice } = draft;
  const [batch, features, outputs] = [dice.between(1, 3), dice.between(1, 4), dice.between(3, 9)];
  const [lines, columns, high, wide] = [
    dice.between(2, 7),
    dice.between(2, 13),
    dice.between(1, 3),
    dice.between(1, 3),
  ];
  const x = draft.operand([batch, features, lines + high - 1, columns + wide - 1]);
  const positions = (shape: readonly [number, number]): Tensor => slidingPositions(draft, x, shape);
  const windows = x.take(positions([columns, wide]), 3).take(positions([lines, high]), 2);
  const w = draft.operand([outputs, features, high, wide]);
  const moved = windows.permute([0, 2, 4, 1, 3, 5]).expandDims(1);
  const products = moved.mul(w.reshape([1, outputs, 1, 1, features, high, wide]));
  return { tensor: products.sum([4, 5, 6]), products: features * high * wide };
}

/** Where windows read that slide by one: each from its first element, or from its last one. */
function slidingPositions({ dice }: Draft, x: Tensor, shape: readonly [number, number]): Tensor {
  const [position, step] = [x.iota(shape, 0), x.iota(shape, 1)];
  return dice.chance(0.5) ? position.add(step) : position.sub(step).add(shape[1] - 1);
}

/** Bounded rows by weights. */
function rowsByWeights(draft: Draft): Made {
  const inner = draft.dice.oneOf([draft.extent(), draft.extent(), draft.dice.between(60, 140)]);
  const x = draft.operand([rowsOf(draft), inner]);
  const w = weights(draft, inner, draft.extent());
  const made = draft.before(x);
  const isTurned = draft.dice.chance(0.3);
  const tensor = isTurned ? w.transpose().matmul(made.transpose()) : made.matmul(w);
  return { tensor, products: inner };
}

/** A product over bounded rows: what the gradient of weights is. */
function transposedProduct(draft: Draft): Made {
  const rows = rowsOf(draft);
  const [x, y] = [draft.operand([rows, draft.extent()]), draft.operand([rows, draft.extent()])];
  return { tensor: draft.before(x).transpose().matmul(draft.before(y)), products: extentOf(rows) };
}

/** Few sums of so many products that the reduction itself is shared: of lines of a batch, or of windows over them. */
function longProduct(draft: Draft): Made {
  const { dice } = draft;
  const batch: Dim = dice.chance(0.4) ? rowsOf(draft) : dice.between(8, 40);
  const isSliding = dice.chance(0.6);
  const [rows, columns] = [dice.between(isSliding ? 3 : 2, 7), dice.between(4, 9)];
  const length = Math.ceil(2048 / extentOf(batch)) + dice.below(20);
  const y = draft.operand([batch, length, columns]);
  const x = isSliding
    ? draft.operand([batch, length + rows - 1])
    : draft.operand(dice.chance(0.5) ? [batch, length, rows] : [batch, rows, length]);
  const at = slidingPositions(draft, x, [length, rows]);
  const lines = isSliding ? x.take(at, 1) : x.shape[1] === length ? x : x.permute([0, 2, 1]);
  const tensor = draft.before(lines).expandDims(3).mul(draft.before(y).expandDims(2)).sum([0, 1]);
  return { tensor, products: extentOf(batch) * length };
}

/** Two or three products one after the other, with something between them. */
function chain(draft: Draft): Made {
  const { dice } = draft;
  let width = draft.extent();
  let h = draft.operand([rowsOf(draft), width]);
  let products = width;
  for (let layers = dice.between(2, 3); layers > 0; layers--) {
    const next = dice.chance(0.3) ? dice.between(3, 6) : draft.extent();
    products = width;
    const made = h.matmul(weights(draft, width, next));
    h = layers === 1 ? made : draft.after(made, width);
    width = next;
  }
  return { tensor: h, products };
}

/** `softmax(q · kᵀ) · v` for each of a batch. */
function attention(draft: Draft): Made {
  const { dice } = draft;
  const batch = dice.oneOf([[], [dice.between(1, 4)], [dice.between(1, 3), dice.between(1, 3)]]);
  const [queries, keys, features, values] = [
    draft.extent(),
    draft.extent(),
    draft.extent(17),
    draft.extent(17),
  ];
  const q = draft.operand([...batch, queries, features]);
  const k = draft.operand([...batch, keys, features]);
  const v = draft.operand([...batch, keys, values]);
  const scores = q.matmul(k.transpose()).mul(1 / Math.sqrt(features));
  const seen = dice.chance(0.3) ? scores.iotaLike(-1).le(scores.iotaLike(-2)).where(scores, -30) : scores;
  return { tensor: (dice.chance(0.7) ? seen.softmax() : seen.tanh()).matmul(v), products: keys };
}

/** Products of what each of a batch has computed with itself: both operands are of the batch's own. */
function gram(draft: Draft): Made {
  const { dice } = draft;
  const [batch, features, inner] = [dice.between(2, 4), draft.extent(17), draft.extent(17)];
  const rows = dice.chance(0.5) ? dice.between(65, 80) : draft.extent();
  const [x, w] = [draft.operand([batch, rows, features]), weights(draft, features, inner)];
  const h = x.matmul(w).mul(1 / Math.sqrt(features));
  const scaled = dice.chance(0.5) ? h.div(h.square().sum([1, 2], { keepDims: true }).add(1)) : h.tanh();
  const alike = scaled.matmul(scaled.transpose());
  return dice.chance(0.5)
    ? { tensor: alike, products: inner }
    : { tensor: alike.matmul(scaled), products: inner * rows };
}

function weights(draft: Draft, rows: number, columns: number): Tensor {
  return draft.dice.chance(0.3) ? draft.operand([columns, rows]).transpose() : draft.operand([rows, columns]);
}

function rowsOf(draft: Draft): Dim {
  return draft.dice.chance(0.7) ? { size: draft.bounded(), factor: 1 } : draft.extent();
}

/** Outputs: what was made, sometimes more of it, and gradients of it; states go downhill. */
function finish(draft: Draft, { tensor, products }: Made): void {
  const { dice, m } = draft;
  const after = draft.after(tensor, products);
  const outputs: Record<string, Tensor> = { out: after };
  if (dice.chance(0.3)) outputs.product = tensor;
  if (dice.chance(0.3)) outputs.rows = after.sum(-1);
  const loss = after
    .mul(
      after
        .iotaLike(after.shape.length - 1)
        .cast('f32')
        .mul(0.125)
        .add(0.5),
    )
    .mean();
  const isDownhill = draft.stateTensors.length > 0 && dice.chance(0.7);
  if (dice.chance(0.4)) outputs.loss = loss;
  const updates: Update[] = [];
  if (isDownhill) {
    const grads = gradients(loss, draft.stateTensors);
    for (const [k, state] of draft.stateTensors.entries()) {
      const grad = grads[k];
      if (grad !== undefined) updates.push({ state, next: state.sub(grad.mul(0.5)) });
    }
  } else if (dice.chance(0.5)) {
    for (const [k, grad] of gradients(loss, draft.floats).entries()) outputs[`grad${k}`] = grad;
  }
  m.entry('run', { ...outputs, updates });
}
