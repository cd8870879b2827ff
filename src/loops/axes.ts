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
  partsOf,
  substituteAxes,
  type Tensor,
} from './expr.ts';
import { guarded, guardedTerm } from './guard.ts';
import { type Loop, mapLoop, type Out, type Reduction } from './loop.ts';
import { monoidDef } from './monoid.ts';
import { positionOver } from './position.ts';
import { simplifyLoop } from './simplify.ts';
import { type Dim, extentOf } from './size.ts';

/** An axis rewrite that would change what the loop computes. */
export class AxisError extends Error {
  constructor(loop: Loop, message: string) {
    super(`loop ${loop.name}: ${message}`);
    this.name = 'AxisError';
  }
}

/** One tensor as another shape of the same elements in the same row-major order: dimensions are split. */
export interface View {
  readonly from: Tensor;
  readonly to: Tensor;
  /** For each dimension of `from` the extents of those of `to` that it is now, from the outermost on. */
  readonly factors: readonly (readonly number[])[];
}

/** A loop over other axes, and the shapes that its outputs have now. */
export interface AxisRewrite {
  readonly loop: Loop;
  /** The new axes, from the outermost on. */
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
  const replaced = replaceAxes(loop, new Map([[axis, [outer, inner]]]));
  if (parallel) {
    const whole = divides
      ? replaced
      : withinAxis(replaced, apply('lt', position, int(axis.extent)), [outer, inner]);
    const { outs, views } = seenAs(loop, whole, new Map([[axis, [outer, inner]]]));
    return { loop: simplifyLoop({ ...whole, outs }), axes: [outer, inner], views };
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
 * Splits axes into factors, all of them at once, and reads through what was split before. Outputs have the new shapes.
 *
 * @param cuts for each axis how many elements the inner axes of its factors have: each divides the one before, the extent
 *   and the live extent
 * @param read how tensors that the loop reads are seen now
 */
export function factorAxes(
  loop: Loop,
  cuts: ReadonlyMap<Axis, readonly number[]>,
  read: ReadonlyMap<Tensor, View>,
): AxisRewrite {
  const by = new Map([...cuts].map(([axis, at]) => [axis, factorsOf(loop, axis, at)] as const));
  const replaced = replaceAxes(loop, by);
  const { outs, views } = seenAs(loop, replaced, by);
  return { loop: readThrough({ ...replaced, outs }, read), axes: [...by.values()].flat(), views };
}

function factorsOf(loop: Loop, axis: Axis, cuts: readonly number[]): Axis[] {
  const { name, extent, live } = axis;
  const sizes = [extent, ...cuts, 1];
  return sizes.slice(1).map((inner, k): Axis => {
    const outer = sizes[k] ?? extent;
    if (outer % inner !== 0)
      throw new AxisError(loop, `${inner} does not divide ${outer} along axis ${name}`);
    const factor = { name: `${name}_${k}`, extent: outer / inner };
    if (k > 0 || live === undefined) return factor;
    if (live.factor % inner !== 0)
      throw new AxisError(loop, `${inner} does not divide the live extent of axis ${name}`);
    return { ...factor, live: { size: live.size, factor: live.factor / inner } };
  });
}

/** A reader of tensors that rewrites have given other shapes: its loads of `from` become loads of `to`, simplified. */
export function readThrough(loop: Loop, views: ReadonlyMap<Tensor, View>): Loop {
  const seen = (expr: Expr): Expr => {
    let current = expr;
    while (current.kind === 'load') {
      const view = views.get(current.tensor);
      if (view === undefined) break;
      current = load(
        view.to,
        current.at.flatMap((index, d) => factored(index, view.factors[d] ?? [])),
      );
    }
    return current;
  };
  const memo = new Map<Expr, Expr>();
  return simplifyLoop(mapLoop(loop, (expr) => mapExpr(expr, seen, memo)));
}

/** An index as one for each factor of its dimension. */
function factored(index: Expr, [first, ...inner]: readonly number[]): Expr[] {
  if (first === undefined || inner.length === 0) return [index];
  let rest = inner.reduce((n, extent) => n * extent, 1);
  const quotient = (by: number): Expr => (by === 1 ? index : apply('idiv', index, int(by)));
  const indices = [quotient(rest)];
  for (const extent of inner) {
    rest /= Math.max(1, extent);
    indices.push(apply('mod', quotient(rest), int(Math.max(1, extent))));
  }
  return indices;
}

/** The loop over other axes: each of some axes is several, in row-major order. */
function replaceAxes(loop: Loop, by: ReadonlyMap<Axis, readonly Axis[]>): Loop {
  const memo = new Map<Expr, Expr>();
  const list = (axes: readonly Axis[]): Axis[] => axes.flatMap((axis) => by.get(axis) ?? [axis]);
  const positions = new Map([...by].map(([axis, factors]) => [axis, positionOver(factors)] as const));
  const { outs, ...rest } = mapLoop(loop, (expr) => substituteAxes(expr, positions, memo));
  return {
    ...rest,
    axes: list(loop.axes),
    reduceAxes: list(loop.reduceAxes),
    outs: outs.map((out) => ({ ...out, at: list(out.at) })),
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

/** The outputs of a rewritten loop as tensors of the shapes that its axes have now. */
function seenAs(
  before: Loop,
  after: Loop,
  by: ReadonlyMap<Axis, readonly Axis[]>,
): { readonly outs: readonly Out[]; readonly views: readonly View[] } {
  const views: View[] = [];
  const outs = after.outs.map((out, k) => {
    const at = before.outs[k]?.at ?? [];
    if (!at.some((axis) => by.has(axis))) return out;
    const from = out.tensor;
    const factors = at.map((axis) => by.get(axis) ?? [axis]);
    const shape = at.flatMap((axis, d): readonly Dim[] => {
      const split = by.get(axis);
      return split === undefined ? [from.shape[d] ?? axis.extent] : split.map((a) => a.live ?? a.extent);
    });
    const to: Tensor = { ...from, shape };
    views.push({ from, to, factors: factors.map((axes) => axes.map((axis) => axis.extent)) });
    return { ...out, tensor: to };
  });
  return { outs, views };
}

const countsPositions = (r: Reduction): boolean => r.monoid === 'argmax' || r.monoid === 'argmin';

function guard(loop: Loop, reduction: Reduction, condition: Expr, keepsPositions: boolean): Reduction {
  const { monoid, body } = reduction;
  const neutrals = monoidDef(monoid).identity(body.dtype);
  if (body.kind === 'parts') {
    const items = body.items.map((item, p) => apply('select', condition, item, neutrals[p] ?? item));
    return { monoid, body: partsOf(items) };
  }
  // a padded element would be counted
  if (monoid === 'moments') throw new AxisError(loop, 'the axis of moments must divide');
  if (countsPositions(reduction) && !keepsPositions) {
    throw new AxisError(loop, 'an arg-reduction counts positions: the axis must divide, or be the first');
  }
  const [neutral] = neutrals;
  if (neutral === undefined) throw new AxisError(loop, `${monoid} has no neutral element`);
  // One guard around a term, however often it is guarded.
  const { guards, value } = guardedTerm(reduction) ?? { guards: [], value: body };
  return { monoid, body: guarded({ guards: [condition, ...guards], value, neutral }) };
}
