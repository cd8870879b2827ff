import { LOG_GAMMA } from '../../../functions/gammas.ts';
import type { Value, Writer } from '../writer.ts';
import { inDoubles, polynomial } from './floats.ts';

// As `src/loops/gammas.ts`, with the same number of terms everywhere: there are no branches here.

/** Terms that are added before the rest is a series. */
const TERMS = 24;

/** (2k)! / B₂ₖ, with the numbers of Bernoulli, by k from 1 on. */
const BERNOULLI = [12, -720, 30240, -1209600, 47900160];

/** Whole numbers along an axis of their own, behind those of x. */
function shifted(w: Writer, x: Value, count: number): Value {
  const shifts = w.constant(
    'float64',
    Array.from({ length: count }, (_, k) => k),
    [count],
  );
  return w.node('Add', [w.node('Unsqueeze', [x, w.constant('int64', [-1], [1])]), shifts]);
}

function total(w: Writer, op: 'ReduceSum' | 'ReduceProd', x: Value): Value {
  return w.node(op, [x, w.constant('int64', [-1], [1])], { keepdims: 0 });
}

const real = (w: Writer, value: number): Value => w.constant('float64', value);

/** Hurwitz's zeta function, the sum of (q + n)^-s from n = 0 on, by Euler and Maclaurin; q > 0. */
function hurwitz(w: Writer, s: number, q: Value): Value {
  const inverse = w.node('Reciprocal', [shifted(w, q, TERMS)]);
  const raised = (x: Value, n: number): Value =>
    Array.from({ length: n - 1 }, () => x).reduce((a, b) => w.node('Mul', [a, b]), x);
  const sum = total(w, 'ReduceSum', raised(inverse, s));
  const b = w.node('Reciprocal', [w.node('Add', [q, real(w, TERMS)])]);
  let factor = s;
  const series = BERNOULLI.map((term, k) => {
    const c = factor / term;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    return c;
  });
  // In b = 1/a: b^(s-1)/(s-1) + b^s/2 + b^(s+1) · (c₀ + c₁ b² + …).
  const square = w.node('Mul', [b, b]);
  const tail = w.node('Mul', [square, polynomial(w, square, series)]);
  const head = w.node('Add', [real(w, 1 / (s - 1)), w.node('Mul', [b, real(w, 0.5)])]);
  const lead = s === 2 ? b : raised(b, s - 1);
  return w.node('Add', [sum, w.node('Mul', [lead, w.node('Add', [head, tail])])]);
}

/** What lies between x and the nearest integer, times π, and whether x is an integer, or infinite. */
function angleOf(w: Writer, x: Value): { readonly angle: Value; readonly isInteger: Value } {
  const whole = w.node('Round', [x]);
  const isInteger = w.node('Equal', [whole, x]);
  const rest = w.node('Where', [isInteger, real(w, 0), w.node('Sub', [x, whole])]);
  return { angle: w.node('Mul', [rest, real(w, Math.PI)]), isInteger };
}

/** x where it is above 0, else 1 - x, which is. */
function mirrored(w: Writer, x: Value): { readonly isNegative: Value; readonly q: Value } {
  const isNegative = w.node('LessOrEqual', [x, real(w, 0)]);
  return { isNegative, q: w.node('Where', [isNegative, w.node('Sub', [real(w, 1), x]), x]) };
}

/** ln |Γ(x)|. */
export const lgamma = inDoubles('LogGamma', (w, x) => {
  const { isNegative, q } = mirrored(w, x);
  // Stirling's series from 16 on; below, of x + 16 less the factors in between.
  const isSmall = w.node('Less', [q, real(w, 16)]);
  const a = w.node('Add', [q, w.node('Where', [isSmall, real(w, 16), real(w, 0)])]);
  const factors = total(w, 'ReduceProd', shifted(w, w.node('Where', [isSmall, q, real(w, 1)]), 16));
  const between = w.node('Where', [isSmall, w.node('Log', [factors]), real(w, 0)]);
  const b = w.node('Reciprocal', [a]);
  const u = w.node('Mul', [b, b]);
  const series = w.node('Mul', [b, polynomial(w, u, [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188])]);
  const lead = w.node('Mul', [
    w.node('Sub', [a, real(w, 0.5)]),
    w.node('Sub', [w.node('Log', [a]), real(w, 1)]),
  ]);
  const stirling = w.node('Add', [lead, w.node('Add', [series, real(w, (Math.log(2 * Math.PI) - 1) / 2)])]);
  // Beside the zeros, 1 and 2, by polynomials that are 0 there.
  const beside = (zero: number, coefficients: readonly number[]): Value => {
    const distance = w.node('Sub', [q, real(w, zero)]);
    return w.node('Mul', [distance, polynomial(w, distance, coefficients)]);
  };
  const within = (low: number, high: number): Value =>
    w.node('And', [w.node('LessOrEqual', [real(w, low), q]), w.node('Less', [q, real(w, high)])]);
  const around = w.node('Where', [within(1.5, 3.5), beside(2, LOG_GAMMA.two), beside(1, LOG_GAMMA.one)]);
  const positive = w.node('Where', [within(0.5, 3.5), around, w.node('Sub', [stirling, between])]);
  // Γ(x) Γ(1 - x) = π / sin(πx).
  const { angle, isInteger } = angleOf(w, x);
  const sine = w.node('Abs', [w.node('Sin', [angle])]);
  const pi = w.node('Div', [real(w, Math.PI), w.node('Where', [isInteger, real(w, 1), sine])]);
  const reflected = w.node('Sub', [w.node('Log', [pi]), positive]);
  const value = w.node('Where', [isNegative, reflected, positive]);
  const isPole = w.node('And', [isNegative, isInteger]);
  const ends = w.node('Or', [isPole, w.node('IsInf', [x])]);
  return w.node('Where', [ends, real(w, Infinity), value]);
});

/** ψ(x): at 0 it has the sign that PyTorch gives it. */
export const digamma = inDoubles('Digamma', (w, x) => {
  const { isNegative, q } = mirrored(w, x);
  const a = w.node('Add', [q, real(w, 16)]);
  const sum = total(w, 'ReduceSum', w.node('Reciprocal', [shifted(w, q, 16)]));
  const b = w.node('Reciprocal', [a]);
  const u = w.node('Mul', [b, b]);
  const series = polynomial(w, u, [0, 1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132]);
  const lead = w.node('Sub', [w.node('Log', [a]), w.node('Mul', [b, real(w, 0.5)])]);
  const positive = w.node('Sub', [w.node('Sub', [lead, series]), sum]);
  const { angle, isInteger } = angleOf(w, x);
  const safe = w.node('Where', [isInteger, real(w, 1), angle]);
  const cotangent = w.node('Div', [w.node('Cos', [safe]), w.node('Sin', [safe])]);
  const reflected = w.node('Sub', [positive, w.node('Mul', [cotangent, real(w, Math.PI)])]);
  const value = w.node('Where', [isNegative, reflected, positive]);
  const poles = w.node('Where', [w.node('And', [isNegative, isInteger]), real(w, Number.NaN), value]);
  // A zero's inverse has its sign.
  const isZero = w.node('Equal', [x, real(w, 0)]);
  return w.node('Where', [isZero, w.node('Div', [real(w, -1), x]), poles]);
});

/** ψ'(x). */
export const trigamma = inDoubles('Trigamma', (w, x) => {
  const { isNegative, q } = mirrored(w, x);
  const positive = hurwitz(w, 2, q);
  const { angle, isInteger } = angleOf(w, x);
  const sine = w.node('Div', [
    w.node('Sin', [w.node('Where', [isInteger, real(w, 1), angle])]),
    real(w, Math.PI),
  ]);
  const inverse = w.node('Reciprocal', [sine]);
  const reflected = w.node('Sub', [w.node('Mul', [inverse, inverse]), positive]);
  const value = w.node('Where', [isNegative, reflected, positive]);
  const poles = w.node('Where', [w.node('And', [isNegative, isInteger]), real(w, Infinity), value]);
  const isLeast = w.node('Equal', [x, real(w, -Infinity)]);
  return w.node('Where', [isLeast, real(w, Number.NaN), poles]);
});

/** ψ''(x). */
export const tetragamma = inDoubles('Tetragamma', (w, x) => {
  const { isNegative, q } = mirrored(w, x);
  const positive = w.node('Mul', [hurwitz(w, 3, q), real(w, -2)]);
  const { angle, isInteger } = angleOf(w, x);
  const safe = w.node('Where', [isInteger, real(w, 1), angle]);
  const sine = w.node('Div', [w.node('Sin', [safe]), real(w, Math.PI)]);
  const cube = w.node('Mul', [sine, w.node('Mul', [sine, sine])]);
  const term = w.node('Div', [w.node('Mul', [w.node('Cos', [safe]), real(w, -2)]), cube]);
  const value = w.node('Where', [isNegative, w.node('Add', [term, positive]), positive]);
  const poles = w.node('Where', [w.node('And', [isNegative, isInteger]), real(w, Number.NaN), value]);
  return w.node('Where', [w.node('Equal', [x, real(w, 0)]), real(w, -Infinity), poles]);
});
