import { type Axis, accRef, type Expr, type Load, loadsIn, type Tensor } from './expr.ts';
import { memoized } from './memo.ts';
import { type Monoid, monoidDef } from './monoid.ts';
import { type Dim, extentOf } from './size.ts';

/** Where a loop came from: a graph node and the user's line, for names, comments and errors. */
export interface Origin {
  /** The node as text, `hidden = relu(%12)`. */
  readonly node: string;
  /** `model.ts:12`, where it is known. */
  readonly source?: string;
  /** The node's number in its graph; absent where loops were read from text. */
  readonly id?: number;
}

/** One reduction of a loop over all of its reduction axes: `monoid` over `body`. */
export interface Reduction {
  readonly monoid: Monoid;
  readonly body: Expr;
}

/**
 * One output: `tensor[at] = value`. `at` names a subset of the loop's axes, one for each dimension, each at
 * most once. A value may use the axes in `at` and the accumulators; an axis that `at` lacks must not change
 * the value.
 */
export interface Out {
  readonly tensor: Tensor;
  readonly at: readonly Axis[];
  readonly value: Expr;
}

/**
 * The one form of all computation:
 *
 *     outs[axes] = value( reduce monoid over reduceAxes of body(axes, reduceAxes) )
 *
 * - Without reductions, `reduceAxes` is empty and values are expressions over the axes (*pointwise*).
 * - A reduction axis with `live` runs to its live extent only; a parallel axis runs to its full extent
 *   (elements beyond the live ones are storage without meaning).
 */
export interface Loop {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly reduceAxes: readonly Axis[];
  readonly reductions: readonly Reduction[];
  readonly outs: readonly Out[];
  readonly origin: readonly Origin[];
}

/** A loop, and what a group of loops says of it. */
export interface NotedLoop {
  readonly loop: Loop;
  /** Its row axes. */
  readonly rows?: readonly Axis[];
  /** Reductions of what it makes by some of its axes, each to a tensor of its own. */
  readonly partials?: readonly NotedPartial[];
}

/** A reduction of what a loop makes, for each element of some of its axes. */
export interface NotedPartial extends Reduction {
  readonly tensor: Tensor;
  readonly at: readonly Axis[];
}

/** Whether a loop reduces nothing. */
export function isPointwise(loop: Loop): boolean {
  return loop.reductions.length === 0;
}

/** The accumulators of reduction `k`, one reference for each part. */
export function accumulators(reductions: readonly Reduction[], k: number): Expr[] {
  const reduction = reductions[k];
  if (reduction === undefined) throw new RangeError(`no reduction ${k}`);
  return monoidDef(reduction.monoid)
    .parts(reduction.body.dtype)
    .map((dtype, part) => accRef(k, part, dtype));
}

/** The loop with each of its expressions rewritten. */
export function mapLoop(loop: Loop, rewrite: (expr: Expr) => Expr): Loop {
  return {
    ...loop,
    reductions: loop.reductions.map((r) => ({ ...r, body: rewrite(r.body) })),
    outs: loop.outs.map((o) => ({ ...o, value: rewrite(o.value) })),
  };
}

/** Every distinct load of a loop: bodies first, then outputs. */
export const loopLoads = memoized((loop: Loop): readonly Load[] =>
  loadsIn(...loop.reductions.map((r) => r.body), ...loop.outs.map((o) => o.value)),
);

/** Elements of a domain: the product of its axes' extents. */
export function domainSize(axes: Iterable<Axis>): number {
  let size = 1;
  for (const axis of axes) size *= axis.extent;
  return size;
}

/**
 * How many elements of a domain are live, numbered over its axes from the outermost on: all of them, or, where the first
 * axis of several values is bounded, the first so many. Axes further in are counted whole.
 */
export function liveDomain(axes: Iterable<Axis>): Dim {
  const [first, ...inner] = [...axes].filter((axis) => axis.extent !== 1);
  const each = domainSize(inner);
  if (first?.live === undefined || each === 0) return (first?.extent ?? 1) * each;
  return { size: first.live.size, factor: first.live.factor * each };
}

/** Axes over all elements of a shape, named `prefix` and their position. */
export function axesOver(shape: readonly Dim[], prefix: string): Axis[] {
  return shape.map((dim, k) => {
    const axis = { name: `${prefix}${k}`, extent: extentOf(dim) };
    return typeof dim === 'number' ? axis : { ...axis, live: dim };
  });
}
