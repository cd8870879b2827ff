import { define, f32, u32 } from './language.ts';
import { logarithm, magnitudeBits, polynomial, signBit, withSign } from './pieces.ts';

/**
 * Polynomials of the inverse of the error function over x, minimax by Lawson's iteration, with relative errors below 3.4e-8: up to 0.65
 * one of x², less 1; beyond one of w - 2.6, w = -ln(1 - x²), less 3/2; from w = 5 on one of √w - 3, less 2. The constant terms of
 * the last two stand apart.
 */
export const INVERSE_ERROR = {
  central: [
    -0.11377307454724195, 0.23202196, 0.12721495, 0.09185519, 0.025203899, 0.20826218, -0.27633306,
    0.32107052,
  ],
  middle: {
    from: 2.6,
    first: 0.02603042125701904,
    coefficients: [
      0.24576811, -0.0045403917, -0.0011660311, 0.00021556886, -6.893525e-6, -3.1912339e-6, 4.691082e-7,
      2.0784066e-8, -7.772321e-9,
    ],
  },
  far: {
    from: 3,
    first: 0.8329768180847168,
    coefficients: [
      1.001675, 0.0094448235, -0.0076378146, 0.0056895856, -0.0035965573, 0.0014793435, -5.5497436e-5,
      -0.0003051884, 0.00011326268,
    ],
  },
} as const;

/** Inverse of the error function: at most 2 ulp (measured on every 307th float). */
export const erfinv = define(
  'erfinv',
  'A polynomial of x² up to 0.65, else one of w = -ln(1 - x²), or of √w from 5 on; at most 2 ulp.',
  1,
  ([x]) => {
    const magnitude = magnitudeBits(x).named('magnitude');
    const a = x.abs().named('a');
    const z = a.mul(a).named('z');
    const central = polynomial(z, INVERSE_ERROR.central);
    // Near zero the second would be subnormal where the sum is not.
    const near = a.lt(1e-30).select(a.mul(Math.sqrt(Math.PI) / 2), a.add(a.mul(central)));
    // With h = 1 - x, exact from 1/2 on, 1 - x² is 2h (1 - h/2).
    const h = f32(1).sub(a).named('h');
    const half = h.mul(0.5).named('half');
    const other = polynomial(
      half,
      [-1.0000001, -0.49998915, -0.3336655, -0.24522491, -0.23605222, -0.02254945, -0.41390908],
    );
    const w = logarithm(h, 1, half.mul(other)).neg().named('w');
    const isFar = w.ge(5).named('isFar');
    const t = w.sub(INVERSE_ERROR.middle.from).named('t');
    const middle = polynomial(t, INVERSE_ERROR.middle.coefficients);
    const s = isFar.select(w, 5).sqrt().sub(INVERSE_ERROR.far.from).named('s');
    const far = polynomial(s, INVERSE_ERROR.far.coefficients);
    // The larger part of the factor, 1 and 1/2 or 2, is taken without a rounding.
    const rest = isFar
      .select(s.mul(far).add(INVERSE_ERROR.far.first), t.mul(middle).add(INVERSE_ERROR.middle.first))
      .named('rest');
    const large = isFar.select(a.add(a), a);
    const value = a.lt(0.65).select(near, large.add(isFar.select(0, a.mul(0.5)).add(a.mul(rest))));
    const one = u32(0x3f800000);
    const end = magnitude.eq(one).select(Infinity, Number.NaN);
    return withSign(magnitude.lt(one).select(value, end), signBit(x));
  },
);
