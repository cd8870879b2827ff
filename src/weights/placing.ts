import { elementCount } from '../runtime/init.ts';
import type { StateSlot } from '../runtime/program.ts';
import type { TensorPlace } from './header.ts';
import type { Layout, Part } from './layouts.ts';

/** Where the elements of a tensor go in a state: element i, with coordinates c, to `base + c · strides`. */
export interface Placing {
  readonly name: string;
  readonly place: TensorPlace;
  /** The tensor's shape as it is walked through, of as many elements as it has. */
  readonly shape: readonly number[];
  /** Coordinates of the elements that are meant, by axis; others are left out. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly base: number;
  readonly strides: readonly number[];
}

/** A part of a state, with the tensor that holds it. */
export interface PlacedPart extends Part {
  readonly place: TensorPlace;
}

/**
 * How tensors become a state: transposed as their layout needs, side by side along the last axis.
 *
 * @returns where their elements go, or what the file has, in words, where that does not fit
 */
export function placingOf(
  slot: StateSlot,
  parts: readonly PlacedPart[],
  isSum: boolean,
  layout: Layout | undefined,
  says: boolean | undefined,
): readonly Placing[] | string {
  const { shape, kernel } = slot;
  const isKernel = says ?? (kernel === undefined ? undefined : kernel !== 'none');
  const isOpen = (found: string): string =>
    `${found}, which may be a kernel or not: say so by kernels: { '${slot.name}': true } or false`;
  const found = parts.map(({ place }) => `${place.dtype}[${place.shape.join(', ')}]`).join(' and ');
  const isAlone = parts.length === 1 && parts[0]?.share === undefined;
  const [part] = parts;
  if (isAlone && part !== undefined) {
    const ways = axesFor(part.place.shape, shape.length, layout, isKernel).filter((axes) =>
      sameShape(
        axes.map((axis) => part.place.shape[axis] ?? 0),
        shape,
      ),
    );
    const [axes] = ways;
    if (ways.length > 1 && isKernel === undefined) return isOpen(found);
    if (axes === undefined) {
      const folded =
        layout === 'keras' && isKernel !== false ? foldedAxes(shape, part.place.shape, isKernel) : undefined;
      if (folded === undefined) return found;
      const own = folded.map((axis) => part.place.shape[axis] ?? 0);
      return [placed(part, part.place.shape, folded, own, 0, part.place.shape)];
    }
    return [placed(part, part.place.shape, axes, shape, 0, part.place.shape)];
  }
  const rank = shape.length;
  const last = rank - 1;
  const all: Placing[] = [];
  let column = 0;
  for (const one of parts) {
    const walked = walkedShape(one, shape, layout);
    const [from, to] = bounds(one, walked);
    const taken = walked.map((_, axis) => (to[axis] ?? 0) - (from[axis] ?? 0));
    // Others keep what is side by side here as rows of a matrix.
    const isMatrix = layout === 'pytorch' && taken.length === 2;
    if (isMatrix && isKernel === undefined && taken[0] === taken[1]) return isOpen(found);
    const axes = isMatrix && isKernel !== false ? [1, 0] : identity(taken);
    const own = axes.map((axis) => taken[axis] ?? 0);
    const width = own[last] ?? 0;
    if (own.length !== rank || !sameShape(own.slice(0, last), shape.slice(0, last))) return found;
    all.push(placed(one, walked, axes, shape, column, to, from));
    if (!isSum) column += width;
    else if (width !== shape[last]) return found;
  }
  return isSum || column === shape[last] ? all : found;
}

/** Orders of a tensor's axes that may give a state, the likely one first: one where it is known whether it is a kernel. */
function axesFor(
  found: readonly number[],
  rank: number,
  layout: Layout | undefined,
  isKernel: boolean | undefined,
): readonly (readonly number[])[] {
  const same = identity(found);
  const last = found.length - 1;
  const isTurned = layout === 'keras' ? found.length >= 3 : layout === 'pytorch' && rank === 2 && last === 1;
  if (!isTurned || isKernel === false) return [same];
  // Windows come first with Keras, inputs and outputs last; here outputs, inputs, and windows.
  const turned = [last, last - 1, ...same.slice(0, -2)];
  // A kernel that lies as ours do is told by its shape, where that has one order only.
  return [turned, same];
}

/**
 * The order of the axes of what Keras keeps with an axis more, or less than one here: heads of attention, and filters of a
 * depthwise convolution, `[...window, channels, multiplier]`, which are `[channels · multiplier, 1, ...window]`.
 */
function foldedAxes(
  shape: readonly number[],
  found: readonly number[],
  isKernel: boolean | undefined,
): readonly number[] | undefined {
  if (elementCount(found) !== elementCount(shape)) return undefined;
  const axes = identity(found);
  if (isKernel === true && shape.length === 2 && found.length === 3) return axes;
  const [channels = 0, multiplier = 0] = found.slice(-2);
  const windows = axes.slice(0, -2);
  const isDepthwise =
    found.length > 2 &&
    sameShape(shape, [channels * multiplier, 1, ...windows.map((axis) => found[axis] ?? 0)]);
  return isDepthwise ? [found.length - 2, found.length - 1, ...windows] : undefined;
}

/** A tensor's shape as it is walked through: of Keras's attention with heads folded into units, of a flat one as a row. */
function walkedShape(
  { place, share }: PlacedPart,
  shape: readonly number[],
  layout: Layout | undefined,
): readonly number[] {
  const count = elementCount(place.shape);
  if (share?.of === 'elements') return [count];
  const [rows = 1] = shape;
  if (layout === 'keras' && place.shape.length === shape.length + 1)
    return shape.length === 1 ? [count] : [rows, count / (rows || 1)];
  return place.shape;
}

/** Coordinates that a part takes of its tensor. */
function bounds({ share }: PlacedPart, shape: readonly number[]): [from: number[], to: number[]] {
  const from = shape.map(() => 0);
  const to = [...shape];
  if (share === undefined) return [from, to];
  const axis = share.of === 'columns' ? shape.length - 1 : 0;
  const extent = shape[axis] ?? 0;
  from[axis] = Math.round(share.from * extent);
  to[axis] = Math.round(share.to * extent);
  return [from, to];
}

/** @param column where it begins in the last axis of the state */
function placed(
  { name, place }: PlacedPart,
  walked: readonly number[],
  axes: readonly number[],
  shape: readonly number[],
  column: number,
  to: readonly number[],
  from: readonly number[] = walked.map(() => 0),
): Placing {
  const strides = walked.map(() => 0);
  let stride = 1;
  for (let k = axes.length - 1; k >= 0; k--) {
    strides[axes[k] ?? 0] = stride;
    stride *= shape[k] ?? 1;
  }
  const base = column - from.reduce((sum, first, axis) => sum + first * (strides[axis] ?? 0), 0);
  return { name, place, shape: walked, from, to, base, strides };
}

function identity(shape: readonly number[]): number[] {
  return shape.map((_, axis) => axis);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
