import { listText, requireOneOf, requireOptions } from '../graph/arguments.ts';
import { GraphError, stack, Tensor, whileTraining } from '../graph/index.ts';
import { type GridSampleOptions, gridSample } from '../nn/gridSample.ts';
import { type EitherForm, inEitherForm } from '../nn/layer.ts';
import { evenly, type ImageOptions, imageOptions, imagesOf, requireSize, streamOf } from './images.ts';

/** Options of {@link rotate} and {@link scale}. */
export interface ResampleOptions extends ImageOptions, Pick<GridSampleOptions, 'method' | 'padding'> {}

type RotateArgs = [most: number, options?: ResampleOptions | undefined];
type ScaleArgs = [range: readonly [low: number, high: number], options?: ResampleOptions | undefined];

const options = ['method', 'padding', ...imageOptions];

/**
 * Turns each sample around its middle by an angle from -most to most, evenly, others at each step, and reads it by
 * {@link gridSample}. `evaluation` gives x itself. Without x it is a function, for `sequential`.
 *
 * ```ts
 * const turned = augment.rotate(x, 15);
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param most in degrees
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function rotate(x: Tensor, most: number, options?: ResampleOptions): Tensor<'f32'>;
export function rotate(most: number, options?: ResampleOptions): (x: Tensor) => Tensor<'f32'>;
export function rotate(...args: EitherForm<RotateArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'augment.rotate';
  return inEitherForm<RotateArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (most, given = {}) => {
    requireSize(op, 'most', most);
    const angle = (most * Math.PI) / 180;
    return resampling(op, given, -angle, angle, (turn, aspect) => {
      const [cos, sin] = typeof turn === 'number' ? [1, 0] : [turn.cos(), turn.sin()];
      return { xx: cos, xy: times(sin, -1 / aspect), yx: times(sin, aspect), yy: cos };
    });
  });
}

/**
 * Enlarges each sample around its middle by a factor from low to high, evenly, others at each step, and reads it by
 * {@link gridSample}: below 1 it is made smaller. `evaluation` gives x itself. Without x it is a function, for `sequential`.
 *
 * ```ts
 * const nearer = augment.scale(x, [0.9, 1.2]);
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last: f32, or u8, which comes out as f32
 * @param range the least and the largest factor, above 0
 * @throws ShapeError where x has another shape; GraphError where an option is not known or out of range
 */
export function scale(
  x: Tensor,
  range: readonly [low: number, high: number],
  options?: ResampleOptions,
): Tensor<'f32'>;
export function scale(
  range: readonly [low: number, high: number],
  options?: ResampleOptions,
): (x: Tensor) => Tensor<'f32'>;
export function scale(...args: EitherForm<ScaleArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'augment.scale';
  return inEitherForm<ScaleArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (range, given = {}) => {
    const [low, high, ...more]: readonly unknown[] = Array.isArray(range) ? range : [];
    const isFactor = (n: unknown): n is number =>
      typeof n === 'number' && Math.fround(n) > 0 && Number.isFinite(Math.fround(n));
    if (!isFactor(low) || !isFactor(high) || more.length > 0 || low > high) {
      const text = `the range is ${listText(range)}: it must be [low, high], finite factors above 0 in order`;
      throw new GraphError('option', op, text);
    }
    return resampling(op, given, low, high, (factor) => {
      const inverse = typeof factor === 'number' ? 1 / factor : factor.reciprocal();
      return { xx: inverse, xy: 0, yx: 0, yy: inverse };
    });
  });
}

/** Where an element (x, y) is read, both from -1 to 1: `(xx x + xy y, yx x + yy y)`. */
type Map2d = Readonly<Record<'xx' | 'xy' | 'yx' | 'yy', Tensor<'f32'> | number>>;

function resampling(
  op: string,
  given: ResampleOptions,
  low: number,
  high: number,
  mapOf: (drawn: Tensor<'f32'> | number, aspect: number) => Map2d,
): (x: Tensor) => Tensor<'f32'> {
  requireOptions(op, given, options);
  const { method = 'bilinear', padding = 'zeros', name } = given;
  requireOneOf(op, 'method', method, ['nearest', 'bilinear']);
  requireOneOf(op, 'padding', padding, ['zeros', 'border', 'reflection']);
  return (x) => {
    const [images, { extents, isLast }] = imagesOf(op, x, given);
    const [rows = 1, columns = 1] = extents;
    const drawn = evenly(op, images, low, high, streamOf(name));
    // [batch, rows, columns], of which the last two say where an element is.
    const shape = [...images.shape.slice(0, 1), rows, columns];
    const at = (axis: 1 | 2, extent: number): Tensor<'f32'> =>
      images
        .iota(shape, axis)
        .cast('f32')
        .mul(2 / extent)
        .add(1 / extent - 1);
    const [across, down] = [at(2, columns), at(1, rows)];
    const turn = drawn instanceof Tensor ? drawn.squeeze([3]) : drawn;
    const { xx, xy, yx, yy } = mapOf(turn, columns / rows);
    const grid = stack([sumOf(across, xx, down, xy), sumOf(across, yx, down, yy)], 3);
    const layout = isLast ? 'nhwc' : 'nchw';
    return whileTraining(gridSample(images, grid, { method, padding, layout }), images);
  };
}

function times(value: Tensor<'f32'> | number, factor: number): Tensor<'f32'> | number {
  return typeof value === 'number' ? value * factor : value.mul(factor);
}

/** Sum of two products, of which one by 0 is left out. */
function sumOf(
  a: Tensor<'f32'>,
  byA: Tensor | number,
  b: Tensor<'f32'>,
  byB: Tensor | number,
): Tensor<'f32'> {
  if (byB === 0) return a.mul(byA);
  return byA === 0 ? b.mul(byB) : a.mul(byA).add(b.mul(byB));
}
