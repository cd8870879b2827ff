import { requireOption, requireOptions } from '../graph/arguments.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import { type EitherForm, inEitherForm } from '../nn/layer.ts';
import { type PerAxis, perAxis } from '../nn/space.ts';
import { bernoulli, integers } from '../random/index.ts';
import {
  bySample,
  type ImageOptions,
  imageOptions,
  imagesOf,
  requireProbability,
  streamOf,
} from './images.ts';

/** Options of {@link cutout}. */
export interface CutoutOptions extends ImageOptions {
  /** What stands in the place of what is cut out; 0 by default. */
  readonly fill?: number;
  /** How likely something of a sample is cut out; 1 by default. */
  readonly probability?: number;
}

type CutoutArgs = [size: PerAxis, options?: CutoutOptions | undefined];

/**
 * Erases a rectangle of each sample (DeVries and Taylor, 2017), of all channels, around an element of the image, every one alike,
 * another at each step: at the ends less of it lies within. `evaluation` gives x itself. Without x it is a function, for
 * `sequential`.
 *
 * ```ts
 * const pierced = augment.cutout(x, 8);
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param size rows and columns of the rectangle, a number for both or `[rows, columns]`
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function cutout(x: Tensor, size: PerAxis, options?: CutoutOptions): Tensor<'f32'>;
export function cutout(size: PerAxis, options?: CutoutOptions): (x: Tensor) => Tensor<'f32'>;
export function cutout(...args: EitherForm<CutoutArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  return inEitherForm<CutoutArgs, (x: Tensor) => Tensor<'f32'>>('augment.cutout', 1, args, cutting);
}

function cutting(size: PerAxis, options: CutoutOptions = {}): (x: Tensor) => Tensor<'f32'> {
  const op = 'augment.cutout';
  requireOptions(op, options, ['fill', 'probability', ...imageOptions]);
  const { fill = 0, probability = 1, name } = options;
  const sides = perAxis(op, 'size', size, 2, 1);
  requireOption(op, 'fill', fill, Number.isFinite(Math.fround(fill)), 'a finite number (f32)');
  requireProbability(op, probability);
  return (x) => {
    const [images, { axes, extents }] = imagesOf(op, x, options);
    const shape = bySample(op, images);
    const within = axes.map((axis, d) => {
      const [side = 1, extent = 1] = [sides[d], extents[d]];
      const middle = integers(images, 0, extent, shape, streamOf(name, d === 0 ? 'rows' : 'columns'));
      const from = images.iotaLike(axis).sub(middle.sub(Math.floor(side / 2)));
      return from.ge(0).and(from.lt(side));
    });
    const isCut = within.reduce((a, b) => a.and(b));
    const isChosen =
      probability === 1 ? isCut : isCut.and(bernoulli(images, probability, shape, streamOf(name, 'samples')));
    return whileTraining(isChosen.where(fill, images), images);
  };
}
