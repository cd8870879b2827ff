import type { Tensor } from '../../src/graph/index.ts';
import { type Dim, extentOf } from '../../src/loops/index.ts';
import { draftedCase, LeafDraft } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/** Elements of one tensor, at most: the reference evaluator goes through them one by one. */
const MOST_ELEMENTS = 20_000;

/**
 * A random module over tensors that are large enough to be shared among tasks, with rows long enough to be added up in
 * runs: reductions over any axes, normalised rows, norms of everything, maps with turned operands, bounded sizes as rows
 * and as the reduction, states that are written over.
 *
 * It is the same for one seed.
 */
export function randomWide(seed: number): RandomCase {
  return draftedCase({ kind: 'wide', seed, salt: 0x1f123bb5 }, Draft, (draft) => draft.entry());
}

class Draft extends LeafDraft {
  entry(): void {
    const dice = this.dice;
    const shape = this.#shape();
    const isFixed = shape.every((dim) => typeof dim === 'number');
    const state = isFixed && dice.chance(0.4) ? this.state(shape.map(extentOf)) : undefined;
    let x = state ?? this.#operand(shape);
    const outputs: Record<string, Tensor> = {};
    // Only here elements are the same in float32 and in float64.
    if (dice.chance(0.5))
      outputs.place = dice.chance(0.5) ? x.argmax(this.#axes(x)) : x.argmin(this.#axes(x));
    for (let k = dice.between(1, 3); k > 0; k--) {
      x = this.#changed(x);
      outputs[`out${k}`] = dice.chance(0.7) ? this.#reduced(x) : x;
    }
    const updates = state === undefined ? [] : [{ state, next: state.mul(0.5).add(x.tanh()) }];
    this.m.entry('run', { ...outputs, updates });
  }

  /** One to three dimensions, of which one is long; the first may be bounded. */
  #shape(): Dim[] {
    const dice = this.dice;
    const long = dice.oneOf([dice.between(100, 700), dice.between(700, 3000), dice.between(500, 520)]);
    const rest = Math.floor(MOST_ELEMENTS / long);
    const other = (): number => dice.oneOf([1, 2, 3, 4, 5, 7, 8, 9, 13, 16]);
    const extents = dice.oneOf([
      [long],
      [Math.min(rest, other()), long],
      [long, Math.min(rest, other())],
      [2, long, 3],
      [3, 2, long],
    ]);
    const [first = 1, ...others] = extents;
    if (!dice.chance(0.4)) return extents;
    this.size = this.m.size('rows', { max: first });
    return [{ size: this.size, factor: 1 }, ...others];
  }

  /** An input of floats, or of bytes that stand for floats. */
  #operand(shape: readonly Dim[]): Tensor {
    if (!this.dice.chance(0.2)) return this.input(shape);
    return this.input(shape, { dtype: 'u8' })
      .cast('f32')
      .mul(1 / 64)
      .sub(2);
  }

  /** Another tensor of the same shape, with elements between -4 and 4. */
  #changed(x: Tensor): Tensor {
    const dice = this.dice;
    const { shape } = x;
    const last = shape.length - 1;
    const axis = dice.below(shape.length);
    const keepDims = true;
    const all = shape.map((_, k) => k);
    const [rows, columns] = shape;
    const forms: (() => Tensor)[] = [
      () => x.tanh(),
      () => x.mul(0.5).add(this.#operand(shape).mul(0.5)),
      () => x.sub(x.mean([axis], { keepDims })).mul(0.5),
      () => x.sub(x.mean([axis], { keepDims })).mul(x.variance([axis], { keepDims }).add(1).rsqrt()),
      () => x.softmax(axis),
      () => x.div(x.square().sum(all, { keepDims }).sqrt().add(1)),
      () => x.sub(x.max(all, { keepDims })).mul(0.5).maximum(-2),
      () => x.add(this.#operand([shape[last] ?? 1])).mul(0.5),
      () => x.gt(x.mean([axis], { keepDims })).where(x, -1),
    ];
    if (typeof shape[last] === 'number') forms.push(() => x.flip([last]).add(x).mul(0.5));
    if (shape.length === 2 && typeof rows === 'number' && typeof columns === 'number')
      forms.push(() => x.add(this.#operand([columns, rows]).transpose()).mul(0.5));
    return (dice.maybeOneOf(forms) ?? forms[0])?.() ?? x;
  }

  #reduced(x: Tensor): Tensor {
    const dice = this.dice;
    const axes = this.#axes(x);
    const forms = [
      () => x.add(2).sum(axes),
      () => x.mean(axes),
      () => x.max(axes),
      () => x.min(axes),
      () => x.logSumExp(axes),
      () => x.variance(axes),
      () => x.gt(0.5).cast('i32').sum(axes),
      () => x.gt(0).where(x, 0).sum(axes),
      () => this.#operand(x.shape).lt(1).where(x, -Infinity).max(axes),
      () => this.#operand(x.shape).lt(1).where(x.mul(0.02).add(1), 1).prod(axes),
      () => x.mul(0.02).add(1).prod(axes),
    ];
    const form = dice.maybeOneOf(forms) ?? forms[0];
    return form?.() ?? x;
  }

  #axes(x: Tensor): number[] {
    const drawn = x.shape.flatMap((_, k) => (this.dice.chance(0.6) ? [k] : []));
    return drawn.length > 0 ? drawn : [this.dice.below(x.shape.length)];
  }
}
