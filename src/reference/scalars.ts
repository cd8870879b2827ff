import type { ElementwiseOp } from '../graph/ops/elementwise.ts';
import type { Dtype } from '../loops/dtype.ts';
import { logGamma } from './gammas.ts';
import { threefry } from './threefry.ts';

/** Formula of an operation on one element each; the element type matters for integers. */
export type Formula = (x: number, y: number, z: number, dtype: Dtype, w: number) => number;

const truth = (holds: boolean): number => (holds ? 1 : 0);

const elementwise = {
  neg: (x) => -x,
  abs: (x) => Math.abs(x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  trunc: (x) => Math.trunc(x),
  round: nearestEven,
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  log1p: (x) => Math.log1p(x),
  expm1: (x) => Math.expm1(x),
  sqrt: (x) => Math.sqrt(x),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf: errorFunction,
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.sin(x) / Math.cos(x),
  asin: (x) => Math.asin(x),
  acos: (x) => Math.acos(x),
  atan: (x) => Math.atan(x),
  atan2: (y, x) => Math.atan2(y, x),
  sinh: (x) => Math.sinh(x),
  cosh: (x) => Math.cosh(x),
  asinh: (x) => Math.asinh(x),
  acosh: (x) => Math.acosh(x),
  atanh: (x) => Math.atanh(x),
  exp2: (x) => 2 ** x,
  log2: (x) => Math.log2(x),
  log10: (x) => Math.log10(x),
  pow: (x, y) => (x === 1 || (Math.abs(x) === 1 && !Number.isFinite(y) && !Number.isNaN(y)) ? 1 : x ** y),
  cbrt: (x) => Math.sign(x) * Math.abs(x) ** (1 / 3),
  erfinv: inverseErrorFunction,
  lgamma: (x) => logGamma(x, 0),
  digamma: (x) => logGamma(x, 1),
  trigamma: (x) => logGamma(x, 2),
  tetragamma: (x) => logGamma(x, 3),
  fmod: remainder,
  relu: (x) => (x <= 0 ? 0 : x),
  not: (x) => 1 - x,
  isNan: (x) => truth(Number.isNaN(x)),
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y, _, dtype) => (dtype === 'f32' ? x * y : Math.imul(x, y)),
  div: (x, y) => x / y,
  idiv: (x, y) => (y === 0 ? 0 : (x - floorMod(x, y)) / y),
  mod: floorMod,
  bitAnd: (x, y) => x & y,
  bitOr: (x, y) => x | y,
  bitXor: (x, y) => x ^ y,
  bitNot: (x) => ~x,
  shiftLeft: (x, n) => (n < 0 || n > 31 ? 0 : x << n),
  shiftRight: (x, n, _, dtype) => {
    if (n >= 0 && n < 32) return dtype === 'u32' ? x >>> n : x >> n;
    return x < 0 ? -1 : 0;
  },
  threefry: (key0, key1, counter0, _dtype, counter1) => threefry([key0, key1], [counter0, counter1]),
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  lt: (x, y) => truth(x < y),
  le: (x, y) => truth(x <= y),
  eq: (x, y) => truth(x === y),
  ne: (x, y) => truth(x !== y),
  and: (x, y) => x * y,
  or: (x, y) => Math.max(x, y),
} satisfies Record<ElementwiseOp, Formula>;

/** The pointwise operations of the graph, by name: `where` is (condition, a, b). */
export const formulas: Readonly<Record<string, Formula>> = {
  ...elementwise,
  where: (condition, a, b) => (condition !== 0 ? a : b),
  // Composites: what they mean, of the operands behind the value written in primitives.
  softplus: (_, x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  remainder: (_, x, y) => withSignOf(y, remainder(x, y)),
  bceWithLogits: (_, x, target) => Math.max(x, 0) - x * target + Math.log1p(Math.exp(-Math.abs(x))),
};

/** A value as its type holds it: integers modulo 2³², floats as they are. */
export function wrap(x: number, dtype: Dtype): number {
  switch (dtype) {
    case 'f32':
    case 'bool':
      return x;
    case 'i32':
      return x | 0;
    case 'u32':
      return x >>> 0;
    case 'u8':
      return x & 255;
    default:
      return dtype satisfies never;
  }
}

/** Conversion to a type: towards zero and saturating for integers, NaN to 0; `x ≠ 0` for bools. */
export function convert(x: number, dtype: Dtype): number {
  if (dtype === 'f32') return x;
  if (dtype === 'bool') return truth(x !== 0);
  if (Number.isNaN(x)) return 0;
  const [low, high] = dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, dtype === 'u8' ? 255 : 2 ** 32 - 1];
  const whole = Math.trunc(x);
  return whole <= low ? low : whole >= high ? high : whole === 0 ? 0 : whole;
}

/** The remainder that has the divisor's sign, of JavaScript's, which has the dividend's; 0 by zero. */
function floorMod(x: number, y: number): number {
  return y === 0 ? 0 : withSignOf(y, x % y);
}

/** A remainder by y with the sign of y, of one with the other sign. */
function withSignOf(y: number, rest: number): number {
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
}

function nearestEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Error function: `2/√π · e^(-x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!` (DLMF 7.6.2), whose terms are all of one sign;
 * beyond 3 by the continued fraction of its complement (DLMF 7.9.1), evaluated from below.
 */
function errorFunction(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a === 0) return x;
  const scale = Math.exp(-a * a) / Math.sqrt(Math.PI);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * 1e-18; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * 2 * scale * sum;
  }
  if (a > 27) return Math.sign(x);
  let tail = 0;
  for (let n = 80; n >= 1; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - scale / (a + tail));
}

/** Where the error function is x, by halving an interval. */
function inverseErrorFunction(x: number): number {
  if (Number.isNaN(x) || Math.abs(x) > 1) return Number.NaN;
  if (Math.abs(x) === 1) return x * Infinity;
  let [low, high] = [0, 6];
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2;
    if (errorFunction(middle) < Math.abs(x)) low = middle;
    else high = middle;
  }
  return Math.abs(x) < 1e-9 ? (x * Math.sqrt(Math.PI)) / 2 : Math.sign(x) * low;
}

/** The remainder of a division that rounds towards zero, by taking off the largest doubles of the divisor. */
function remainder(x: number, y: number): number {
  const [a, b] = [Math.abs(x), Math.abs(y)];
  if (!(a < Infinity) || !(b > 0)) return Number.NaN;
  let rest = a;
  while (rest >= b) {
    let part = b;
    while (part <= rest / 2) part *= 2;
    rest -= part;
  }
  return x < 0 || Object.is(x, -0) ? -rest : rest;
}
