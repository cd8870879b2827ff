import { firstRotations, parity, secondRotations } from '../../../loops/threefry.ts';
import { castTo, lowWord } from '../exporter.ts';
import { type OwnFunction, ownFunction, type Value, type Writer } from '../writer.ts';

/** `floor(a / b)` of 64-bit integers, 0 where b is 0: runtimes end a process that divides by it. */
export const floorDivide: OwnFunction = ownFunction('FloorDivide', ['a', 'b'], (w, a, b) => {
  const { quotient, isZero } = floored(w, a, b);
  return w.node('Where', [isZero, w.constant('int64', 0), quotient]);
});

/** `a - floor(a / b) · b` of 64-bit integers, which has the sign of b; 0 where b is 0. */
export const floorModulo: OwnFunction = ownFunction('FloorModulo', ['a', 'b'], (w, a, b) => {
  const { quotient, isZero, divisor } = floored(w, a, b);
  const rest = w.node('Sub', [a, w.node('Mul', [quotient, divisor])]);
  return w.node('Where', [isZero, w.constant('int64', 0), rest]);
});

function floored(
  w: Writer,
  a: Value,
  b: Value,
): { readonly quotient: Value; readonly isZero: Value; readonly divisor: Value } {
  const zero = w.constant('int64', 0);
  const isZero = w.node('Equal', [b, zero]);
  const divisor = w.node('Where', [isZero, w.constant('int64', 1), b]);
  // Towards zero: one less where something is left whose sign is not the divisor's.
  const towardsZero = w.node('Div', [a, divisor]);
  const rest = w.node('Sub', [a, w.node('Mul', [towardsZero, divisor])]);
  const hasRest = w.node('Not', [w.node('Equal', [rest, zero])]);
  const differ = w.node('Xor', [w.node('Less', [rest, zero]), w.node('Less', [divisor, zero])]);
  const less = castTo(w, w.node('And', [hasRest, differ]), 'int64');
  return { quotient: w.node('Sub', [towardsZero, less]), isZero, divisor };
}

/** 64-bit integers times 2ⁿ; 0 where n is not from 0 to 31. */
export const shiftLeft: OwnFunction = ownFunction('ShiftLeft', ['a', 'n'], (w, a, n) => {
  const zero = w.constant('int64', 0);
  const places = w.node('Clip', [n, zero, w.constant('int64', 31)]);
  const isShift = w.node('Equal', [places, n]);
  return w.node('Where', [isShift, w.node('Mul', [a, power(w, places)]), zero]);
});

/** `floor(a / 2ⁿ)` of 64-bit integers of which 32 bits count; where n is not from 0 to 31, what is left is the sign. */
export const shiftRight: OwnFunction = ownFunction('ShiftRight', ['a', 'n'], (w, a, n) => {
  const zero = w.constant('int64', 0);
  const places = w.node('Clip', [n, zero, w.constant('int64', 31)]);
  const isShift = w.node('Equal', [places, n]);
  const quotient = w.call(floorDivide, [a, power(w, places)]);
  const sign = w.node('Neg', [castTo(w, w.node('Less', [a, zero]), 'int64')]);
  return w.node('Where', [isShift, quotient, sign]);
});

/** 2ⁿ for n from 0 to 31. */
function power(w: Writer, n: Value): Value {
  const powers = w.constant(
    'int64',
    Array.from({ length: 32 }, (_, k) => 2 ** k),
    [32],
  );
  return w.node('Gather', [powers, n]);
}

/** Floats to 32-bit integers, towards zero and saturating; NaN gives 0. */
export const toInt32: OwnFunction = ownFunction('ToInt32', ['x'], (w, x) =>
  castTo(w, saturated(w, x, -(2 ** 31), 2 ** 31 - 1), 'int32'),
);

/** Floats to integers from 0 to 2³² - 1, towards zero and saturating; NaN gives 0. */
export const toWord: OwnFunction = ownFunction('ToWord', ['x'], (w, x) => saturated(w, x, 0, 2 ** 32 - 1));

/** Conversions of what does not fit are undefined, so the floats are made to fit 64-bit integers first. */
function saturated(w: Writer, x: Value, low: number, high: number): Value {
  const number = w.node('Where', [w.node('IsNaN', [x]), w.constant('float32', 0), x]);
  const near = w.node('Clip', [number, w.constant('float32', low), w.constant('float32', high + 1)]);
  return w.node('Min', [castTo(w, near, 'int64'), w.constant('int64', high)]);
}

/**
 * The first word of Threefry-2x32 with 20 rounds. Words are 64-bit integers here: what is above 32 bits is taken away where it
 * would count.
 */
export const threefry: OwnFunction = ownFunction(
  'Threefry',
  ['key0', 'key1', 'counter0', 'counter1'],
  (w, key0, key1, counter0, counter1) => {
    const key2 = w.node('BitwiseXor', [w.node('BitwiseXor', [key0, key1]), w.constant('int64', parity)]);
    const keyOf = (k: number): Value => [key0, key1, key2][k % 3] ?? key2;
    const withKey = (x0: Value, x1: Value, s: number): [Value, Value] => {
      const second = s === 0 ? keyOf(1) : w.node('Add', [keyOf(s + 1), w.constant('int64', s)]);
      return [w.node('Add', [x0, keyOf(s)]), lowWord(w, w.node('Add', [x1, second]))];
    };
    let [x0, x1] = withKey(counter0, counter1, 0);
    for (let s = 1; s <= 5; s++) {
      for (const by of s % 2 === 1 ? firstRotations : secondRotations) {
        // The first word may grow beyond 32 bits: only its low ones are seen below.
        x0 = w.node('Add', [x0, x1]);
        // A product, whose high bits come back in below: no bit of the one meets one of the other.
        const product = w.node('Mul', [x1, w.constant('int64', 2 ** by)]);
        const rotated = w.node('Add', [product, w.node('Div', [product, w.constant('int64', 2 ** 32)])]);
        x1 = lowWord(w, w.node('BitwiseXor', [rotated, x0]));
      }
      if (s < 5) [x0, x1] = withKey(x0, x1, s);
    }
    // Of the last round's second word nothing is asked.
    return lowWord(w, w.node('Add', [x0, keyOf(5)]));
  },
);
