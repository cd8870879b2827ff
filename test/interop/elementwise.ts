import type { Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { type Call, unsupported } from './call.ts';

/** What an operation of PyTorch is here: its results, in order. */
export type Build = (call: Call) => Tensor | readonly Tensor[];

/** A function of floats: of integers it takes them as floats. */
const real =
  (f: (x: Tensor) => Tensor): Build =>
  (call) =>
    f(call.floats(0));
/** A function that keeps the element type. */
const kept =
  (f: (x: Tensor) => Tensor): Build =>
  (call) =>
    call.tensor(0).dtype === 'bool' ? unsupported('bool') : f(call.tensor(0));
const two =
  (f: (a: Tensor, b: Tensor) => Tensor): Build =>
  (call) => {
    const [a, b] = call.pair();
    return f(a, b);
  };
const numbersOnly = (f: (a: Tensor, b: Tensor) => Tensor): Build =>
  two((a, b) => (a.dtype === 'bool' ? unsupported('bool') : f(a, b)));
const realTwo = (f: (a: Tensor, b: Tensor) => Tensor): Build =>
  two((a, b) => f(a.cast('f32'), b.cast('f32')));
const logic = (f: (a: Tensor, b: Tensor) => Tensor): Build =>
  two((a, b) => f(a.cast('bool'), b.cast('bool')));
/** Roundings leave integers as they are. */
const rounding =
  (f: (x: Tensor) => Tensor): Build =>
  (call) => {
    const x = call.tensor(0);
    return x.dtype === 'f32' ? f(x) : x.dtype === 'bool' ? unsupported('bool') : x;
  };
const alpha = (call: Call, x: Tensor): Tensor =>
  call.has('alpha') ? x.mul(x.fullLike(call.number('alpha'))) : x;

const integersOnly = (f: (a: Tensor, b: Tensor) => Tensor): Build =>
  two((a, b) => (a.dtype === 'i32' ? f(a, b) : unsupported(a.dtype)));

/** Functions of floats that are called the same. */
const unary = [
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'asinh',
  'acosh',
  'atanh',
  'exp2',
  'log2',
  'log10',
  'erfinv',
  'lgamma',
  'digamma',
] as const;

export const elementwise: Readonly<Record<string, Build>> = {
  abs: kept((x) => x.abs()),
  neg: kept((x) => x.neg()),
  sgn: kept((x) => x.sign()),
  sign: kept((x) => x.sign()),
  square: kept((x) => x.square()),
  positive: kept((x) => x),
  sqrt: real((x) => x.sqrt()),
  rsqrt: real((x) => x.rsqrt()),
  reciprocal: real((x) => x.reciprocal()),
  exp: real((x) => x.exp()),
  expm1: real((x) => x.expm1()),
  log: real((x) => x.log()),
  log1p: real((x) => x.log1p()),
  ...Object.fromEntries(unary.map((name) => [name, real((x) => x[name]())] as const)),
  polygamma: (call) => {
    const n = call.number('n', 1);
    return n === 0 || n === 1 || n === 2 ? call.floats(0).polygamma(n) : unsupported('n above 2');
  },
  atan2: realTwo((a, b) => a.atan2(b)),
  pow: (call) => {
    const [a, b] = call.pair();
    if (a.dtype === 'f32') return a.pow(b);
    return call.isNumber(1) ? a.pow(call.number('exponent', 1)) : unsupported('powers of integers');
  },
  float_power: realTwo((a, b) => a.pow(b)),
  floor_divide: numbersOnly((a, b) => a.floorDiv(b)),
  remainder: numbersOnly((a, b) => a.mod(b)),
  fmod: realTwo((a, b) => a.fmod(b)),
  bitwise_and: integersOnly((a, b) => a.bitAnd(b)),
  bitwise_or: integersOnly((a, b) => a.bitOr(b)),
  bitwise_xor: integersOnly((a, b) => a.bitXor(b)),
  bitwise_not: (call) => (call.tensor(0).dtype === 'i32' ? call.tensor(0).bitNot() : unsupported('bool')),
  bitwise_left_shift: integersOnly((a, b) => a.shiftLeft(b)),
  bitwise_right_shift: integersOnly((a, b) => a.shiftRight(b)),
  tanh: real((x) => x.tanh()),
  sigmoid: real((x) => x.sigmoid()),
  erf: real((x) => x.erf()),
  floor: rounding((x) => x.floor()),
  ceil: rounding((x) => x.ceil()),
  trunc: rounding((x) => x.trunc()),
  round: (call) => (call.has('decimals') ? unsupported('decimals') : rounding((x) => x.round())(call)),
  add: (call) => {
    const [a, b] = call.pair();
    return a.dtype === 'bool' ? unsupported('bool') : a.add(alpha(call, b));
  },
  sub: (call) => {
    const [a, b] = call.pair();
    return a.dtype === 'bool' ? unsupported('bool') : a.sub(alpha(call, b));
  },
  rsub: (call) => {
    const [a, b] = call.pair();
    return a.dtype === 'bool' ? unsupported('bool') : b.sub(alpha(call, a));
  },
  mul: numbersOnly((a, b) => a.mul(b)),
  div: (call) =>
    call.has('rounding_mode') ? unsupported('rounding_mode') : realTwo((a, b) => a.div(b))(call),
  true_divide: realTwo((a, b) => a.div(b)),
  maximum: numbersOnly((a, b) => a.maximum(b)),
  minimum: numbersOnly((a, b) => a.minimum(b)),
  lt: numbersOnly((a, b) => a.lt(b)),
  le: numbersOnly((a, b) => a.le(b)),
  gt: numbersOnly((a, b) => a.gt(b)),
  ge: numbersOnly((a, b) => a.ge(b)),
  eq: two((a, b) => a.eq(b)),
  ne: two((a, b) => a.ne(b)),
  logical_and: logic((a, b) => a.and(b)),
  logical_or: logic((a, b) => a.or(b)),
  logical_xor: logic((a, b) => a.xor(b)),
  logical_not: (call) => call.tensor(0).cast('bool').not(),
  isnan: real((x) => x.isNaN()),
  isinf: real((x) => x.isInf()),
  isfinite: real((x) => x.isFinite()),
  hypot: realTwo((a, b) => a.hypot(b)),
  copysign: realTwo((a, b) => a.copysign(b)),
  lerp: (call) =>
    call.floats(0).lerp(call.floats(1), call.has('weight', 2) ? weightOf(call) : unsupported('weight')),
  where: (call) => {
    // The samples are of the method: a first.
    const [a, condition, b] = [call.tensor(0), call.tensor(1), call.tensor(2)];
    return condition.cast('bool').where(a, b);
  },
  masked_fill: (call) => {
    const x = call.tensor(0);
    const value = call.optionalTensor('value', 2) ?? call.number('value', 2);
    return x.maskedFill(call.tensor(1), value);
  },
  clamp: (call) => {
    const x = call.tensor(0);
    const bound = (name: string, place: number): Tensor | number | undefined =>
      call.has(name, place) ? (call.optionalTensor(name, place) ?? call.number(name, place)) : undefined;
    const [low, high] = [bound('min', 1), bound('max', 2)];
    if (typeof low === 'number' && typeof high === 'number') return x.clamp(low, high);
    const above = low === undefined ? x : x.maximum(low);
    return high === undefined ? above : above.minimum(high);
  },
  'nn.functional.relu': kept((x) => x.relu()),
  'nn.functional.gelu': (call) => {
    const approximate = call.text('approximate', 1, 'none');
    return nn.gelu(call.floats(0), { approximate: approximate === 'tanh' ? 'tanh' : 'none' });
  },
  'nn.functional.silu': real(nn.silu),
  'nn.functional.mish': real(nn.mish),
  'nn.functional.hardswish': real(nn.hardswish),
  'nn.functional.selu': real(nn.selu),
  'nn.functional.elu': (call) => nn.elu(call.floats(0), call.number('alpha', 1, 1)),
  'nn.functional.celu': (call) => nn.celu(call.floats(0), call.number('alpha', 1, 1)),
  'nn.functional.leaky_relu': (call) => nn.leakyRelu(call.floats(0), call.number('negative_slope', 1, 0.01)),
  'nn.functional.logsigmoid': real(nn.logSigmoid),
  'nn.functional.softplus': (call) => {
    const [beta, threshold] = [call.number('beta', 1, 1), call.number('threshold', 2, 20)];
    const x = call.floats(0);
    return x
      .mul(beta)
      .gt(threshold)
      .where(x, nn.softplus(x.mul(beta)).div(beta));
  },
};

function weightOf(call: Call): Tensor | number {
  return call.optionalTensor('weight', 2) ?? call.number('weight', 2);
}
