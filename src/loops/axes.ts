import {
  type Axis,
  apply,
  axesIn,
  axisRef,
  constant,
  type Expr,
  int,
  liveExtent,
  load,
  mapExpr,
  substituteAxes,
  type Tensor,
} from './expr.ts';
import { guarded, guardedTerm } from './guard.ts';
import { type Loop, loopLoads, type Reduction } from './loop.ts';
import { monoidDef } from './monoid.ts';
import { simplifyLoop } from './simplify.ts';
import { type Dim, extentOf } from './size.ts';

/** An axis rewrite that would change what the loop computes. */
export class AxisError extends Error {
  constructor(loop: Loop, message: string) {
    super(`loop ${loop.name}: ${message}`);
    this.name = 'AxisError';
  }
}

/**
 * One tensor as another shape of the same elements in the same row-major order: dimension `dimension` of
 * `from` is split into two of `to`, the inner one of extent `inner`; or the other way round.
 */
export interface View {
  readonly kind: 'split' | 'merge';
  readonly from: Tensor;
  readonly to: Tensor;
  readonly dimension: number;
  readonly inner: number;
}

/** A loop over other axes, and the shapes that its outputs have now. */
export interface AxisRewrite {
  readonly loop: Loop;
  /** The new axes: outer and inner of a split, the one of a merge. */
  readonly axes: readonly Axis[];
  readonly views: readonly View[];
}

/**
 * Splits an axis in two: `axis = outer * factor + inner`. A parallel axis splits the outputs' dimension too (see
 * `readThrough`); where it does not divide, that dimension is longer than before, and what lies beyond the axis is zero.
 * A reduction axis that does not divide, or whose live extent does not, is guarded: elements beyond it are the monoid's
 * neutral element.
 *
 * Throws AxisError for statistics (`moments`) that would need a guard, for an arg-reduction
 * whose positions would change, and for an output that would be longer and is no temporary.
 */
export function splitAxis(loop: Loop, axis: Axis, factor: number): AxisRewrite {
  if (!Number.isInteger(factor) || factor < 1) throw new AxisError(loop, `cannot split by ${factor}`);
  const parallel = loop.axes.includes(axis);
  if (!parallel && !loop.reduceAxes.includes(axis)) throw new AxisError(loop, `has no axis ${axis.name}`);
  const divides = axis.extent % factor === 0;
  const fixed = loop.outs.find((out) => out.at.includes(axis) && out.tensor.role !== 'temp');
  if (parallel && !divides && fixed !== undefined) {
    const text = `${factor} does not divide axis ${axis.name} of ${axis.extent}, and ${fixed.tensor.name} is no temporary`;
    throw new AxisError(loop, text);
  }
  const { live } = axis;
  const outerLive =
    live !== undefined && live.factor % factor === 0
      ? { size: live.size, factor: live.factor / factor }
      : undefined;
  const outer: Axis = {
    name: `${axis.name}_outer`,
    extent: Math.ceil(axis.extent / factor),
    ...(outerLive === undefined ? {} : { live: outerLive }),
  };
  const inner: Axis = { name: `${axis.name}_inner`, extent: factor };
  const position = apply('add', apply('mul', axisRef(outer), int(factor)), axisRef(inner));
  const replaced = replaceAxes(loop, new Map([[axis, position]]), (list) =>
    list.flatMap((a) => (a === axis ? [outer, inner] : [a])),
  );
  if (parallel) {
    const whole = divides
      ? replaced
      : withinAxis(replaced, apply('lt', position, int(axis.extent)), [outer, inner]);
    return withViews(loop, whole, axis, [outer, inner], factor);
  }

  const limits: Expr[] = divides ? [] : [int(axis.extent)];
  if (live !== undefined && outerLive === undefined) {
    limits.push(apply('mul', liveExtent(live.size), int(live.factor)));
  }
  const conditions = limits.map((limit) => apply('lt', position, limit));
  const isFirst = loop.reduceAxes[0] === axis;
  const reductions = replaced.reductions.map((r) =>
    conditions.length === 0
      ? r
      : guard(
          loop,
          r,
          conditions.reduce((p, q) => apply('and', p, q)),
          isFirst || divides,
        ),
  );
  return { loop: simplifyLoop({ ...replaced, reductions }), axes: [outer, inner], views: [] };
}

/**
 * Merges two neighbouring axes into one: `a = merged // extent(b)`, `b = merged % extent(b)`. Outputs have
 * both, `b` right after `a`, and their two dimensions become one; or they have neither. Throws AxisError otherwise.
 */
export function mergeAxes(loop: Loop, a: Axis, b: Axis): AxisRewrite {
  const list = loop.axes.includes(a) ? loop.axes : loop.reduceAxes;
  if (!list.includes(a) || list[list.indexOf(a) + 1] !== b) {
    throw new AxisError(loop, `axes ${a.name} and ${b.name} are no neighbours`);
  }
  if (b.live !== undefined) throw new AxisError(loop, `the inner axis ${b.name} has a live extent`);
  for (const { tensor, at } of loop.outs) {
    const has = at.includes(a) || at.includes(b);
    if (has && (!at.includes(a) || at[at.indexOf(a) + 1] !== b)) {
      throw new AxisError(loop, `output ${tensor.name} has axes ${a.name} and ${b.name} not side by side`);
    }
  }
  const merged: Axis = {
    name: `${a.name}_${b.name}`,
    extent: a.extent * b.extent,
    ...(a.live === undefined ? {} : { live: { size: a.live.size, factor: a.live.factor * b.extent } }),
  };
  const parts = new Map([
    [a, apply('idiv', axisRef(merged), int(Math.max(1, b.extent)))],
    [b, apply('mod', axisRef(merged), int(Math.max(1, b.extent)))],
  ]);
  const replaced = replaceAxes(loop, parts, (axes) =>
    axes.flatMap((axis) => (axis === a ? [merged] : axis === b ? [] : [axis])),
  );
  return withViews(loop, replaced, a, [merged], b.extent);
}

/**
 * The loop with its axes in another order: of the parallel axes any; of the reduction axes any but where an
 * arg-reduction counts positions. Throws AxisError if `order` is not a permutation of one of the two lists.
 */
export function reorderAxes(loop: Loop, order: readonly Axis[]): Loop {
  const permutes = (list: readonly Axis[]): boolean =>
    list.length === order.length &&
    new Set(order).size === order.length &&
    order.every((a) => list.includes(a));
  if (permutes(loop.axes)) return { ...loop, axes: order };
  if (!permutes(loop.reduceAxes)) {
    throw new AxisError(loop, `${order.map((a) => a.name).join(', ')} is no order of its axes`);
  }
  if (loop.reductions.some((r) => countsPositions(r))) {
    throw new AxisError(loop, 'an arg-reduction counts positions in the order of its axes');
  }
  return { ...loop, reduceAxes: order };
}

/** A reader of a tensor that a rewrite has given another shape: its loads of `from` become loads of `to`. */
export function readThrough(loop: Loop, view: View): Loop {
  if (!loopLoads(loop).some((l) => l.tensor === view.from)) return loop;
  const rule = (expr: Expr): Expr => {
    if (expr.kind !== 'load' || expr.tensor !== view.from) return expr;
    const { at } = expr;
    const [index, next] = [at[view.dimension], at[view.dimension + 1]];
    if (index === undefined) return expr;
    const [before, after] = [at.slice(0, view.dimension), at.slice(view.dimension + 1)];
    const inner = int(Math.max(1, view.inner));
    if (view.kind === 'split') {
      return load(view.to, [...before, apply('idiv', index, inner), apply('mod', index, inner), ...after]);
    }
    if (next === undefined) return expr;
    return load(view.to, [...before, apply('add', apply('mul', index, inner), next), ...after.slice(1)]);
  };
  const memo = new Map<Expr, Expr>();
  return simplifyLoop({
    ...loop,
    reductions: loop.reductions.map((r) => ({ ...r, body: mapExpr(r.body, rule, memo) })),
    outs: loop.outs.map((o) => ({ ...o, value: mapExpr(o.value, rule, memo) })),
  });
}

function replaceAxes(
  loop: Loop,
  by: ReadonlyMap<Axis, Expr>,
  list: (axes: readonly Axis[]) => readonly Axis[],
): Loop {
  const memo = new Map<Expr, Expr>();
  return {
    ...loop,
    axes: list(loop.axes),
    reduceAxes: list(loop.reduceAxes),
    reductions: loop.reductions.map((r) => ({ ...r, body: substituteAxes(r.body, by, memo) })),
    outs: loop.outs.map((o) => ({ ...o, at: list(o.at), value: substituteAxes(o.value, by, memo) })),
  };
}

/**
 * A loop that runs beyond an axis, after it was split: zero there, and nothing read outside of a tensor. Indices are
 * clamped rather than terms guarded: an index that is read within the axis is in range, and stays what it was.
 */
function withinAxis(loop: Loop, inside: Expr, parts: readonly Axis[]): Loop {
  const isBeyond = (index: Expr): boolean => [...axesIn(index)].some((axis) => parts.includes(axis));
  const clamped = (expr: Expr): Expr => {
    if (expr.kind !== 'load') return expr;
    const at = expr.at.map((index, d) => {
      // How many rows data has is known at run time only.
      if (d === 0 && expr.tensor.role === 'data') return index;
      const last = extentOf(expr.tensor.shape[d] ?? 1) - 1;
      return isBeyond(index) ? apply('max', apply('min', index, int(last)), int(0)) : index;
    });
    return { ...expr, at };
  };
  const memo = new Map<Expr, Expr>();
  const reductions = loop.reductions.map((r) => ({ ...r, body: mapExpr(r.body, clamped, memo) }));
  const outs = loop.outs.map((out) =>
    parts.some((axis) => out.at.includes(axis))
      ? { ...out, value: apply('select', inside, out.value, constant(0, out.value.dtype)) }
      : out,
  );
  return { ...loop, outs, reductions };
}

/** Gives the outputs that have the old axis a tensor of the new shape. */
function withViews(before: Loop, after: Loop, old: Axis, axes: readonly Axis[], inner: number): AxisRewrite {
  const views: View[] = [];
  const outs = after.outs.map((out, k) => {
    const dimension = before.outs[k]?.at.indexOf(old) ?? -1;
    if (dimension < 0) return out;
    const from = out.tensor;
    const removed = axes.length === 2 ? 1 : 2;
    const shape = [
      ...from.shape.slice(0, dimension),
      ...axes.map((axis): Dim => axis.live ?? axis.extent),
      ...from.shape.slice(dimension + removed),
    ];
    const to: Tensor = { ...from, shape };
    views.push({ kind: axes.length === 2 ? 'split' : 'merge', from, to, dimension, inner });
    return { ...out, tensor: to };
  });
  return { loop: simplifyLoop({ ...after, outs }), axes, views };
}

const countsPositions = (r: Reduction): boolean => r.monoid === 'argmax' || r.monoid === 'argmin';

function guard(loop: Loop, reduction: Reduction, condition: Expr, keepsPositions: boolean): Reduction {
  const { monoid, body } = reduction;
  // a padded element would be counted
  if (monoid === 'moments') throw new AxisError(loop, 'the axis of moments must divide');
  if (countsPositions(reduction) && !keepsPositions) {
    throw new AxisError(loop, 'an arg-reduction counts positions: the axis must divide, or be the first');
  }
  const [neutral] = monoidDef(monoid).identity(body.dtype);
  if (neutral === undefined) throw new AxisError(loop, `${monoid} has no neutral element`);
  // One guard around a term, however often it is guarded.
  const { guards, value } = guardedTerm(reduction) ?? { guards: [], value: body };
  return { monoid, body: guarded({ guards: [condition, ...guards], value, neutral }) };
}
