import { listText, requireOneOf, shown } from '../graph/arguments.ts';
import { GraphError, ShapeError, type Tensor } from '../graph/index.ts';
import { requireSliding, spanOf } from '../graph/ops/geometry.ts';
import { dimAt } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { listed } from '../runtime/clipped.ts';

/** Where the channels are: after the batch, as PyTorch has them, or last. */
export type Layout = 'ncw' | 'nwc' | 'nchw' | 'nhwc' | 'ncdhw' | 'ndhwc';

/** One number for all axes of space, or one for each. */
export type PerAxis = number | readonly number[];

/**
 * Padding of the axes of space: `valid` has none; `same` as much as makes the positions `ceil(extent / stride)`,
 * the odd one behind; a number is that many on either side, a list has a number or `[before, after]` for each axis.
 */
export type Padding = 'same' | 'valid' | number | readonly (number | readonly [number, number])[];

/** The axes of an operand that have a meaning: `[batch, channels, ...space]`, or the channels last. */
export interface Space {
  readonly channelAxis: number;
  /** Axes of space, in order. */
  readonly axes: readonly number[];
  /** Their extents. */
  readonly extents: readonly number[];
  readonly channels: number;
  readonly isLast: boolean;
}

const layouts: Readonly<Record<number, readonly [Layout, Layout]>> = {
  1: ['ncw', 'nwc'],
  2: ['nchw', 'nhwc'],
  3: ['ncdhw', 'ndhwc'],
};
const named: Readonly<Record<number, string>> = { 1: 'width', 2: 'height, width', 3: 'depth, height, width' };

/**
 * The meaning of an operand's axes.
 *
 * @param rank axes of space; as many as there are where it is left out
 * @throws ShapeError where the operand has another rank, or bounded space or channels
 */
export function spaceOf(op: string, x: Tensor, layout: Layout | undefined, rank?: number): Space {
  requireTensor(op, x);
  const { shape } = x;
  const words = layouts[rank ?? shape.length - 2];
  if (words === undefined || shape.length !== (rank ?? shape.length - 2) + 2) {
    const wanted = named[rank ?? 2];
    throw new ShapeError(
      'rank',
      op,
      `takes [batch, channels, ${wanted}], or the channels last, not ${shapeText(shape)}`,
    );
  }
  const [first, last] = words;
  if (layout !== undefined) requireOneOf(op, 'layout', layout, words);
  const isLast = layout === last && first !== last;
  const channelAxis = isLast ? shape.length - 1 : 1;
  const axes = shape.flatMap((_, k) => (k === 0 || k === channelAxis ? [] : [k]));
  const fixed = (axis: number): number => {
    const dim = dimAt(shape, axis);
    if (typeof dim === 'number') return dim;
    throw new ShapeError(
      'bounded-range',
      op,
      `axis ${axis} of ${shapeText(shape)} is bounded: only the batch may be`,
    );
  };
  return { channelAxis, axes, extents: axes.map(fixed), channels: fixed(channelAxis), isLast };
}

/** `[batch, channels, ...space]`, whatever the layout. */
export function channelsFirst<D extends Dtype>(
  x: Tensor<D>,
  { isLast, channelAxis, axes }: Space,
): Tensor<D> {
  return isLast ? x.permute([0, channelAxis, ...axes]) : x;
}

/** The way back from {@link channelsFirst}. */
export function inLayout<D extends Dtype>(x: Tensor<D>, { isLast, axes }: Space): Tensor<D> {
  return isLast ? x.permute([0, ...axes.map((_, d) => d + 2), 1]) : x;
}

/** A vector of the channels that broadcasts over an operand. */
export function perChannel<D extends Dtype>(vector: Tensor<D>, { isLast, axes }: Space): Tensor<D> {
  return isLast ? vector : vector.reshape([...vector.shape, ...axes.map(() => 1)]);
}

/** One number for each axis. @throws GraphError where it is neither a whole number nor as many as there are axes */
export function perAxis(op: string, name: string, value: PerAxis, rank: number, least: number): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length: rank }, () => value);
  const numbers = list.flatMap((n) =>
    typeof n === 'number' && Number.isSafeInteger(n) && n >= least ? [n] : [],
  );
  if (numbers.length === rank && list.length === rank) return numbers;
  const wanted = `a whole number from ${least} on, or a list of ${rank}, one an axis of space`;
  throw new GraphError('option', op, `${name} is ${listText(value)}: it must be ${wanted}`);
}

/** A window over the axes of space. */
export interface Window {
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/**
 * Padding before and after each axis.
 *
 * @throws GraphError where it is no padding, ShapeError where the window then fits nowhere
 */
export function paddingOf(
  op: string,
  padding: Padding,
  x: Tensor,
  { axes, extents }: Space,
  { window, stride, dilation }: Window,
): { readonly low: number[]; readonly high: number[] } {
  const pairs = extents.map((extent, d): readonly [number, number] => {
    if (padding === 'valid') return [0, 0];
    if (padding !== 'same') return sidesOf(op, padding, extents.length, d);
    const step = stride[d] ?? 1;
    const span = spanOf(window[d] ?? 1, dilation[d] ?? 1);
    const total = Math.max(0, (Math.ceil(extent / step) - 1) * step + span - extent);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  for (const [d, [low, high]] of pairs.entries()) {
    const along = { extent: extents[d] ?? 0, window: window[d] ?? 1, low, high, inputDilation: 1 };
    const sliding = { ...along, stride: stride[d] ?? 1, windowDilation: dilation[d] ?? 1 };
    requireSliding(op, sliding, `axis ${axes[d]}`, x.shape);
  }
  return { low: pairs.map(([low]) => low), high: pairs.map(([, high]) => high) };
}

/** Padding on both sides of axis `d` of space, where it is given in numbers. @throws GraphError where it is not */
export function sidesOf(op: string, padding: Padding, rank: number, d: number): readonly [number, number] {
  const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;
  const isList = Array.isArray(padding) && padding.length === rank;
  const own: unknown = isList ? padding[d] : padding;
  if (isCount(own)) return [own, own];
  if (Array.isArray(own)) {
    const [before, after, ...more]: readonly unknown[] = own;
    if (isList && isCount(before) && isCount(after) && more.length === 0) return [before, after];
  }
  const wanted = `same, valid, a whole number from 0 on, or a list of ${rank} of those or of [before, after]`;
  const given = Array.isArray(padding) ? `[${listed(padding.map(listText))}]` : shown(padding);
  throw new GraphError('option', op, `padding is ${given}: it must be ${wanted}`);
}
