import { requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, type Tensor, whileTraining } from '../graph/index.ts';
import { dimAt } from '../graph/shape.ts';
import { extentOf } from '../loops/index.ts';
import { type EitherForm, inEitherForm } from '../nn/layer.ts';
import { type PerAxis, perAxis, type Space } from '../nn/space.ts';
import { integers } from '../random/index.ts';
import { bySample, type ImageOptions, imageOptions, imagesOf, streamOf } from './images.ts';

/** What stands outside of an image: a number, or its nearest element. */
export type Fill = number | 'edge';

/** Options of {@link shift}. */
export interface ShiftOptions extends ImageOptions {
  /** What comes in from outside of the image; 0 by default. */
  readonly fill?: Fill;
}

/** Options of {@link crop}. */
export interface CropOptions extends ShiftOptions {
  /** How many rows and columns are added on each side before; 0 by default. */
  readonly padding?: PerAxis;
}

type ShiftArgs = [most: PerAxis, options?: ShiftOptions | undefined];
type CropArgs = [size: PerAxis, options?: CropOptions | undefined];

/**
 * Moves each sample by whole rows and columns, at most so many in each direction, each distance alike, others at each step.
 * `evaluation` gives x itself. Without x it is a function, for `sequential`.
 *
 * ```ts
 * const moved = augment.shift(x, 2); // up to two pixels
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param most whole number from 0 on, or one for rows and one for columns
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function shift(x: Tensor, most: PerAxis, options?: ShiftOptions): Tensor<'f32'>;
export function shift(most: PerAxis, options?: ShiftOptions): (x: Tensor) => Tensor<'f32'>;
export function shift(...args: EitherForm<ShiftArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  return inEitherForm<ShiftArgs, (x: Tensor) => Tensor<'f32'>>(
    'augment.shift',
    1,
    args,
    (most, options = {}) => {
      const op = 'augment.shift';
      requireOptions(op, options, ['fill', ...imageOptions]);
      const padding = perAxis(op, 'most', most, 2, 0);
      return cropping(op, undefined, padding, options);
    },
  );
}

/**
 * A part of each sample, at a place of its own, every one alike, others at each step, as torchvision's `RandomCrop`: with as many
 * rows and columns as before and a `padding` it is what CIFAR is trained with. `evaluation` takes the middle. Without x it is a
 * function, for `sequential`.
 *
 * ```ts
 * const parts = augment.crop(x, 32, { padding: 4 });
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param size rows and columns of the part, a number for both or `[rows, columns]`
 * @throws ShapeError where x has another shape; GraphError where the part is larger than the padded image, or an option is not
 *   known or out of range
 */
export function crop(x: Tensor, size: PerAxis, options?: CropOptions): Tensor<'f32'>;
export function crop(size: PerAxis, options?: CropOptions): (x: Tensor) => Tensor<'f32'>;
export function crop(...args: EitherForm<CropArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  return inEitherForm<CropArgs, (x: Tensor) => Tensor<'f32'>>(
    'augment.crop',
    1,
    args,
    (size, options = {}) => {
      const op = 'augment.crop';
      requireOptions(op, options, ['fill', 'padding', ...imageOptions]);
      const padding = perAxis(op, 'padding', options.padding ?? 0, 2, 0);
      return cropping(op, perAxis(op, 'size', size, 2, 1), padding, options);
    },
  );
}

/** @param size rows and columns; those of the image where it is left out */
function cropping(
  op: string,
  size: readonly number[] | undefined,
  padding: readonly number[],
  options: ShiftOptions,
): (x: Tensor) => Tensor<'f32'> {
  const { fill = 0, name } = options;
  if (fill !== 'edge')
    requireOption(op, 'fill', fill, Number.isFinite(Math.fround(fill)), 'a finite number (f32), or "edge"');
  return (x) => {
    const [images, space] = imagesOf(op, x, options);
    const wanted = size ?? space.extents;
    const along = space.axes.map((axis, d) => partAlong(op, space, axis, d, wanted, padding));
    const random = along.reduce((y, { axis, count, before, most }, d) => {
      if (most === 0) return fixed(y, axis, count, -before, fill);
      const first = integers(
        y,
        -before,
        most + 1 - before,
        bySample(op, y),
        streamOf(name, d === 0 ? 'rows' : 'columns'),
      );
      return placed(y, axis, count, first, fill);
    }, images);
    const middle = along.reduce(
      (y, { axis, count, before, most }) => fixed(y, axis, count, Math.floor(most / 2) - before, fill),
      images,
    );
    return whileTraining(random, middle);
  };
}

/** A part along an axis of space. */
interface Part {
  readonly axis: number;
  /** How many elements it has. */
  readonly count: number;
  /** Where the first place of a part lies before the image. */
  readonly before: number;
  /** Distance of the last place from the first. */
  readonly most: number;
}

function partAlong(
  op: string,
  { extents }: Space,
  axis: number,
  d: number,
  wanted: readonly number[],
  padding: readonly number[],
): Part {
  const [extent = 0, count = 0, before = 0] = [extents[d], wanted[d], padding[d]];
  const most = extent + 2 * before - count;
  if (most >= 0) return { axis, count, before, most };
  const there = `there are ${extent}${before === 0 ? '' : `, and ${before} on each side`}`;
  throw new GraphError('option', op, `size is ${count} ${d === 0 ? 'rows' : 'columns'}: ${there}`);
}

/** So many elements of an axis from a place of its own for each sample on; those outside are filled. */
function placed(x: Tensor<'f32'>, axis: number, count: number, first: Tensor, fill: Fill): Tensor<'f32'> {
  const shape = x.shape.with(axis, count);
  const places = x.iota(shape, axis).add(first);
  const found = x.takeAlongAxis(places, axis);
  if (fill === 'edge') return found;
  const isInside = places.ge(0).and(places.lt(extentOf(dimAt(x.shape, axis))));
  return isInside.where(found, fill);
}

/** The same from one place on for all samples: no further from the image on one side than on the other, or within it. */
function fixed(x: Tensor<'f32'>, axis: number, count: number, first: number, fill: Fill): Tensor<'f32'> {
  const along = (own: number, other: number): number[] => x.shape.map((_, k) => (k === axis ? own : other));
  if (first >= 0)
    return x.slice(
      along(first, 0),
      x.shape.map((dim, k) => (k === axis ? first + count : extentOf(dim))),
    );
  const after = count + first - extentOf(dimAt(x.shape, axis));
  return x.pad(along(-first, 0), along(after, 0), fill === 'edge' ? { mode: 'replicate' } : fill);
}
