import type { Dtype } from './dtype.ts';
import { erf, erfinv } from './errorFunction.ts';
import { digamma, lgamma, tetragamma, trigamma } from './gammas.ts';
import { threefry } from './threefry.ts';

/**
 * The scalar operations: one row each. The type checker demands of every printer and interpreter one
 * spelling a row (`satisfies Record<ScalarOp, …>`).
 *
 * Special values are PyTorch's unless the row says otherwise.
 */
export interface ScalarDef {
  readonly arity: 1 | 2 | 3 | 4;
  /** What its operands may be, and what it gives: `same` gives the operands' type. */
  readonly operands: 'float' | 'number' | 'integer' | 'word' | 'bool' | 'any' | 'select' | 'listed';
  readonly result: 'same' | 'bool' | 'cast';
  /** Value in float64 (integers wrap where they are stored). Bools are 0 and 1. */
  readonly evaluate: (a: number, b: number, c: number, d: number) => number;
  /** Operand order does not matter. */
  readonly commutative?: true;
  /** Rough cost beside one addition; fusion's cost model adds it up. */
  readonly cost: number;
  readonly doc: string;
}

export type ScalarOp = keyof typeof scalarOps;

const b = (x: boolean): number => (x ? 1 : 0);
const isShift = (n: number): boolean => n >= 0 && n < 32;

export const scalarOps = {
  add: {
    arity: 2,
    operands: 'number',
    result: 'same',
    evaluate: (x, y) => x + y,
    commutative: true,
    cost: 1,
    doc: 'x + y',
  },
  sub: { arity: 2, operands: 'number', result: 'same', evaluate: (x, y) => x - y, cost: 1, doc: 'x - y' },
  mul: {
    arity: 2,
    operands: 'number',
    result: 'same',
    evaluate: (x, y) => x * y,
    commutative: true,
    cost: 1,
    doc: 'x * y',
  },
  div: {
    arity: 2,
    operands: 'float',
    result: 'same',
    evaluate: (x, y) => x / y,
    cost: 4,
    doc: 'x / y, floats only',
  },
  idiv: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, y) => (y === 0 ? 0 : Math.floor(x / y)),
    cost: 4,
    doc: 'floor(x / y) for integers; 0 where y = 0, and the least i32 by -1 is itself',
  },
  mod: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, y) => (y === 0 ? 0 : x - Math.floor(x / y) * y),
    cost: 4,
    doc: 'x - floor(x / y) * y for integers: it has the sign of y; 0 where y = 0',
  },
  bitAnd: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, y) => x & y,
    commutative: true,
    cost: 1,
    doc: 'bits that both have',
  },
  bitOr: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, y) => x | y,
    commutative: true,
    cost: 1,
    doc: 'bits that either has',
  },
  bitXor: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, y) => x ^ y,
    commutative: true,
    cost: 1,
    doc: 'bits that one of both has',
  },
  bitNot: {
    arity: 1,
    operands: 'integer',
    result: 'same',
    evaluate: (x) => ~x,
    cost: 1,
    doc: 'the bits that are not set',
  },
  shiftLeft: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    evaluate: (x, n) => (isShift(n) ? x << n : 0),
    cost: 1,
    doc: 'bits moved up by n places; 0 where n is not from 0 to 31',
  },
  shiftRight: {
    arity: 2,
    operands: 'integer',
    result: 'same',
    // For i32 and u32 alike: a floor of what is negative is the arithmetic shift.
    evaluate: (x, n) => Math.floor(x / 2 ** (isShift(n) ? n : 32)),
    cost: 1,
    doc: 'bits moved down by n places, the sign kept; where n is not from 0 to 31, none but signs',
  },
  threefry: {
    arity: 4,
    operands: 'word',
    result: 'same',
    evaluate: threefry,
    cost: 110, // beside an addition: as many instructions as a vector takes
    doc: 'threefry(key0, key1, counter0, counter1): a random word, the first of Threefry-2x32 with 20 rounds',
  },
  min: {
    arity: 2,
    operands: 'number',
    result: 'same',
    evaluate: (x, y) => Math.min(x, y),
    commutative: true,
    cost: 1,
    doc: 'the smaller; NaN if either is',
  },
  max: {
    arity: 2,
    operands: 'number',
    result: 'same',
    evaluate: (x, y) => Math.max(x, y),
    commutative: true,
    cost: 1,
    doc: 'the larger; NaN if either is',
  },
  neg: { arity: 1, operands: 'number', result: 'same', evaluate: (x) => -x, cost: 1, doc: '-x' },
  abs: { arity: 1, operands: 'number', result: 'same', evaluate: Math.abs, cost: 1, doc: '|x|' },
  sign: {
    arity: 1,
    operands: 'number',
    result: 'same',
    evaluate: Math.sign,
    cost: 1,
    doc: '-1, 0 or 1; NaN gives NaN',
  },
  floor: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.floor,
    cost: 1,
    doc: 'largest integer at most x',
  },
  ceil: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.ceil,
    cost: 1,
    doc: 'smallest integer at least x',
  },
  trunc: { arity: 1, operands: 'float', result: 'same', evaluate: Math.trunc, cost: 1, doc: 'towards zero' },
  round: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: roundHalfEven,
    cost: 1,
    doc: 'nearest integer, halves to even',
  },
  exp: { arity: 1, operands: 'float', result: 'same', evaluate: Math.exp, cost: 8, doc: 'e to the x' },
  log: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.log,
    cost: 12,
    doc: 'natural logarithm',
  },
  log1p: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.log1p,
    cost: 12,
    doc: 'log(1 + x), exact near 0',
  },
  expm1: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.expm1,
    cost: 10,
    doc: 'exp(x) - 1, exact near 0',
  },
  sqrt: { arity: 1, operands: 'float', result: 'same', evaluate: Math.sqrt, cost: 4, doc: 'square root' },
  tanh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.tanh,
    cost: 16,
    doc: 'hyperbolic tangent',
  },
  sigmoid: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    cost: 12,
    doc: '1 / (1 + exp(-x)), without overflow',
  },
  erf: { arity: 1, operands: 'float', result: 'same', evaluate: erf, cost: 16, doc: 'error function' },
  sin: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.sin,
    cost: 40,
    doc: 'sine',
  },
  cos: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.cos,
    cost: 40,
    doc: 'cosine',
  },
  tan: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.tan,
    cost: 44,
    doc: 'tangent',
  },
  asin: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.asin,
    cost: 14,
    doc: 'inverse sine, from -π/2 to π/2',
  },
  acos: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.acos,
    cost: 14,
    doc: 'inverse cosine, from 0 to π',
  },
  atan: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.atan,
    cost: 18,
    doc: 'inverse tangent, from -π/2 to π/2',
  },
  atan2: {
    arity: 2,
    operands: 'float',
    result: 'same',
    evaluate: Math.atan2,
    cost: 26,
    doc: 'atan2(y, x): the angle of the point (x, y), from -π to π',
  },
  sinh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.sinh,
    cost: 20,
    doc: 'hyperbolic sine',
  },
  cosh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.cosh,
    cost: 16,
    doc: 'hyperbolic cosine',
  },
  asinh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.asinh,
    cost: 32,
    doc: 'inverse hyperbolic sine',
  },
  acosh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.acosh,
    cost: 30,
    doc: 'inverse hyperbolic cosine',
  },
  atanh: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.atanh,
    cost: 26,
    doc: 'inverse hyperbolic tangent',
  },
  exp2: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: (x) => 2 ** x,
    cost: 12,
    doc: '2 to the x',
  },
  log2: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.log2,
    cost: 44,
    doc: 'logarithm to base 2',
  },
  log10: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.log10,
    cost: 46,
    doc: 'logarithm to base 10',
  },
  pow: {
    arity: 2,
    operands: 'float',
    result: 'same',
    evaluate: power,
    cost: 90,
    doc: 'x to the y; 1 where y = 0 or x = 1, NaN for a negative x and a y that is not an integer',
  },
  cbrt: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: Math.cbrt,
    cost: 12,
    doc: 'cube root',
  },
  erfinv: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: erfinv,
    cost: 44,
    doc: 'inverse of the error function',
  },
  lgamma: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: lgamma,
    cost: 60,
    doc: 'ln |Γ(x)|',
  },
  digamma: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: digamma,
    cost: 60,
    doc: 'the derivative of lgamma',
  },
  trigamma: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: trigamma,
    cost: 44,
    doc: 'the derivative of digamma',
  },
  tetragamma: {
    arity: 1,
    operands: 'float',
    result: 'same',
    evaluate: tetragamma,
    cost: 48,
    doc: 'the derivative of trigamma',
  },
  fmod: {
    arity: 2,
    operands: 'float',
    result: 'same',
    evaluate: (x, y) => x % y,
    cost: 200,
    doc: 'the remainder of x / y with the sign of x, exact',
  },
  relu: {
    arity: 1,
    operands: 'number',
    result: 'same',
    evaluate: (x) => (x < 0 ? 0 : x),
    cost: 1,
    doc: 'max(x, 0) that keeps a NaN',
  },
  lt: { arity: 2, operands: 'number', result: 'bool', evaluate: (x, y) => b(x < y), cost: 1, doc: 'x < y' },
  le: { arity: 2, operands: 'number', result: 'bool', evaluate: (x, y) => b(x <= y), cost: 1, doc: 'x <= y' },
  eq: {
    arity: 2,
    operands: 'any',
    result: 'bool',
    evaluate: (x, y) => b(x === y),
    commutative: true,
    cost: 1,
    doc: 'x = y',
  },
  ne: {
    arity: 2,
    operands: 'any',
    result: 'bool',
    evaluate: (x, y) => b(x !== y),
    commutative: true,
    cost: 1,
    doc: 'x ≠ y',
  },
  and: {
    arity: 2,
    operands: 'bool',
    result: 'same',
    evaluate: (x, y) => b(x !== 0 && y !== 0),
    commutative: true,
    cost: 1,
    doc: 'both',
  },
  or: {
    arity: 2,
    operands: 'bool',
    result: 'same',
    evaluate: (x, y) => b(x !== 0 || y !== 0),
    commutative: true,
    cost: 1,
    doc: 'either',
  },
  not: {
    arity: 1,
    operands: 'bool',
    result: 'same',
    evaluate: (x) => b(x === 0),
    cost: 1,
    doc: 'the opposite',
  },
  isNan: {
    arity: 1,
    operands: 'float',
    result: 'bool',
    evaluate: (x) => b(Number.isNaN(x)),
    cost: 1,
    doc: 'whether x is a NaN, tested by its bits',
  },
  select: {
    arity: 3,
    operands: 'select',
    result: 'same',
    evaluate: (c, x, y) => (c !== 0 ? x : y),
    cost: 1,
    doc: 'select(c, x, y): x where c holds, else y; only the chosen operand is evaluated',
  },
  listed: {
    arity: 4,
    operands: 'listed',
    result: 'bool',
    evaluate: (c) => c,
    cost: 1,
    doc: 'listed(c, first, count, next): c, a condition on the axis of a reduction. The compiler makes it only where the places at which c holds are known: there are `count`, from `first` on, and each names the `next`',
  },
  cast: {
    arity: 1,
    operands: 'any',
    result: 'cast',
    evaluate: (x) => x,
    cost: 1,
    doc: 'to the type of the expression: to an integer towards zero and saturating (NaN gives 0), to bool by x ≠ 0',
  },
} satisfies Record<string, ScalarDef>;

/** Whether the first operand of an operation is a condition, apart from the type of the others. */
export function takesCondition({ operands }: ScalarDef): boolean {
  return operands === 'select' || operands === 'listed';
}

/** A power by C99: `**` gives NaN for 1 to an infinite power or a NaN, and for -1 to an infinite one. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** Nearest integer, halves to even (IEEE 754 roundToIntegralTiesToEven, PyTorch's `round`). */
function roundHalfEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/**
 * Value of one application as its `dtype` stores it: floats rounded to float32 where `float32` is set,
 * integers wrapped to 32 bits, casts saturated.
 */
export function applyScalar(op: ScalarOp, args: readonly number[], dtype: Dtype, float32: boolean): number {
  const [x = 0, y = 0, z = 0, w = 0] = args;
  if (op === 'cast') return castScalar(x, dtype, float32);
  if (op === 'mul' && (dtype === 'i32' || dtype === 'u32')) return store(Math.imul(x, y), dtype, float32);
  return store((scalarOps[op] as ScalarDef).evaluate(x, y, z, w), dtype, float32);
}

function castScalar(x: number, dtype: Dtype, float32: boolean): number {
  if (dtype === 'bool') return b(x !== 0);
  if (dtype === 'f32') return float32 ? Math.fround(x) : x;
  if (Number.isNaN(x)) return 0;
  const [low, high] = dtype === 'i32' ? [-2147483648, 2147483647] : [0, 4294967295];
  // integers have no negative zero
  return Math.min(Math.max(Math.trunc(x), low), high) + 0;
}

function store(x: number, dtype: Dtype, float32: boolean): number {
  switch (dtype) {
    case 'f32':
      return float32 ? Math.fround(x) : x;
    case 'i32':
      return x | 0;
    case 'u32':
    case 'u8':
      return x >>> 0;
    case 'bool':
      return x;
    default:
      return dtype satisfies never;
  }
}
