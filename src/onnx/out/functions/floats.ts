import { INVERSE_ERROR } from '../../../functions/errorFunction.ts';
import { castTo } from '../exporter.ts';
import { type OwnFunction, ownFunction, type Value, type Writer } from '../writer.ts';

/** A function of floats that is computed in float64, where ONNX has no operator, or none that keeps the digits. */
export function inDoubles(name: string, build: (w: Writer, x: Value) => Value): OwnFunction {
  return ownFunction(name, ['x'], (w, x) => castTo(w, build(w, castTo(w, x, 'float64')), 'float32'));
}

/** `Σ coefficients[k] · x^k`. */
export function polynomial(w: Writer, x: Value, coefficients: readonly number[]): Value {
  const [last = 0, ...others] = coefficients.toReversed();
  return others.reduce(
    (sum, c) => w.node('Add', [w.node('Mul', [sum, x]), w.constant('float64', c)]),
    w.constant('float64', last),
  );
}

/** W. Kahan's: the logarithm of what 1 + x is rounded to, times what that rounding has done to x. */
export const log1p = inDoubles('Log1p', (w, x) => {
  const one = w.constant('float64', 1);
  const sum = w.node('Add', [one, x]);
  const grown = w.node('Sub', [sum, one]);
  const corrected = w.node('Mul', [w.node('Log', [sum]), w.node('Div', [x, grown])]);
  // Where 1 + x is 1, or infinite, there is nothing to correct.
  const isNear = w.node('Equal', [grown, w.constant('float64', 0)]);
  const isInfinite = w.node('IsInf', [sum], { detect_negative: 0 });
  return w.node('Where', [w.node('Or', [isNear, isInfinite]), x, corrected]);
});

/** W. Kahan's, as {@link log1p}. */
export const expm1 = inDoubles('Expm1', (w, x) => {
  const one = w.constant('float64', 1);
  const power = w.node('Exp', [x]);
  const less = w.node('Sub', [power, one]);
  const corrected = w.node('Mul', [less, w.node('Div', [x, w.node('Log', [power])])]);
  const isNear = w.node('Equal', [power, one]);
  // Below -40 it is -1, above 100 no float holds it: neither has a quotient that is finite everywhere.
  const isFar = w.node('Greater', [w.node('Abs', [x]), w.constant('float64', 40)]);
  return w.node('Where', [isNear, x, w.node('Where', [isFar, less, corrected])]);
});

/** `2^x`. */
export const exp2 = inDoubles('Exp2', (w, x) =>
  w.node('Exp', [w.node('Mul', [x, w.constant('float64', Math.LN2)])]),
);

/** The logarithm to base 2. */
export const log2 = inDoubles('Log2', (w, x) =>
  w.node('Div', [w.node('Log', [x]), w.constant('float64', Math.LN2)]),
);

/** The logarithm to base 10. */
export const log10 = inDoubles('Log10', (w, x) =>
  w.node('Div', [w.node('Log', [x]), w.constant('float64', Math.LN10)]),
);

/** The real cube root, which has the sign of x. */
export const cbrt = inDoubles('Cbrt', (w, x) => {
  const root = w.node('Pow', [w.node('Abs', [x]), w.constant('float64', 1 / 3)]);
  // A zero keeps its sign.
  const isZero = w.node('Equal', [x, w.constant('float64', 0)]);
  return w.node('Where', [isZero, x, w.node('Mul', [w.node('Sign', [x]), root])]);
});

/** Towards zero. */
export const trunc: OwnFunction = ownFunction('Trunc', ['x'], (w, x) => {
  const isNegative = w.node('Less', [x, w.constant('float32', 0)]);
  return w.node('Where', [isNegative, w.node('Ceil', [x]), w.node('Floor', [x])]);
});

/** The angle of the point (x, y), by the arc of the smaller coordinate over the larger. */
export const atan2: OwnFunction = ownFunction('Atan2', ['y', 'x'], (w, y, x) => {
  const zero = w.constant('float32', 0);
  const [b, a] = [w.node('Abs', [y]), w.node('Abs', [x])];
  const [small, large] = [w.node('Min', [a, b]), w.node('Max', [a, b])];
  // Of two zeros and two infinities the quotient is NaN, and the angle is known.
  const isZero = w.node('Equal', [large, zero]);
  const isDiagonal = w.node('And', [w.node('IsInf', [small]), w.node('IsInf', [large])]);
  const one = w.constant('float32', 1);
  const quotient = w.node('Div', [small, w.node('Where', [isZero, one, large])]);
  const arc = w.node('Atan', [w.node('Where', [isDiagonal, one, quotient])]);
  const isSteep = w.node('Less', [a, b]);
  const first = w.node('Where', [isSteep, w.node('Sub', [w.constant('float32', Math.PI / 2), arc]), arc]);
  const isLeft = signBit(w, x);
  const angle = w.node('Where', [isLeft, w.node('Sub', [w.constant('float32', Math.PI), first]), first]);
  const signed = w.node('Where', [signBit(w, y), w.node('Neg', [angle]), angle]);
  // Comparisons with NaN do not hold.
  const isNan = w.node('Or', [w.node('IsNaN', [x]), w.node('IsNaN', [y])]);
  return w.node('Where', [isNan, w.constant('float32', Number.NaN), signed]);
});

/** Whether floats have a sign: a zero's is seen in its inverse. */
function signBit(w: Writer, x: Value): Value {
  const zero = w.constant('float32', 0);
  const isZero = w.node('Equal', [x, zero]);
  const inverse = w.node('Reciprocal', [x]);
  return w.node('Less', [w.node('Where', [isZero, inverse, x]), zero]);
}

/** By the polynomials of `src/functions/errorFunction.ts`. */
export const erfinv = inDoubles('Erfinv', (w, x) => {
  const { central, middle, far } = INVERSE_ERROR;
  const constant = (value: number): Value => w.constant('float64', value);
  const a = w.node('Abs', [x]);
  const one = constant(1);
  const product = (p: Value, q: Value): Value => w.node('Mul', [p, q]);
  const near = w.node('Add', [a, product(a, polynomial(w, product(a, a), central))]);
  const rest = product(w.node('Sub', [one, a]), w.node('Add', [one, a]));
  const depth = w.node('Neg', [w.node('Log', [rest])]);
  const ofMiddle = polynomial(w, w.node('Sub', [depth, constant(middle.from)]), [
    middle.first,
    ...middle.coefficients,
  ]);
  const root = w.node('Sqrt', [w.node('Max', [depth, constant(5)])]);
  const ofFar = polynomial(w, w.node('Sub', [root, constant(far.from)]), [far.first, ...far.coefficients]);
  const isFar = w.node('GreaterOrEqual', [depth, constant(5)]);
  const factor = w.node('Where', [
    isFar,
    w.node('Add', [ofFar, constant(2)]),
    w.node('Add', [ofMiddle, constant(1.5)]),
  ]);
  const value = w.node('Where', [w.node('Less', [a, constant(0.65)]), near, product(a, factor)]);
  // At 1 the logarithm is infinite, beyond it NaN.
  const ended = w.node('Where', [w.node('Equal', [a, one]), constant(Infinity), value]);
  const isOutside = w.node('Greater', [a, one]);
  const known = w.node('Where', [isOutside, constant(Number.NaN), ended]);
  const isNegative = w.node('Less', [x, constant(0)]);
  return w.node('Where', [isNegative, w.node('Neg', [known]), known]);
});

/** `x - trunc(x / y) · y` with the sign of y, exact as `fmod` is. */
export const remainder: OwnFunction = ownFunction('Remainder', ['x', 'y'], (w, x, y) => {
  const zero = w.constant('float32', 0);
  const rest = w.node('Mod', [x, y], { fmod: 1 });
  const isOther = w.node('Xor', [w.node('Less', [rest, zero]), w.node('Less', [y, zero])]);
  const hasRest = w.node('Not', [w.node('Equal', [rest, zero])]);
  return w.node('Where', [w.node('And', [hasRest, isOther]), w.node('Add', [rest, y]), rest]);
});
