import { requireOption, requireOptions } from '../graph/arguments.ts';
import type { InGraph, Tensor } from '../graph/index.ts';
import type { DimLike } from '../graph/shape.ts';
import { fraction } from './fraction.ts';
import { type StreamOptions, WORD_BITS, words } from './stream.ts';

/** Options of {@link uniform}. */
export interface UniformOptions extends StreamOptions {
  /** 0 by default; it may come out. */
  readonly low?: number;
  /** 1 by default; it never comes out. */
  readonly high?: number;
}

/**
 * Floats evenly from `low` (0) to below `high` (1), of a shape: multiples of 2⁻²⁴ of the distance.
 *
 * ```ts
 * const noise = random.uniform(m, x.shape, { low: -1 });
 * ```
 *
 * @param where `m`, or a tensor of the module
 * @throws GraphError where the range is not finite, in order, and wider than the least normal float
 */
export function uniform(
  where: InGraph,
  shape: readonly DimLike[],
  options: UniformOptions = {},
): Tensor<'f32'> {
  requireOptions('random.uniform', options, ['low', 'high', 'name']);
  const { low = 0, high = 1, name } = options;
  for (const [option, value] of Object.entries({ low, high }))
    requireOption('random.uniform', option, value, isFloat(value), 'a finite number (f32)');
  const isAbove = Math.fround(high) > Math.fround(low) && isFloat(high - low);
  const wanted = `above low, which is ${low}, by`;
  requireOption('random.uniform', 'high', high, isAbove, `${wanted} a finite number (f32)`);
  const isWide = Math.fround(high - low) > SMALLEST_NORMAL;
  requireOption('random.uniform', 'high', high, isWide, `${wanted} more than 2^-126, the least normal f32`);
  const unit = fraction(words('random.uniform', where, shape, name));
  if (low === 0) return unit.mul(high);
  // A sum may be rounded up to `high`.
  return unit
    .mul(high - low)
    .add(low)
    .minimum(below(high));
}

/** Whether a number is finite in float32. */
function isFloat(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** The smallest float with all of its digits (IEEE 754): targets may flush what is nearer to 0. */
const SMALLEST_NORMAL = 2 ** -126;

/** The largest float below a number, of 0 and those that no target flushes to 0. */
function below(value: number): number {
  if (value > -SMALLEST_NORMAL && value <= SMALLEST_NORMAL) return value > 0 ? 0 : -SMALLEST_NORMAL;
  const float = Math.fround(value);
  if (float < value) return float;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, float);
  view.setInt32(0, view.getInt32(0) + (float > 0 ? -1 : 1));
  return view.getFloat32(0);
}

/** Options of {@link normal}. */
export interface NormalOptions extends StreamOptions {
  /** 0 by default. */
  readonly mean?: number;
  /** 1 by default, and not negative. */
  readonly deviation?: number;
}

/**
 * Normally distributed floats of a shape: the inverse of the distribution function at one of 2³² places each, so that none
 * is further than 6.34 deviations from the mean. That inverse is Wichura's (algorithm AS 241, PPND7), at most 4e-7 off in
 * relation to it, and 1.5e-6 in all.
 *
 * ```ts
 * const noisy = x.add(random.normal(m, x.shape, { deviation: 0.1 }));
 * ```
 *
 * @param where `m`, or a tensor of the module
 */
export function normal(
  where: InGraph,
  shape: readonly DimLike[],
  options: NormalOptions = {},
): Tensor<'f32'> {
  requireOptions('random.normal', options, ['mean', 'deviation', 'name']);
  const { mean = 0, deviation = 1, name } = options;
  requireOption('random.normal', 'mean', mean, isFloat(mean), 'a finite number (f32)');
  requireOption(
    'random.normal',
    'deviation',
    deviation,
    isFloat(deviation) && deviation >= 0,
    'a finite number (f32) from 0 on',
  );
  const word = words('random.normal', where, shape, name);
  const isNegative = word.lt(HALF);
  const rest = word.bitAnd(HALF - 1);
  // Both from whole numbers: of the one near 0 no digit is lost.
  const fromMiddle = rest
    .cast('f32')
    .add(0.5)
    .mul(2 ** -WORD_BITS);
  const fromEnd = rest
    .bitXor(HALF - 1)
    .cast('f32')
    .add(0.5)
    .mul(2 ** -WORD_BITS);
  const size = quantile(fromMiddle, fromEnd);
  const standard = isNegative.where(size.neg(), size);
  const spread = deviation === 1 ? standard : standard.mul(deviation);
  return mean === 0 ? spread : spread.add(mean);
}

const HALF = 2 ** 31;

/**
 * The place above the middle of the standard normal distribution that a part of it lies beyond (Wichura, *The percentage
 * points of the normal distribution*, 1988, algorithm AS 241, PPND7 without its third range, which begins at `e⁻²⁵`). `erfinv`
 * is not it: of a place near the end its operand, near 1, has no digits left.
 *
 * @param fromMiddle part between the middle and the place, in (0, 0.5)
 * @param fromEnd    what is left of 0.5
 */
function quantile(fromMiddle: Tensor<'f32'>, fromEnd: Tensor<'f32'>): Tensor<'f32'> {
  const r = fromMiddle.square().neg().add(0.180625);
  const near = polynomial(r, [3.3871327179, 50.434271938, 159.29113202, 59.10937472])
    .div(polynomial(r, [1, 17.895169469, 78.757757664, 67.1875636]))
    .mul(fromMiddle);
  const s = fromEnd.log().neg().sqrt().sub(1.6);
  const far = polynomial(s, [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103]).div(
    polynomial(s, [1, 0.737001642, 0.12021132975]),
  );
  return fromMiddle.le(0.425).where(near, far);
}

/** By Horner's scheme, the lowest power first. */
function polynomial(x: Tensor<'f32'>, coefficients: readonly number[]): Tensor<'f32'> {
  const [highest = 0, ...lower] = [...coefficients].reverse();
  return lower.slice(1).reduce((sum, c) => sum.mul(x).add(c), x.mul(highest).add(lower[0] ?? 0));
}
