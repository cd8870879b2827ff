import { requireOneOf, requireOptions } from '../graph/arguments.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import { type EitherForm, inEitherForm } from '../nn/layer.ts';
import { bernoulli } from '../random/index.ts';
import {
  bySample,
  type ImageOptions,
  imageOptions,
  imagesOf,
  requireProbability,
  streamOf,
} from './images.ts';

/** Options of {@link flip}. */
export interface FlipOptions extends ImageOptions {
  /** What is mirrored: left and right, which is the default, top and bottom, or each of both by itself. */
  readonly direction?: 'horizontal' | 'vertical' | 'both';
  /** How likely each sample is mirrored; 0.5 by default. */
  readonly probability?: number;
}

type FlipArgs = [options?: FlipOptions | undefined];

/**
 * Mirrors some samples, others at each step, as Keras's `RandomFlip`. `evaluation` gives x itself. Without x it is a function,
 * for `sequential`.
 *
 * ```ts
 * const images = augment.flip(x.cast('f32').div(255));
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function flip(x: Tensor, options?: FlipOptions): Tensor<'f32'>;
export function flip(options?: FlipOptions): (x: Tensor) => Tensor<'f32'>;
export function flip(...args: EitherForm<FlipArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  return inEitherForm<FlipArgs, (x: Tensor) => Tensor<'f32'>>('augment.flip', 0, args, flipping);
}

function flipping(options: FlipOptions = {}): (x: Tensor) => Tensor<'f32'> {
  const op = 'augment.flip';
  requireOptions(op, options, ['direction', 'probability', ...imageOptions]);
  const { direction = 'horizontal', probability = 0.5, name } = options;
  requireOneOf(op, 'direction', direction, ['horizontal', 'vertical', 'both']);
  requireProbability(op, probability);
  return (x) => {
    const [images, { axes }] = imagesOf(op, x, options);
    const mirrored = axes.reduce((y, axis, d) => {
      const own = d === 0 ? 'vertical' : 'horizontal';
      if (direction !== own && direction !== 'both') return y;
      const stream = streamOf(name, direction === 'both' ? own : undefined);
      return bernoulli(y, probability, bySample(op, y), stream).where(y.flip(axis), y);
    }, images);
    return whileTraining(mirrored, images);
  };
}
