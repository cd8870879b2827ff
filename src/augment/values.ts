import { requireOption, requireOptions } from '../graph/arguments.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import { type EitherForm, inEitherForm } from '../nn/layer.ts';
import { normal, type StreamOptions } from '../random/index.ts';
import {
  evenly,
  floatsOf,
  type ImageOptions,
  imageOptions,
  imagesOf,
  requireSize,
  streamOf,
} from './images.ts';

type ValueArgs = [most: number, options?: StreamOptions | undefined];
type ContrastArgs = [most: number, options?: ImageOptions | undefined];

/**
 * Adds normally distributed noise to each element, other noise at each step, as Keras's `GaussianNoise`. `evaluation` gives x
 * itself. Without x it is a function, for `sequential`.
 *
 * ```ts
 * const noisy = augment.noise(x, 0.1);
 * ```
 *
 * @param x any shape: f32, or u8, which comes out as f32
 * @param deviation standard deviation, from 0 on, which gives x
 * @throws GraphError where an option is not known or out of range
 */
export function noise(x: Tensor, deviation: number, options?: StreamOptions): Tensor<'f32'>;
export function noise(deviation: number, options?: StreamOptions): (x: Tensor) => Tensor<'f32'>;
export function noise(...args: EitherForm<ValueArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'augment.noise';
  return inEitherForm<ValueArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (deviation, options = {}) => {
    requireSize(op, 'deviation', deviation);
    requireOptions(op, options, ['name']);
    return (x) => {
      const floats = floatsOf(op, x);
      if (deviation === 0) return floats;
      return whileTraining(floats.add(normal(floats, floats.shape, { deviation, ...options })), floats);
    };
  });
}

/**
 * Adds one number to all of a sample, evenly from -most to most, another at each step, as TensorFlow's `random_brightness`: values
 * may leave their range, which `clamp` ends. `evaluation` gives x itself. Without x it is a function, for `sequential`.
 *
 * ```ts
 * const lighter = augment.brightness(x, 0.2).clamp(0, 1);
 * ```
 *
 * @param x `[batch, ...]`: f32, or u8, which comes out as f32
 * @param most from 0 on, which gives x
 * @throws GraphError where an option is not known or out of range
 */
export function brightness(x: Tensor, most: number, options?: StreamOptions): Tensor<'f32'>;
export function brightness(most: number, options?: StreamOptions): (x: Tensor) => Tensor<'f32'>;
export function brightness(...args: EitherForm<ValueArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'augment.brightness';
  return inEitherForm<ValueArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (most, options = {}) => {
    requireSize(op, 'most', most);
    requireOptions(op, options, ['name']);
    return (x) => {
      const floats = floatsOf(op, x);
      return most === 0
        ? floats
        : whileTraining(floats.add(evenly(op, floats, -most, most, options)), floats);
    };
  });
}

/**
 * Moves the values of each channel of a sample away from its mean or towards it, by a factor from 1 - most to 1 + most, evenly,
 * another at each step, as TensorFlow's `random_contrast`. `evaluation` gives x itself. Without x it is a function, for
 * `sequential`.
 *
 * ```ts
 * const clearer = augment.contrast(x, 0.3);
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param most from 0, which gives x, to 1
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function contrast(x: Tensor, most: number, options?: ImageOptions): Tensor<'f32'>;
export function contrast(most: number, options?: ImageOptions): (x: Tensor) => Tensor<'f32'>;
export function contrast(...args: EitherForm<ContrastArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'augment.contrast';
  return inEitherForm<ContrastArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (most, options = {}) => {
    requireOption(op, 'most', most, most >= 0 && most <= 1, 'a number from 0 to 1');
    requireOptions(op, options, imageOptions);
    return (x) => {
      const [images, { axes }] = imagesOf(op, x, options);
      if (most === 0) return images;
      const mean = images.mean(axes, { keepDims: true });
      const factor = evenly(op, images, 1 - most, 1 + most, streamOf(options.name));
      return whileTraining(images.sub(mean).mul(factor).add(mean), images);
    };
  });
}
