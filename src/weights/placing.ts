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
  slots: readonly StateSlot[],
  parts: readonly PlacedPart[],
  isSum: boolean,
  layout: Layout | undefined,
  isKernel: boolean | undefined,
): readonly Placing[] | string {
  const { shape } = slot;
  const found = parts.map(({ place }) => `${place.dtype}[${place.shape.join(', ')}]`).join(' and ');
  const isAlone = parts.length === 1 && parts[0]?.share === undefined;
  const [part] = parts;
  if (isAlone && part !== undefined) {
    const ways = axesFor(slot, slots, part.place.shape, layout, isKernel);
    if (ways === undefined)
      return `${found}, which may be a kernel of a dense layer or not: say so by kernels: { '${slot.name}': true } or false`;
    const axes = ways.find((axes) =>
      sameShape(
        axes.map((axis) => part.place.shape[axis] ?? 0),
        shape,
      ),
    );
    if (axes === undefined) {
      const folded = layout === 'keras' ? foldedAxes(slot, part.place.shape) : undefined;
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
    const axes = layout === 'pytorch' && taken.length === 2 ? [1, 0] : identity(taken);
    const own = axes.map((axis) => taken[axis] ?? 0);
    const width = own[last] ?? 0;
    if (own.length !== rank || !sameShape(own.slice(0, last), shape.slice(0, last))) return found;
    all.push(placed(one, walked, axes, shape, column, to, from));
    if (!isSum) column += width;
    else if (width !== shape[last]) return found;
  }
  return isSum || column === shape[last] ? all : found;
}

/**
 * Orders of a tensor's axes that may give a state, the likely one first; undefined where equal extents leave it open.
 */
function axesFor(
  { name, shape }: StateSlot,
  slots: readonly StateSlot[],
  found: readonly number[],
  layout: Layout | undefined,
  isKernel: boolean | undefined,
): readonly (readonly number[])[] | undefined {
  const same = identity(found);
  if (layout === 'keras') {
    // Windows come first there, inputs and outputs last; here outputs, inputs, and windows.
    const windows = same.slice(0, -2);
    return found.length < 3 ? [same] : [[found.length - 1, found.length - 2, ...windows], same];
  }
  if (layout === undefined || found.length !== 2 || shape.length !== 2) return [same];
  const turned = [1, 0];
  if (isKernel !== undefined) return [isKernel ? turned : same];
  if (found[0] !== found[1]) return [turned, same];
  const bias = name.replace(/[^.]*$/, 'bias');
  const hasBias = slots.some((slot) => slot.name === bias && slot.shape.length === 1);
  return hasBias || /(^|\.)(qkv|projection|query|keyValue|recurrent|input)\.weight$/.test(name)
    ? [turned]
    : undefined;
}

/**
 * The order of the axes of what Keras keeps with an axis more, or less than one here: heads of attention, and filters of a
 * depthwise convolution, `[...window, channels, multiplier]`, which are `[channels · multiplier, 1, ...window]`.
 */
function foldedAxes({ name, shape }: StateSlot, found: readonly number[]): readonly number[] | undefined {
  if (elementCount(found) !== elementCount(shape)) return undefined;
  const axes = identity(found);
  if (found.length === shape.length + 1 && /(^|\.)(qkv|projection)\./.test(name)) return axes;
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
