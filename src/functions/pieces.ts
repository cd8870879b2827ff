import { type Bool, type F32, f32, type U32, u32 } from './language.ts';

/** Bits of positive infinity: what is larger, without its sign, is a NaN. */
export const INFINITY_BITS = 0x7f800000;
const SIGN_BIT = 0x80000000;

/** A polynomial by Horner's scheme. @param coefficients the lowest power first */
export function polynomial(x: F32, coefficients: readonly number[]): F32 {
  return (
    coefficients.reduceRight<F32 | undefined>(
      (sum, c) => (sum === undefined ? f32(c) : sum.mul(x).add(c)),
      undefined,
    ) ?? f32(0)
  );
}

/** The bits of |x|: in the order of the numbers, NaNs last. */
export function magnitudeBits(x: F32): U32 {
  return x.bits().and(SIGN_BIT - 1);
}

/** The sign bit of x, in its place. */
export function signBit(x: F32): U32 {
  return x.bits().and(SIGN_BIT);
}

/** Whether the sign bit is set; that of -0 is. */
export function isNegative(x: F32): Bool {
  return x.bits().ge(SIGN_BIT);
}

/** A number from 0 on with the sign of another one, or with the opposite one where the number is negative. */
export function withSign(magnitude: F32, sign: U32): F32 {
  return magnitude.bits().xor(sign).asF32();
}

export function isNan(x: F32): Bool {
  return magnitudeBits(x).gt(INFINITY_BITS);
}

/** 2ⁿ for an n from -126 to 127, plus its bias of 127. */
export function powerOfTwo(biased: U32): F32 {
  return biased.shl(23).asF32();
}

/** ln 2 in two parts (Cephes): products of the first and integers below 2¹⁵ are exact. */
const [LN2_HIGH, LN2_LOW] = [0.693359375, -2.1219444e-4];

/**
 * `ln x + more` for a normal number x above 0, by `k ln 2 + ln(1 + f)` with `√½ <= 1 + f < √2`. Of |f| < 0.42 the polynomial
 * has a relative error of 3.2e-8 (minimax by Lawson's iteration).
 *
 * @param exponent is added to k
 * @param more a small summand
 */
export function logarithm(x: F32, exponent: number, more: F32): F32 {
  const bits = x.bits().add(0x004afb0d).named('b');
  const k = bits
    .shr(23)
    .asI32()
    .sub(127 - exponent)
    .toF32()
    .named('k');
  const f = bits.and(0x007fffff).add(0x3f3504f3).asF32().sub(1).named('f');
  const tail = polynomial(
    f,
    [-0.5, 0.3333391, -0.25001335, 0.199631, -0.16577652, 0.14914508, -0.14266932, 0.08700401],
  );
  // The smallest first.
  return tail.mul(f.mul(f)).add(k.mul(LN2_LOW)).add(more).add(f).add(k.mul(LN2_HIGH));
}

/** `e^x` for |x| < 100 as `(1 + p) 2ⁿ`: p = e^r - 1 with |r| <= ln 2 / 2 by a polynomial (relative error 1.4e-8). */
export function exponential(x: F32): { readonly p: F32; readonly n: F32 } {
  const n = x.mul(Math.LOG2E).round().named('n');
  const r = x.sub(n.mul(LN2_HIGH)).sub(n.mul(LN2_LOW)).named('r');
  const q = polynomial(r, [0.49999997, 0.16666545, 0.041667465, 8.366424e-3, 1.3868316e-3]);
  return { p: q.mul(r.mul(r)).add(r), n };
}

/** An unsigned number to a float of 24 bits and what is left of it, within 2⁷: their sum is the number. */
export function floatsOf(x: U32): { readonly high: F32; readonly low: F32 } {
  const upper = x.shr(8).add(x.shr(7).and(1)).named('upper');
  return { high: upper.toF32().mul(256), low: x.sub(upper.shl(8)).asI32().toF32() };
}

/** For a number above 0 how often it can be doubled: 31 minus the place of its first bit. */
export function leadingZeros(x: U32): U32 {
  // Without the bit after the first one no rounding reaches the next power of two.
  const float = x.and(x.shr(1).xor(u32(0xffffffff))).toF32();
  return u32(127 + 31).sub(float.bits().shr(23));
}
