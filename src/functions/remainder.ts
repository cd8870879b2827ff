import { define, type F32, f32, type I32, i32, type U32, u32 } from './language.ts';
import { INFINITY_BITS, leadingZeros, magnitudeBits, powerOfTwo, signBit, withSign } from './pieces.ts';

/** Binary places of the quotient that are found at once: float32 has them to within one. */
const PLACES = 20;
/** So often the longest quotient has as many: exponents are at most 276 apart, those of subnormal numbers counted. */
const STEPS = 13;

/** |x| as an integer of 24 bits, the first of which is set, times 2^(exponent - 150). */
function parts(magnitude: U32): { readonly m: U32; readonly exponent: I32 } {
  const isSmall = magnitude.lt(0x00800000).named('isSmall');
  const missing = leadingZeros(magnitude.or(1)).sub(8).named('missing');
  const normal = magnitude.and(0x007fffff).or(0x00800000);
  return {
    m: isSmall.select(magnitude.shl(missing), normal).named('m'),
    exponent: isSmall.select(i32(1).sub(missing.asI32()), magnitude.shr(23).asI32()).named('e'),
  };
}

/**
 * The remainder of x / y with the sign of x, exact (C's fmod): NaN where x is infinite or y is 0, x where y is infinite.
 *
 * By long division, twenty places at a time: a quotient in float32 is right to within one, and integers make the rest exact.
 */
export const fmod = define('fmod', 'Long division, 20 places at a time, in integers; exact.', 2, ([x, y]) => {
  const [ofX, ofY] = [magnitudeBits(x).named('ofX'), magnitudeBits(y).named('ofY')];
  const [dividend, divisor] = [parts(ofX), parts(ofY)];
  const { m } = divisor;
  const places = dividend.exponent.sub(divisor.exponent).named('places');
  const float = m.toF32().named('float');
  /** What is left of an integer modulo 2³² when its quotient by m, which is right to within one, is taken off. */
  const reduced = (quotient: F32, shifted: U32): U32 => {
    const left = shifted.sub(quotient.toI32().asU32().mul(m)).named('left');
    const raised = left.asI32().lt(0).select(left.add(m), left).named('raised');
    return raised.lt(m).select(raised, raised.sub(m)).named('rest');
  };
  const first = dividend.m.lt(m).select(dividend.m, dividend.m.sub(m)).named('rest');
  // Steps of twenty places, and before them what is over: places = 20 steps + over.
  const whole = places.lt(0).select(i32(0), places).asU32();
  const steps = whole.mul(3277).shr(16).named('steps');
  const over = whole.sub(steps.mul(PLACES)).named('over');
  const power = powerOfTwo(over.add(127));
  let rest = reduced(first.toF32().mul(power).div(float), first.shl(over));
  for (let n = 0; n < STEPS; n++) {
    const quotient = rest
      .toF32()
      .mul(2 ** PLACES)
      .div(float);
    rest = u32(n)
      .lt(steps)
      .select(reduced(quotient, rest.shl(PLACES)), rest);
  }
  // Back to a float: 2^(exponent - 150) is the product of two that are in range.
  const scale = divisor.exponent.sub(150).named('scale');
  const half = scale.shr(1).named('half');
  const unit = (exponent: I32): F32 => powerOfTwo(exponent.add(127).asU32());
  const value = withSign(
    rest
      .toF32()
      .mul(unit(half))
      .mul(unit(scale.sub(half))),
    signBit(x),
  );
  const isUndefined = ofX.ge(INFINITY_BITS).or(ofY.eq(0)).or(ofY.gt(INFINITY_BITS));
  return isUndefined.select(f32(Number.NaN), ofX.lt(ofY).select(x, value));
});
