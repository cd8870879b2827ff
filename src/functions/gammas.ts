import { type Bool, define, type F32, f32 } from './language.ts';
import { INFINITY_BITS, isNan, logarithm, magnitudeBits, polynomial } from './pieces.ts';

/** Below it a negative float may lie between integers; beyond it none does. */
const MOST_FRACTIONS = 2 ** 23;

/** What lies between x and the nearest integer: exact. */
function fraction(x: F32): { readonly r: F32; readonly isInteger: Bool } {
  const r = x.sub(x.round()).named('r');
  return { r, isInteger: r.eq(0).or(x.abs().ge(MOST_FRACTIONS)) };
}

/** sin(πr) / π for |r| <= 1/2: minimax by Lawson's iteration, relative error 7.6e-11. */
function sineOfPi(r: F32): F32 {
  const z = r.mul(r).named('z');
  return r.add(r.mul(z.mul(polynomial(z, [-1.644934, 0.811742, -0.19074538, 0.026104743, -0.00221548]))));
}

/** cos(πr) for |r| <= 1/2, as the sine of what is left of a half: relative error 7.6e-11. */
function cosineOfPi(r: F32): F32 {
  return sineOfPi(f32(0.5).sub(r.abs())).mul(Math.PI);
}

/**
 * Polynomials of ln Γ beside its zeros, over the distance from each, minimax by Lawson's iteration: from 1/2 to 3/2, relative error
 * 1.2e-8, and from 3/2 to 7/2, 1.6e-8.
 */
export const LOG_GAMMA = {
  one: [
    -0.5772157, 0.822467, -0.40068513, 0.27058652, -0.20739773, 0.16928887, -0.14381023, 0.12979716,
    -0.11470247, 0.07019075, -0.0665004, 0.17297143, -0.15495032,
  ],
  two: [
    0.42278433, 0.32246703, -0.06735184, 0.02058088, -0.0073907496, 0.0028925156, -0.0011729652, 0.0004920047,
    -0.00024601104, 0.00013534683, -5.2113817e-5, 8.756378e-6,
  ],
} as const;

/**
 * ln |Γ(x)|: at most 4 ulp where x is above 0, beside its zeros 1 and 2 too; below 0, where it has others, 4 ulp of the largest of
 * itself, ln Γ(|x|) and 1. (Measured at 2.6·10⁶ floats.)
 */
export const lgamma = define(
  'lgamma',
  'By polynomials around 1 and 2, a correction of (x - 1/2) (ln x - 1), and reflection; at most 4 ulp.',
  1,
  ([x]) => {
    const a = x.abs().named('a');
    const isNegative = x.le(-0.5).named('isNegative');
    const isSmall = a.lt(0.5).named('isSmall');
    // Around 1, of |x| < 1/2 with ln Γ(x) = ln Γ(1 + x) - ln |x|: minimax by Lawson's iteration, relative error 1.2e-8.
    const t = isSmall.select(x, a.sub(1)).named('t');
    const one = t.mul(polynomial(t, LOG_GAMMA.one));
    // From 3/2 to 7/2: relative error 1.6e-8.
    const u = a.sub(2).named('u');
    const two = u.mul(polynomial(u, LOG_GAMMA.two));
    // Stirling's from there on: absolute error 1.5e-8.
    const correction = polynomial(
      f32(1).div(a),
      [0.41893855, 0.08333152, 3.7146598e-5, -0.0030418232, 0.00076097826],
    );
    const isTiny = a.lt(2 ** -100).named('isTiny');
    const logOfA = logarithm(isTiny.select(a.mul(2 ** 64), a), 0, f32(0)).named('logOfA');
    const stirling = a.sub(0.5).mul(logOfA.sub(1)).add(correction);
    const positive = a.lt(1.5).select(one, a.lt(3.5).select(two, stirling)).named('positive');
    const small = one.sub(isTiny.select(logOfA.sub(64 * Math.LN2), logOfA));
    // Reflected, by Γ(x) Γ(1 - x) = π / sin(πx).
    const { r, isInteger } = fraction(x);
    const sine = isNegative.and(isInteger.not()).select(a.mul(sineOfPi(r.abs())), 1);
    const reflected = logarithm(sine, 0, f32(0)).add(positive).neg();
    const value = isSmall.select(small, isNegative.select(reflected, positive));
    const isPole = x.le(0).and(isInteger);
    const isInfinite = magnitudeBits(x).eq(INFINITY_BITS);
    return isNan(x).select(x, isPole.or(isInfinite).select(Infinity, value));
  },
);

/** The positive zero of digamma: the bits of a float, and what it lacks in units of its last place. */
const ZERO = { bits: 0x3fbb16c3, low: 0.10433876 };

/**
 * ψ(x), the derivative of ln Γ(x): at most 2 ulp where x is above 0, beside its zero too; below 0, where it is reflected, 5 ulp of
 * the largest of itself, ψ(1 - x) and 1. (Measured at 2.6·10⁵ floats.)
 */
export const digamma = define(
  'digamma',
  'By polynomials up to 5/2, one in 1/x² beside a logarithm above, and reflection; at most 2 ulp, 5 below 0.',
  1,
  ([x]) => {
    const isNegative = x.lt(0).named('isNegative');
    // ψ(x) = ψ(-x) - 1/x - π/tan(πx) there.
    const a = x.abs().named('a');
    const inverse = f32(1).div(a).named('inverse');
    // ψ(1 + x) - 1/x: one part of 1/x cancels from 1/2 on. Minimax by Lawson's iteration, absolute errors below 7.2e-9.
    const isHalf = a.lt(0.5).named('isHalf');
    const t = a.sub(1).named('t');
    const lower = polynomial(
      a,
      [
        -0.5772157, 1.6449338, -1.2020237, 1.0815753, -1.0293546, 0.9740216, -0.85200006, 0.6226587,
        -0.33641428, 0.1146981, -0.018094882,
      ],
    ).sub(inverse);
    const upper = polynomial(
      t,
      [
        -0.5772157, 0.64493287, -0.20209223, 0.081939235, -0.038843066, 0.012864362, -0.012122413,
        0.0055471906,
      ],
    ).add(t.div(a));
    // Up to 5/2 the distance from the zero, whose bits are exact, times a polynomial: relative error 1.4e-8.
    const bits = a.bits().sub(ZERO.bits).asI32();
    const distance = a.lt(2).select(
      bits
        .toF32()
        .sub(ZERO.low)
        .mul(2 ** -23),
      a.sub(1.4616321),
    );
    const middle = distance.mul(
      polynomial(
        a.sub(1.75),
        [
          0.8581832, -0.32625464, 0.15712106, -0.082284965, 0.044784144, -0.024890989, 0.014080569,
          -0.007961115, 0.0042482982, -0.0022631874, 0.0016591985, -0.0013804473, 0.0005979814,
        ],
      ),
    );
    // Above, ln x - 1/(2x) - u p(u) with u = 1/x²: absolute error 4.8e-11.
    const u = inverse.mul(inverse).named('u');
    const p = polynomial(u, [0.08333332, -0.008332092, 0.0039280816, -0.003572797, 0.0029901448]);
    const far = logarithm(a.lt(2).select(2, a), 0, inverse.mul(0.5).add(u.mul(p)).neg());
    const near = isHalf.select(lower, a.lt(1).select(upper, middle));
    const positive = a.lt(2.5).select(near, far).named('positive');
    const { r, isInteger } = fraction(x);
    const cotangent = cosineOfPi(r).div(isInteger.select(1, sineOfPi(r)));
    const reflected = positive.add(inverse).sub(cotangent);
    const value = isNegative.select(isInteger.select(Number.NaN, reflected), positive);
    const magnitude = magnitudeBits(x).named('magnitude');
    const atZero = x.bits().eq(0).select(-Infinity, Infinity);
    const atEnd = isNegative.select(Number.NaN, Infinity);
    // Near 0 it is -1/x, in which two infinities would cancel.
    const atTiny = isNegative.select(inverse, inverse.neg());
    const finite = a.lt(2 ** -60).select(atTiny, value);
    const special = magnitude.eq(0).select(atZero, magnitude.eq(INFINITY_BITS).select(atEnd, finite));
    return isNan(x).select(x, special);
  },
);

/** 1/a² in two roundings; in three for an a whose square is not a normal number. */
function inverseSquare(a: F32): F32 {
  const inverse = f32(1).div(a);
  const isExtreme = a.lt(2 ** -60).or(a.gt(2 ** 60));
  return isExtreme.select(inverse.mul(inverse), f32(1).div(a.mul(a))).named('square');
}

/** ψ'(x), the derivative of {@link digamma}: at most 2 ulp where x is above 0, and 4 below. (Measured at 2.6·10⁵ floats.) */
export const trigamma = define(
  'trigamma',
  '1/x² and a polynomial up to 2, one in 1/x above, and reflection; at most 2 ulp, 4 below 0.',
  1,
  ([x]) => {
    const isNegative = x.lt(0).named('isNegative');
    const a = x.abs().named('a');
    const inverse = f32(1).div(a).named('inverse');
    const square = inverseSquare(a);
    // ψ'(1 + x): minimax by Lawson's iteration, relative error of ψ' 7.6e-9.
    const near = polynomial(
      a.sub(1),
      [
        0.64493406, -0.40411368, 0.24697003, -0.14771736, 0.08671605, -0.05002096, 0.028486397, -0.016405694,
        0.009306326, -0.004287655, 0.0018311082, -0.0019090817, 0.0016788226, -0.0005342989,
      ],
    );
    // x ψ' = 1 + 1/(2x) + u p(u) with u = 1/x²: error 4.8e-10.
    const p = polynomial(
      square,
      [0.16666654, -0.033322297, 0.02348604, -0.028680524, 0.036706157, -0.027193861],
    );
    const far = inverse.add(inverse.mul(inverse.mul(0.5).add(square.mul(p))));
    const positive = a.lt(2).select(near.add(square), far).named('positive');
    // ψ'(x) = (π / sin(πx))² - ψ'(1 - x), and ψ'(1 - x) = ψ'(-x) - 1/x².
    const { r, isInteger } = fraction(x);
    const sine = isInteger.select(1, sineOfPi(r)).named('sine');
    const others = a.lt(2).select(near, positive.sub(square));
    const reflected = f32(1).div(sine.mul(sine)).sub(others);
    const finite = a.lt(2 ** -60).select(square, reflected);
    const value = isNegative.select(isInteger.select(Infinity, finite), positive);
    const magnitude = magnitudeBits(x).named('magnitude');
    const atEnd = isNegative.select(Number.NaN, 0);
    const special = magnitude.eq(0).select(Infinity, magnitude.eq(INFINITY_BITS).select(atEnd, value));
    return isNan(x).select(x, special);
  },
);

/**
 * ψ''(x), the derivative of {@link trigamma}: at most 4 ulp where x is above 0; below, 7 ulp of the larger one of itself and 1.
 * (Measured at 2.6·10⁵ floats.)
 */
export const tetragamma = define(
  'tetragamma',
  '-2/x³ and a polynomial up to 2, one in 1/x above, and reflection; at most 4 ulp, 7 below 0.',
  1,
  ([x]) => {
    const isNegative = x.lt(0).named('isNegative');
    const a = x.abs().named('a');
    const inverse = f32(1).div(a).named('inverse');
    const square = inverseSquare(a);
    const isTiny = a.lt(2 ** -40).named('isTiny');
    const tiny = inverse.add(inverse).mul(inverse).mul(inverse);
    const cube = isTiny.select(tiny, f32(2).div(a.mul(a).mul(a))).named('cube');
    // -ψ''(1 + x): minimax by Lawson's iteration, relative error of ψ'' 1.6e-8.
    const near = polynomial(
      a.sub(1),
      [
        0.40411377, -0.49393937, 0.4431376, -0.3468687, 0.25038734, -0.17105632, 0.11301473, -0.073088616,
        0.043582406, -0.022624215, 0.015020572, -0.014604053, 0.009511596, -0.0024729336,
      ],
    );
    // -x² ψ'' = 1 + 1/x + u p(u) with u = 1/x²: error 8e-10.
    const p = polynomial(
      square,
      [0.49999973, -0.16663516, 0.16539752, -0.27455696, 0.5301874, -0.80858916, 0.61915916],
    );
    const far = square.add(square.mul(inverse.add(square.mul(p))));
    const positive = a.lt(2).select(near.add(cube), far).named('positive');
    // ψ''(x) = ψ''(1 - x) - 2 π³ cos(πx) / sin³(πx), and ψ''(1 - x) = ψ''(-x) + 2/x³.
    const { r, isInteger } = fraction(x);
    const sine = isInteger.select(1, sineOfPi(r)).named('sine');
    const slope = cosineOfPi(r).mul(2).div(sine.mul(sine).mul(sine));
    const others = a.lt(2).select(near, positive.sub(cube));
    const finite = isTiny.select(cube, others.neg().sub(slope));
    const value = isNegative.select(isInteger.select(Number.NaN, finite), positive.neg());
    const magnitude = magnitudeBits(x).named('magnitude');
    const atEnd = isNegative.select(Number.NaN, -0);
    const special = magnitude.eq(0).select(-Infinity, magnitude.eq(INFINITY_BITS).select(atEnd, value));
    return isNan(x).select(x, special);
  },
);
