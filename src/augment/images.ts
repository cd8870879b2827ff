import { requireOneOf, requireOption } from '../graph/arguments.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import type { Dim } from '../loops/index.ts';
import { type Space, spaceOf } from '../nn/space.ts';
import { type StreamOptions, uniform } from '../random/index.ts';

/** Options of what is done to images. */
export interface ImageOptions {
  /** Where the channels are; `nchw` where it is left out. */
  readonly layout?: 'nchw' | 'nhwc';
  /**
   * Name of the stream of random numbers: the same ones wherever it is declared. Where a place draws several numbers a sample,
   * it names streams `NAME.rows` and the like.
   */
  readonly name?: string;
}

/** Names of the options of {@link ImageOptions}. */
export const imageOptions: readonly (keyof ImageOptions)[] = ['layout', 'name'];

/** What is computed with: floats as they are, bytes as floats from 0 to 255. @throws ShapeError for other types */
export function floatsOf(op: string, x: Tensor): Tensor<'f32'> {
  requireTensor(op, x);
  if (x.dtype === 'f32' || x.dtype === 'u8') return x.cast('f32');
  throw new ShapeError('dtype', op, `operand of type ${x.dtype}; takes f32 or u8: cast it first`);
}

/** Images as floats, and what their axes mean. @throws ShapeError where they are not `[batch, channels, height, width]` */
export function imagesOf(op: string, x: Tensor, { layout }: ImageOptions): readonly [Tensor<'f32'>, Space] {
  if (layout !== undefined) requireOneOf(op, 'layout', layout, ['nchw', 'nhwc']);
  const images = floatsOf(op, x);
  return [images, spaceOf(op, images, layout, 2)];
}

/** The shape of a number for each sample, which broadcasts to that of x. @throws ShapeError where there is no axis of samples */
export function bySample(op: string, { shape }: Tensor): readonly Dim[] {
  if (shape.length === 0) throw new ShapeError('rank', op, 'takes [batch, ...], not a scalar');
  return shape.map((dim, k) => (k === 0 ? dim : 1));
}

/** The name of one of several streams of a place: none where the place has none. */
export function streamOf(name: string | undefined, part?: string): StreamOptions {
  if (name === undefined) return {};
  return { name: part === undefined ? name : `${name}.${part}` };
}

/** A number for each sample, evenly from `low` to `high`; that number where both are one. */
export function evenly(
  op: string,
  x: Tensor,
  low: number,
  high: number,
  stream: StreamOptions,
): Tensor<'f32'> | number {
  return low === high ? low : uniform(x, bySample(op, x), { low, high, ...stream });
}

/** Requires a probability. @throws GraphError */
export function requireProbability(op: string, value: number): void {
  requireOption(op, 'probability', value, value >= 0 && value <= 1, 'a number from 0 to 1');
}

/** Requires a finite number from 0 on. @throws GraphError */
export function requireSize(op: string, name: string, value: number): void {
  const holds = value >= 0 && Number.isFinite(Math.fround(value));
  requireOption(op, name, value, holds, 'a finite number from 0 on (f32)');
}
