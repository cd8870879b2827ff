import { define, type F32, f32, type I32, i32, type U32, u32 } from './language.ts';
import {
  floatsOf,
  INFINITY_BITS,
  isNan,
  leadingZeros,
  magnitudeBits,
  polynomial,
  powerOfTwo,
  withSign,
} from './pieces.ts';

/** log2(1 + f) / f for √½ <= 1 + f < √2, in units of 2^-31: minimax by Lawson's iteration, relative error 1.6e-11. */
const LOG2 = [
  3098164010, -1549082005, 1032721368, -774540818, 619629115, -516369241, 442758387, -387192779, 340953236,
  -307421641, 310854238, -306773976, 166168596,
];

/** (2^f - 1) / f for 0 <= f < 1, in units of 2^-31: absolute error 2.2e-10. */
const EXP2 = [1488522237, 515882450, 119194892, 20650481, 2875404, 313628, 44559];

/** The logarithm to base 2 of |x|, which is neither 0 nor infinite: ± digits 2^(-23 - zeros), to 31 bits. */
interface Log2 {
  readonly isNegative: U32;
  /** The first of 32 bits is set, unless the logarithm is 0. */
  readonly digits: U32;
  readonly zeros: U32;
}

/** By integers: |x| = 2^k (1 + f), and the logarithm is k + f q(f), in 64 bits of which the last has the value 2^-55. */
function log2Of(x: F32): Log2 {
  const magnitude = magnitudeBits(x).named('magnitude');
  // A subnormal is its bits times 2^-149.
  const isSmall = magnitude.lt(0x00800000).named('isSmall');
  const b = isSmall.select(magnitude.toF32().bits(), magnitude).add(0x004afb0d).named('b');
  const k = b
    .shr(23)
    .asI32()
    .sub(isSmall.select(i32(276), i32(127)))
    .named('k');
  const f = b.and(0x007fffff).add(0x3f3504f3).asF32().sub(1);
  // 2^32 f is an integer.
  const scaled = f
    .mul(2 ** 32)
    .toI32()
    .named('f');
  const slope = LOG2.slice(1).reduceRight<I32 | undefined>(
    (sum, c) => (sum === undefined ? i32(c) : sum.mulHigh(scaled).add(c)),
    undefined,
  );
  const q = u32(LOG2[0] ?? 0)
    .add((slope ?? i32(0)).mulHigh(scaled).asU32())
    .named('q');
  const distance = scaled.abs().asU32().named('distance');
  const [high, low] = [distance.mulHigh(q).named('high'), distance.mul(q).named('low')];
  // From units of 2^-63 to those of 2^-55, with the sign of f.
  const sign = scaled.shr(31).asU32().named('sign');
  const part = high.shl(24).or(low.shr(8)).xor(sign).named('part');
  const whole = high.shr(8).xor(sign).add(k.shl(23).asU32()).named('whole');
  // Of a negative one all bits are inverted: one unit less.
  const isNegative = whole.asI32().shr(31).asU32().named('isNegative');
  const [first, second] = [whole.xor(isNegative).named('first'), part.xor(isNegative).named('second')];
  const isShort = first.eq(0).named('isShort');
  const upper = isShort.select(second, first).named('upper');
  const zeros = leadingZeros(upper.or(1)).named('zeros');
  const lower = isShort.select(u32(0), second);
  const digits = upper
    .shl(zeros)
    .or(lower.shr(1).shr(u32(31).sub(zeros)))
    .named('digits');
  return { isNegative, digits, zeros: isShort.select(zeros.add(32), zeros).named('shift') };
}

/** The float of a logarithm times `digits / (digits of it)`; special values as logarithms have them. */
function logarithmOf(x: F32, { isNegative, zeros }: Log2, digits: U32): F32 {
  const { high, low } = floatsOf(digits);
  const value = high.add(low).mul(powerOfTwo(u32(127 - 23).sub(zeros)));
  const bits = x.bits().named('bits');
  const finite = withSign(value, isNegative.and(0x80000000));
  const positive = bits.ge(INFINITY_BITS).select(x, finite);
  const end = magnitudeBits(x).eq(0).select(-Infinity, Number.NaN);
  return isNan(x).select(x, bits.sub(1).ge(0x7fffffff).select(end, positive));
}

/** Logarithm to base 2, exact for powers of two: at most 0.6 ulp (measured on every 17th float). */
export const log2 = define(
  'log2',
  'Of 2^k (1 + f), k + f q(f) in integers of 64 bits; at most 0.6 ulp.',
  1,
  ([x]) => {
    const logarithm = log2Of(x);
    return logarithmOf(x, logarithm, logarithm.digits);
  },
);

/** Logarithm to base 10, exact for powers of ten: at most 0.6 ulp (measured on every 17th float). */
export const log10 = define(
  'log10',
  'The logarithm to base 2, in integers, times log10(2); at most 0.6 ulp.',
  1,
  ([x]) => {
    const logarithm = log2Of(x);
    // 2^32 log10(2).
    return logarithmOf(x, logarithm, logarithm.digits.mulHigh(0x4d104d42).named('product'));
  },
);

/** 2^x, exact for integers: at most 1.1 ulp (measured on every 17th float). */
export const exp2 = define(
  'exp2',
  '2^n 2^r with |r| <= 1/2, the second by a polynomial; at most 1.1 ulp.',
  1,
  ([x]) => {
    // Beyond these bounds the result is 0 or infinite.
    const bounded = x.lt(-151).select(-151, x.gt(129).select(129, x)).named('bounded');
    const n = bounded.round().named('n');
    const r = bounded.sub(n).named('r');
    // Minimax by Lawson's iteration: error 3.1e-9.
    const p = polynomial(r, [Math.LN2, 0.2402265, 0.055503596, 0.0096180625, 0.0013390984, 0.0001546288]);
    // Two steps: 2^n itself may lie outside of f32.
    const k = n.toI32().named('k');
    const half = k.shr(1).named('half');
    const power = (exponent: I32): F32 => powerOfTwo(exponent.add(127).asU32());
    const value = p
      .mul(r)
      .add(1)
      .mul(power(half))
      .mul(power(k.sub(half)));
    return isNan(x).select(x, value);
  },
);

/**
 * x^y: at most 1.5 ulp (measured at 8·10⁷ pairs), and exact where the result is a float of few digits (3^5 = 243). Special values
 * are those of C99: x^0 and 1^y are 1, of a NaN too; a negative number has powers with integer exponents only.
 */
export const pow = define('pow', '2^(y log2 x) in integers; at most 1.5 ulp.', 2, ([x, y]) => {
  const logarithm = log2Of(x);
  const [base, exponent] = [magnitudeBits(x).named('base'), magnitudeBits(y).named('exponent')];
  const isNegativePower = y
    .bits()
    .shr(31)
    .asI32()
    .neg()
    .asU32()
    .xor(logarithm.isNegative)
    .named('isNegativePower');
  // |y log2 x| is a product of 64 bits, high and low, with a place of its point.
  const factor = exponent.and(0x007fffff).or(0x00800000).shl(8).named('factor');
  const [high, low] = [
    logarithm.digits.mulHigh(factor).named('top'),
    logarithm.digits.mul(factor).named('bottom'),
  ];
  // To the right by so many bits, until the upper half is its integer part.
  const right = logarithm.zeros
    .add(127 + 22)
    .sub(exponent.shr(23))
    .asI32()
    .named('right');
  const amount = right.asU32().and(31).named('amount');
  const isFar = right.ge(32).named('isFar');
  const shifted = high.shr(amount).named('shifted');
  const integer = isFar.select(u32(0), shifted).named('integer');
  const near = high.shl(1).shl(u32(31).sub(amount)).or(low.shr(amount));
  const fraction = right.ge(64).select(u32(0), isFar.select(shifted, near)).named('fraction');
  // The exponent n and the rest between 0 and 1 of a negative power too.
  const rest = fraction.xor(isNegativePower).sub(isNegativePower).named('rest');
  const borrow = fraction.eq(0).select(u32(0), isNegativePower);
  const n = integer.xor(isNegativePower).sub(isNegativePower).add(borrow).asI32().named('n');
  const slope = EXP2.reduceRight<U32 | undefined>(
    (sum, c) => (sum === undefined ? u32(c) : sum.mulHigh(rest).add(c)),
    undefined,
  );
  const digits = (slope ?? u32(0)).mulHigh(rest).add(0x80000000).named('mantissa');
  // Rounded to 24 bits, or to as many as a subnormal number has.
  const isTiny = n.lt(-126).named('isTiny');
  const missing = isTiny.select(i32(-126).sub(n), i32(0)).named('missing');
  const kept = missing.gt(25).select(u32(0), digits.shr(missing.asU32())).named('kept');
  const biased = isTiny.select(i32(0), n.add(126)).asU32();
  const rounded = biased.shl(23).add(kept.shr(8)).add(kept.shr(7).and(1));
  const [zero, infinity, one] = [u32(0), u32(INFINITY_BITS), u32(0x3f800000)];
  // What is beyond all numbers, and powers of 0 and of infinities.
  const isPositive = isNegativePower.eq(0);
  const isSpecial = base.eq(0).or(base.eq(INFINITY_BITS)).or(exponent.eq(INFINITY_BITS)).named('isSpecial');
  const isGrowing = base.gt(one).select(y.bits().lt(0x80000000), y.bits().ge(0x80000000));
  const isLarge = isSpecial.select(isGrowing, isPositive).named('isLarge');
  const isBeyond = right.lt(23).or(n.gt(127)).or(isSpecial).named('isBeyond');
  const magnitude = base.eq(one).select(one, isBeyond.select(isLarge.select(infinity, zero), rounded));
  // Integers, and odd ones; infinities are even.
  const isInteger = y.floor().eq(y).or(exponent.eq(INFINITY_BITS)).named('isInteger');
  const half = y.mul(0.5);
  const isOdd = isInteger.and(exponent.lt(0x4b800000)).and(half.floor().eq(half).not());
  const isNegative = x.bits().ge(0x80000000).named('isNegativeBase');
  const sign = isNegative.and(isOdd).select(u32(0x80000000), zero);
  const isUndefined = isNegative
    .and(isInteger.not())
    .and(base.eq(0).or(base.eq(INFINITY_BITS)).not())
    .or(base.gt(INFINITY_BITS))
    .or(exponent.gt(INFINITY_BITS));
  const isOne = exponent.eq(0).or(x.bits().eq(one)).named('isOne');
  const value = isUndefined.select(f32(Number.NaN), magnitude.or(sign).asF32());
  return isOne.select(1, value);
});
