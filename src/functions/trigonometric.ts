import { define, type F32, f32, type U32, u32 } from './language.ts';
import {
  floatsOf,
  INFINITY_BITS,
  leadingZeros,
  magnitudeBits,
  polynomial,
  powerOfTwo,
  signBit,
  withSign,
} from './pieces.ts';

/** 32 zero bits, and then those of 2/π from its first place on. */
const TWO_OVER_PI = [0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];

/** |x| = (quadrant + fraction) π/2, with a fraction from -1/2 to 1/2, whose arc is `high + low`. */
interface Reduced {
  readonly quadrant: U32;
  readonly high: F32;
  readonly low: F32;
}

/**
 * The arc of |x| from the nearest multiple of π/2 (M. Payne and R. Hanek 1983), exact for every float: x is an integer m of 24
 * bits times a power of two, and of 2/π times this power only 96 bits matter, since what lies before them makes whole turns.
 */
function reduced(x: F32): Reduced {
  const magnitude = magnitudeBits(x).named('magnitude');
  const m = magnitude.and(0x007fffff).or(0x00800000).named('m');
  // The place of the first of the 96 bits, two places before the point. (Below π/4 it is not one; nor is it used.)
  const place = magnitude.shr(23).sub(120).named('place');
  const [word, shift] = [place.shr(5).named('word'), place.and(31).named('shift')];
  const words = [0, 1, 2, 3].map((k) =>
    [3, 2, 1, 0].reduce(
      (later: U32, n) => word.le(n).select(u32(TWO_OVER_PI[k + n] ?? 0), later),
      u32(TWO_OVER_PI[k + 4] ?? 0),
    ),
  );
  const [a, b, c] = words.slice(0, 3).map((upper, k) => {
    const lower = words[k + 1] ?? u32(0);
    return upper.shl(shift).or(lower.shr(1).shr(u32(31).sub(shift)));
  });
  if (a === undefined || b === undefined || c === undefined) throw new RangeError('three words');
  // m times them: quadrants modulo 4 in two bits, then 62 of the fraction.
  const carry = c.mulHigh(m).named('carry');
  const lower = b.mul(m).add(carry).named('lower');
  const upper = a
    .mul(m)
    .add(b.mulHigh(m))
    .add(lower.lt(carry).select(u32(1), u32(0)))
    .named('upper');
  const quadrant = upper.add(0x20000000).shr(30).named('quadrant');
  const signed = upper.sub(quadrant.shl(30)).named('signed');
  // The fraction without its sign, in 64 bits after the point; no float's is below 2^-30.
  const flip = signed.asI32().shr(31).asU32().named('flip');
  const [fractionHigh, fractionLow] = [signed.xor(flip), lower.xor(flip)];
  const first = fractionHigh.shl(2).or(fractionLow.shr(30)).named('first');
  const second = fractionLow.shl(2).named('second');
  const zeros = leadingZeros(first.or(1)).named('zeros');
  const digits = first.shl(zeros).or(second.shr(1).shr(u32(31).sub(zeros)));
  // Times π/2: an arc of 2^(-31 - zeros) of these.
  const { high, low } = floatsOf(digits.mulHigh(0xc90fdaa2).named('arc'));
  const unit = powerOfTwo(u32(127 - 31).sub(zeros)).named('unit');
  const sign = flip.and(0x80000000);
  const isSmall = magnitude.lt(0x3f490fdb).named('isSmall');
  return {
    quadrant: isSmall.select(u32(0), quadrant).named('turns'),
    high: isSmall.select(x.abs(), withSign(high.mul(unit), sign)).named('high'),
    low: isSmall.select(f32(0), withSign(low.mul(unit), sign)).named('low'),
  };
}

/** The sine of an arc within π/4: minimax by Lawson's iteration, relative error 1.7e-10. */
function sineOf({ high, low }: Reduced, z: F32): F32 {
  const p = polynomial(z, [-0.16666667, 0.008333379, -0.00019853072, 2.8326986e-6]);
  return high.add(low.add(high.mul(z).mul(p)));
}

/** The cosine of an arc within π/4: relative error 7.3e-12. */
function cosineOf({ high, low }: Reduced, z: F32): F32 {
  const p = polynomial(z, [0.041666668, -0.001388898, 2.4822015e-5, -2.887984e-7]);
  return f32(1).sub(z.mul(0.5).sub(z.mul(z).mul(p).sub(high.mul(low))));
}

/** Sine or cosine by the quadrant. @param turns quarter turns ahead @param sign of the result, in the sign's bit */
function turned(x: F32, turns: 0 | 1, sign: U32): F32 {
  const arc = reduced(x);
  const z = arc.high.mul(arc.high).named('z');
  const quadrant = turns === 0 ? arc.quadrant : arc.quadrant.add(turns).named('ahead');
  const value = quadrant.and(1).eq(0).select(sineOf(arc, z), cosineOf(arc, z));
  return unlessInfinite(x, withSign(value, quadrant.and(2).shl(30).xor(sign)));
}

function unlessInfinite(x: F32, value: F32): F32 {
  return magnitudeBits(x).ge(INFINITY_BITS).select(Number.NaN, value);
}

/** Sine: at most 1.2 ulp (measured on all floats). */
export const sin = define(
  'sin',
  'By quadrants, of an exact fraction of a quarter turn; at most 1.2 ulp.',
  1,
  ([x]) => turned(x, 0, signBit(x)),
);

/** Cosine: at most 1.2 ulp (measured on all floats). */
export const cos = define(
  'cos',
  'By quadrants, of an exact fraction of a quarter turn; at most 1.2 ulp.',
  1,
  ([x]) => turned(x, 1, u32(0)),
);

/** Tangent: at most 1.8 ulp (measured on all floats). */
export const tan = define(
  'tan',
  'By quadrants, of an exact fraction of a quarter turn; at most 1.8 ulp.',
  1,
  ([x]) => {
    const { quadrant, high, low } = reduced(x);
    const z = high.mul(high).named('z');
    // Minimax, relative error 1.3e-9.
    const p = polynomial(
      z,
      [0.3333335, 0.13332674, 0.054059174, 0.02128456, 0.010832266, 9.160838e-5, 0.0043761763],
    );
    const near = high.add(low.add(low.mul(z)).add(high.mul(z).mul(p))).named('near');
    const value = quadrant.and(1).eq(0).select(near, f32(-1).div(near));
    return unlessInfinite(x, withSign(value, signBit(x)));
  },
);
