import {
  type Axis,
  accumulators,
  axesIn,
  axisRef,
  domainSize,
  int,
  type Loop,
  lifted,
  listingOf,
  load,
  type Reduction,
  splitAxis,
  type Tensor,
  walkOf,
} from '../loops/index.ts';

/** A loop's reductions in two stages: loops in place of one. */
export interface InParts {
  /** Reduces parts of an axis, each to a temporary `[parts, …]` that has the axes on which its body depends. */
  readonly parts: Loop;
  /** Reduces the parts, and makes what the loop made. */
  readonly final: Loop;
}

/**
 * A loop whose reductions are done in parts along one reduction axis, which becomes a parallel one: `factor` elements a
 * part. Where the factor does not divide, or the axis is bounded, what lies beyond is the neutral element. Needs
 * `isDivisible(loop)`.
 */
export function inParts(loop: Loop, axis: Axis, factor: number): InParts {
  const { loop: cut, axes } = splitAxis(loop, axis, factor);
  const [outer] = axes;
  if (outer === undefined) throw new RangeError(`${loop.name} cannot be split along ${axis.name}`);
  return twoStages(loop, outer, { ...cut, reduceAxes: cut.reduceAxes.filter((a) => a !== outer) });
}

/**
 * The same loops with the bodies left as they are: right in their extents and in what they load, which is all that an
 * estimate asks for, and much cheaper to make.
 */
export function sketchParts(loop: Loop, axis: Axis, factor: number): InParts {
  const outer: Axis = { name: `${axis.name}_outer`, extent: Math.ceil(axis.extent / factor) };
  const inner: Axis = { name: `${axis.name}_inner`, extent: factor };
  return twoStages(loop, outer, {
    ...loop,
    reduceAxes: loop.reduceAxes.map((a) => (a === axis ? inner : a)),
  });
}

/** Whether a loop's reductions can be done in parts that are elements again: lists have no parts. */
export function isDivisible(loop: Loop): boolean {
  if (walkOf(loop) !== null || listingOf(loop) !== null) return false;
  return loop.reductions.length > 0 && loop.reductions.every(isClosed);
}

/** Reductions to one element of more than this are cut even if no producer can hold the first half. */
const ALONE_ELEMENTS = 65536;

/** Into how many parts such a reduction is cut, at most. */
const PARTS = 512;

/**
 * The axis along which a loop is cut that reduces so much to one element that it is done in parts, whatever makes its
 * operands; null of any other.
 */
export function longAxis(loop: Loop): Axis | null {
  if (domainSize(loop.axes) !== 1 || domainSize(loop.reduceAxes) <= ALONE_ELEMENTS) return null;
  const [axis] = [...loop.reduceAxes].sort((a, b) => b.extent - a.extent);
  if (axis === undefined || axis.live !== undefined || axis.extent < PARTS) return null;
  return isDivisible(loop) ? axis : null;
}

/** A reduction to one element in parts of its longest axis; null where it is short, or a part is not an element. */
export function inLongParts(loop: Loop): InParts | null {
  const axis = longAxis(loop);
  return axis === null ? null : inParts(loop, axis, Math.ceil(axis.extent / PARTS));
}

/** Whether the parts of one element are the element, so that partial results are elements again. */
export function isClosed({ monoid, body }: Reduction): boolean {
  const [element, ...more] = lifted(monoid, body, int(0));
  return element === body && more.length === 0;
}

/** The temporary that holds the parts of a loop's reduction `k`. */
export function partsTensor(loop: Loop, k: number, shape: Tensor['shape'], dtype: Tensor['dtype']): Tensor {
  return { name: `${loop.name}_parts${k === 0 ? '' : k}`, shape, dtype, role: 'temp' };
}

/** @param cut the loop without `outer` among its reduction axes, which its bodies may use */
function twoStages(loop: Loop, outer: Axis, cut: Loop): InParts {
  const outs = cut.reductions.map(({ body }, k) => {
    const used = axesIn(body);
    const at = [outer, ...loop.axes.filter((axis) => used.has(axis))];
    const shape = at.map((axis) => axis.live ?? axis.extent);
    const [value = axisRef(outer)] = accumulators(cut.reductions, k);
    return { tensor: partsTensor(loop, k, shape, body.dtype), at, value };
  });
  const used = new Set(outs.flatMap(({ at }) => at));
  const parts: Loop = {
    ...cut,
    name: `${loop.name}_parts`,
    axes: [outer, ...loop.axes.filter((axis) => used.has(axis))],
    outs,
  };
  const part: Axis = { ...outer, name: 'w' };
  const reductions = loop.reductions.map((reduction, k): Reduction => {
    const out = outs[k];
    if (out === undefined) return reduction;
    return { ...reduction, body: load(out.tensor, [part, ...out.at.slice(1)].map(axisRef)) };
  });
  return { parts, final: { ...loop, reduceAxes: [part], reductions } };
}
