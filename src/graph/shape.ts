import { type Dim, extentOf, type Size, sameDim, shapeText } from '../loops/index.ts';
import { clipped } from '../runtime/clipped.ts';
import { listText, requireList, shown } from './arguments.ts';
import { ShapeError } from './issues.ts';

/** A dimension as users write it: a number, a bounded size, or a dimension of a tensor. */
export type DimLike = number | Size | Dim;

/**
 * A dimension from what a user wrote.
 *
 * @throws ShapeError where it is neither a whole number from 0 on nor a bounded size
 */
export function toDim(op: string, dim: DimLike): Dim {
  if (typeof dim === 'object' && dim !== null) {
    if ('size' in dim) return dim;
    if ('name' in dim && 'max' in dim) return { size: dim, factor: 1 };
  }
  if (typeof dim === 'number' && Number.isSafeInteger(dim) && dim >= 0) return dim;
  const text = `a dimension must be a whole number from 0 on, not ${shown(dim)}`;
  throw new ShapeError('dimension', op, text);
}

/** What may be a dimension, as a message shows it: a bounded size by its name and maximum. */
export function dimLikeText(value: unknown): string {
  const { size = value, factor = 1 }: { size?: unknown; factor?: unknown } = Object(value);
  const { name, max }: { name?: unknown; max?: unknown } = Object(size);
  if (typeof name !== 'string' || typeof max !== 'number') return shown(value);
  return `${factor === 1 ? '' : `${factor}*`}${clipped(name)}<=${max}`;
}

/** A shape from what a user wrote. @throws ShapeError as {@link toDim} */
export function toShape(op: string, shape: readonly DimLike[]): readonly Dim[] {
  requireList('dimension', op, 'the shape', shape);
  return shape.map((dim) => toDim(op, dim));
}

/** Whether two shapes are the same, dimension by dimension. */
export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, k) => sameDim(dim, dimAt(b, k)));
}

/** Dimension `k` of a shape. @throws RangeError where there is none: a mistake of the library, not the user's */
export function dimAt(shape: readonly Dim[], k: number): Dim {
  const dim = shape[k];
  if (dim === undefined) throw new RangeError(`no dimension ${k} in ${shapeText(shape)}`);
  return dim;
}

/** The extent of an axis of which parts are taken. @throws ShapeError where it is bounded */
export function fixedExtent(op: string, shape: readonly Dim[], axis: number): number {
  const dim = dimAt(shape, axis);
  return typeof dim === 'number' ? dim : torn(op, axis);
}

/** Refuses parts of a bounded axis. @throws ShapeError always */
export function torn(op: string, axis: number): never {
  throw new ShapeError('bounded-range', op, `axis ${axis} is bounded: it can only be taken whole`);
}

/**
 * The common shape of operands, as in NumPy: aligned from the right, each dimension is the same or 1.
 *
 * @throws ShapeError naming the shapes and the dimensions that differ
 */
export function broadcastShapes(op: string, ...shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, k): Dim => {
    let common: Dim = 1;
    for (const shape of shapes) {
      const dim = shape[k - rank + shape.length] ?? 1;
      if (dim === 1 || sameDim(dim, common)) continue;
      if (common !== 1) {
        throw new ShapeError(
          'broadcast',
          op,
          `shapes do not broadcast: ${shapes.map(shapeText).join(' and ')} (${unequal(common, dim)})`,
        );
      }
      common = dim;
    }
    return common;
  });
}

/** Two dimensions that differ, for a message: `784 ≠ 512`, `batch<=128 ≠ 128 (a bounded size is no number)`. */
export function unequal(a: Dim, b: Dim): string {
  const text = (dim: Dim): string => shapeText([dim]).slice(1, -1);
  const bounded = extentOf(a) === extentOf(b) ? ': a bounded size equals no number and no other size' : '';
  return `${text(a)} ≠ ${text(b)}${bounded}`;
}

/**
 * Axes as whole numbers of a shape of `rank` dimensions: sorted, each once, negative ones counted from the end.
 * Without axes, all of them.
 *
 * @throws ShapeError where an axis is not in the shape or stands twice
 */
export function normalAxes(op: string, rank: number, axes: number | readonly number[] | undefined): number[] {
  const list = axes === undefined ? Array.from({ length: rank }, (_, k) => k) : [axes].flat();
  const normal = list.map((axis) => normalAxis(op, rank, axis)).sort((a, b) => a - b);
  const twice = normal.find((axis, k) => axis === normal[k + 1]);
  if (twice !== undefined)
    throw new ShapeError('axis', op, `axis ${twice} stands twice in ${listText(list)}`);
  return normal;
}

/** One axis as a whole number from 0 on. @throws ShapeError as {@link normalAxes} */
export function normalAxis(op: string, rank: number, axis: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && normal >= 0 && normal < rank) return normal;
  const whole = Number.isInteger(axis) ? '' : 'a whole number ';
  const there = rank === 0 ? 'there is none' : `it must be ${whole}from ${-rank} to ${rank - 1}`;
  throw new ShapeError('axis', op, `${axisText(axis, rank)}: ${there}`);
}

/** An axis that a shape lacks, as a message shows it: `axis 2 of a shape of 1 dimension`. */
export function axisText(axis: unknown, rank: number): string {
  return `axis ${listText(axis)} of a shape of ${rank} dimension${rank === 1 ? '' : 's'}`;
}

/** One maximal run of dimensions that a reshape turns into another run with as many elements. */
export interface ReshapeGroup {
  /** Dimensions of the operand, `from[0]` up to `from[1]` (exclusive). */
  readonly from: readonly [number, number];
  /** Dimensions of the result. */
  readonly to: readonly [number, number];
}

/**
 * How a reshape pairs dimensions: the smallest runs of equal element counts, from the left. A bounded
 * dimension must be the outermost of its run on both sides, so that the live elements stay the first ones.
 *
 * Dimensions of one element belong to no run; tensors without elements have one run.
 *
 * @throws ShapeError where the counts differ or a bounded dimension would be torn
 */
export function reshapeGroups(op: string, from: readonly Dim[], to: readonly Dim[]): ReshapeGroup[] {
  const count = (shape: readonly Dim[]): number => shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
  if (count(from) !== count(to)) {
    const text = `${shapeText(from)} has ${count(from)} elements, ${shapeText(to)} has ${count(to)}`;
    throw new ShapeError('element-count', op, text);
  }
  if (count(from) === 0) return [{ from: [0, from.length], to: [0, to.length] }];
  const groups: ReshapeGroup[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    if (from[i] === 1) i++;
    else if (to[j] === 1) j++;
    else if (i === from.length || j === to.length) {
      // Only a bounded size whose maximum is 1 can be left over.
      checkBounded(op, from, to, from.slice(i), to.slice(j));
      break;
    } else {
      const start = { i, j };
      let a = extentOf(dimAt(from, i++));
      let b = extentOf(dimAt(to, j++));
      while (a !== b) {
        if (a < b) a *= extentOf(dimAt(from, i++));
        else b *= extentOf(dimAt(to, j++));
      }
      checkBounded(op, from, to, from.slice(start.i, i), to.slice(start.j, j));
      groups.push({ from: [start.i, i], to: [start.j, j] });
    }
  }
  return groups;
}

function checkBounded(
  op: string,
  from: readonly Dim[],
  to: readonly Dim[],
  run: readonly Dim[],
  into: readonly Dim[],
): void {
  const [a, ...insideA] = run;
  const [b, ...insideB] = into;
  const outer = typeof a === 'object' ? a.size.name : undefined;
  const fits = (typeof b === 'object' ? b.size.name : undefined) === outer;
  if (fits && ![...insideA, ...insideB].some((dim) => typeof dim === 'object')) return;
  throw new ShapeError(
    'bounded-reshape',
    op,
    `${shapeText(from)} to ${shapeText(to)}: ${shapeText(run)} cannot become ${shapeText(into)}, ` +
      'since a bounded dimension stays whole or is the outermost factor on both sides',
  );
}
