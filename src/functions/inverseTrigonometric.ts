import { type Bool, define, type F32, f32 } from './language.ts';
import { INFINITY_BITS, isNan, isNegative, magnitudeBits, polynomial, signBit, withSign } from './pieces.ts';

/** Parts of a constant: a float, and what it lacks. */
const HALF_PI = { high: Math.PI / 2, low: -4.371139e-8 };
const PI = { high: Math.PI, low: -8.742278e-8 };
const QUARTER_PI = { high: Math.PI / 4, low: -2.1855694e-8 };

/** atan q - q for |q| <= 1: minimax by Lawson's iteration, relative error of atan 2.7e-9. */
function bend(q: F32): F32 {
  const z = q.mul(q).named('z');
  const p = polynomial(
    z,
    [
      -0.333333, 0.1999853, -0.14264014, 0.10950861, -0.08399209, 0.057878915, -0.031093631, 0.010866363,
      -0.001782176,
    ],
  );
  return q.mul(z.mul(p));
}

/** Inverse tangent: at most 1.3 ulp (measured on a fifth of all floats). */
export const atan = define(
  'atan',
  'A polynomial up to 1, else π/2 - atan(1 / x); at most 1.3 ulp.',
  1,
  ([x]) => {
    const a = x.abs().named('a');
    const isLarge = a.gt(1).named('isLarge');
    const q = isLarge.select(f32(-1).div(a), a).named('q');
    const near = q.add(bend(q).add(isLarge.select(HALF_PI.low, 0)));
    const value = isLarge.select(HALF_PI.high, 0).add(near);
    const isInfinite = magnitudeBits(x).eq(INFINITY_BITS);
    return isNan(x).select(x, withSign(isInfinite.select(HALF_PI.high, value), signBit(x)));
  },
);

/**
 * The angle of the point (y, x), of two parameters in this order: at most 2 ulp (1.6 at 2·10⁷ pairs). Zeros
 * and infinities are those of C99.
 */
export const atan2 = define(
  'atan2',
  'The angle of (y, x), here x and y: by the tangent or cotangent up to 1, from the nearest axis; at most 2 ulp.',
  2,
  ([y, x]) => {
    const [v, h] = [magnitudeBits(y).named('v'), magnitudeBits(x).named('h')];
    const isSteep = v.gt(h).named('isSteep');
    const [larger, smaller] = [isSteep.select(v, h).named('larger'), isSteep.select(h, v).named('smaller')];
    // A quotient of moderate numbers: those of the largest and of subnormal ones are not to be relied on.
    const scale = larger
      .gt(0x5f800000)
      .select(2 ** -64, larger.lt(0x1f800000).select(2 ** 64, 1))
      .named('scale');
    const divisor = larger.eq(0).select(1, larger.asF32().mul(scale));
    const quotient = smaller.asF32().mul(scale).div(divisor);
    const isDiagonal = smaller.eq(INFINITY_BITS);
    const ratio = isDiagonal.select(1, larger.eq(INFINITY_BITS).select(0, quotient));
    // From the axis at 0, π/2 or π on, towards the larger angle or the smaller one.
    const isLeft = isNegative(x).named('isLeft');
    const falls = isSteep.select(isLeft.not(), isLeft).named('falls');
    const q = falls.select(ratio.neg(), ratio).named('q');
    const axis = (part: 'high' | 'low'): F32 =>
      isSteep.select(HALF_PI[part], isLeft.select(PI[part], f32(0)));
    const value = axis('high').add(q.add(bend(q).add(axis('low'))));
    const signed = withSign(value, signBit(y));
    return v.gt(INFINITY_BITS).or(h.gt(INFINITY_BITS)).select(Number.NaN, signed);
  },
);

/** What asin and acos share: asin s - s for the s of which the angle is made, s = |x|, or √((1 - |x|) / 2) above 1/2. */
function arc(x: F32): {
  readonly isLarge: Bool;
  readonly s: F32;
  readonly rest: F32;
  readonly isOutside: Bool;
} {
  const a = x.abs().named('a');
  const isLarge = a.gt(0.5).named('isLarge');
  const isOutside = magnitudeBits(x).gt(0x3f800000).named('isOutside');
  const square = isLarge.select(f32(1).sub(a).mul(0.5), a.mul(a)).named('square');
  const s = isLarge.select(isOutside.select(0, square).sqrt(), a).named('s');
  // Minimax by Lawson's iteration, relative error of asin 5e-9.
  const p = polynomial(square, [0.16666754, 0.07495252, 0.04547604, 0.024152093, 0.042211797]);
  return { isLarge, s, rest: s.mul(square.mul(p)).named('rest'), isOutside };
}

/** Inverse sine: at most 1.7 ulp (measured on all floats from 2⁻¹² to 1; below it is x to half an ulp). */
export const asin = define(
  'asin',
  'A polynomial up to 1/2, else π/2 - 2 asin √((1 - x) / 2); at most 1.7 ulp.',
  1,
  ([x]) => {
    const { isLarge, s, rest, isOutside } = arc(x);
    const half = f32(QUARTER_PI.high).sub(s.add(rest.sub(QUARTER_PI.low)));
    const value = isLarge.select(half.add(half), s.add(rest));
    return isOutside.select(Number.NaN, withSign(value, signBit(x)));
  },
);

/** Inverse cosine: at most 1.2 ulp (measured on every 17th float). */
export const acos = define(
  'acos',
  'π/2 - asin x up to 1/2, else 2 asin √((1 - x) / 2); at most 1.2 ulp.',
  1,
  ([x]) => {
    const { isLarge, s, rest, isOutside } = arc(x);
    const sign = signBit(x);
    const central = f32(HALF_PI.high).sub(withSign(s, sign).add(withSign(rest, sign).sub(HALF_PI.low)));
    const half = s.add(rest);
    const halfLeft = f32(HALF_PI.high).sub(s.add(rest.sub(HALF_PI.low)));
    const end = isNegative(x).select(halfLeft, half).named('end');
    return isOutside.select(Number.NaN, isLarge.select(end.add(end), central));
  },
);
