import { define } from './language.ts';
import { INFINITY_BITS, magnitudeBits, polynomial, signBit, withSign } from './pieces.ts';

/** Cube root: at most 0.8 ulp (measured on every 17th float), and exact for cubes. */
export const cbrt = define(
  'cbrt',
  'A third of the exponent, a polynomial, and a step from a root of 12 bits, whose square is exact; at most 0.8 ulp.',
  1,
  ([x]) => {
    const magnitude = magnitudeBits(x).named('magnitude');
    const isSmall = magnitude.lt(0x00800000).named('isSmall');
    // A subnormal is its bits times 2^-149: of 2^-150, 2^-50 is the root.
    const bits = isSmall.select(magnitude.toF32().mul(2).bits(), magnitude).named('bits');
    const a = bits.asF32().named('a');
    // To five bits, then to 22 (W. Kahan; S. Moshier's polynomial in FreeBSD's cbrt).
    const t = bits.mulHigh(0x55555556).add(709958130).asF32().named('t');
    const r = t.mul(t).mul(t.div(a)).named('r');
    const cubic = polynomial(r, [1.8759518, -1.8849798, 1.6214297, -0.75839794, 0.14599619]);
    const rough = t.mul(cubic).bits().add(0x800).and(0xfffff000).asF32().named('rough');
    const quotient = a.div(rough.mul(rough)).named('quotient');
    const step = quotient.sub(rough).div(rough.add(rough).add(quotient));
    const root = rough.add(rough.mul(step)).named('root');
    const value = withSign(isSmall.select(root.mul(2 ** -50), root), signBit(x));
    return magnitude.eq(0).or(magnitude.ge(INFINITY_BITS)).select(x, value);
  },
);
