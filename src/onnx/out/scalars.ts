import type { Node } from '../../graph/index.ts';
import type { ElementwiseOp } from '../../graph/ops/elementwise.ts';
import type { Dtype } from '../../loops/index.ts';
import { castTo, constantIn, type Exporter, lowWord, type OnnxRow, operandOf } from './exporter.ts';
import { atan2, cbrt, erfinv, exp2, expm1, log1p, log2, log10, trunc } from './functions/floats.ts';
import { digamma, lgamma, tetragamma, trigamma } from './functions/gammas.ts';
import {
  floorDivide,
  floorModulo,
  shiftLeft,
  shiftRight,
  threefry,
  toInt32,
  toWord,
} from './functions/integers.ts';
import { computedTypes } from './tensors.ts';
import type { OwnFunction, Value, Writer } from './writer.ts';

/** What a scalar operation is of operands that are not yet broadcast. @param dtype of the operands */
type ScalarRow = (w: Writer, operands: readonly Value[], dtype: Dtype) => Value;

/** An operator of ONNX that means the same. */
function operator(op: string): ScalarRow {
  return (w, operands) => w.node(op, operands);
}

/** A function that every model brings with it that needs it. */
function called(own: OwnFunction): ScalarRow {
  return (w, operands) => w.call(own, operands);
}

/** An operator on integers that may leave the 32 bits of `u32`, which are computed in 64. */
function wrapping(op: string): ScalarRow {
  return (w, operands, dtype) => {
    const value = w.node(op, operands);
    return dtype === 'u32' ? lowWord(w, value) : value;
  };
}

/** A function of 64-bit integers, whose result is taken back to the operands' type. */
function wide(own: OwnFunction): ScalarRow {
  return (w, operands, dtype) => {
    if (dtype === 'u32') return lowWord(w, w.call(own, operands));
    const value = w.call(
      own,
      operands.map((x) => castTo(w, x, 'int64')),
    );
    // The low 32 bits: what runtimes do where integers do not fit.
    return castTo(w, value, 'int32');
  };
}

function first([x = '']: readonly Value[]): Value {
  return x;
}

const rows = {
  add: wrapping('Add'),
  sub: wrapping('Sub'),
  mul: wrapping('Mul'),
  div: operator('Div'),
  idiv: wide(floorDivide),
  mod: wide(floorModulo),
  bitAnd: operator('BitwiseAnd'),
  bitOr: operator('BitwiseOr'),
  bitXor: operator('BitwiseXor'),
  bitNot: wrapping('BitwiseNot'),
  shiftLeft: wide(shiftLeft),
  shiftRight: wide(shiftRight),
  threefry: called(threefry),
  min: operator('Min'),
  max: operator('Max'),
  neg: wrapping('Neg'),
  abs: (w, [x = ''], dtype) => (dtype === 'u32' ? x : w.node('Abs', [x])),
  sign: operator('Sign'),
  floor: operator('Floor'),
  ceil: operator('Ceil'),
  trunc: called(trunc),
  round: operator('Round'),
  exp: operator('Exp'),
  log: operator('Log'),
  log1p: called(log1p),
  expm1: called(expm1),
  sqrt: operator('Sqrt'),
  tanh: operator('Tanh'),
  sigmoid: operator('Sigmoid'),
  erf: operator('Erf'),
  sin: operator('Sin'),
  cos: operator('Cos'),
  tan: operator('Tan'),
  asin: operator('Asin'),
  acos: operator('Acos'),
  atan: operator('Atan'),
  atan2: called(atan2),
  sinh: operator('Sinh'),
  cosh: operator('Cosh'),
  asinh: operator('Asinh'),
  acosh: operator('Acosh'),
  atanh: operator('Atanh'),
  exp2: called(exp2),
  log2: called(log2),
  log10: called(log10),
  pow: operator('Pow'),
  cbrt: called(cbrt),
  erfinv: called(erfinv),
  lgamma: called(lgamma),
  digamma: called(digamma),
  trigamma: called(trigamma),
  tetragamma: called(tetragamma),
  fmod: (w, operands) => w.node('Mod', operands, { fmod: 1 }),
  relu: (w, operands, dtype) => (dtype === 'u32' ? first(operands) : w.node('Relu', operands)),
  lt: operator('Less'),
  le: operator('LessOrEqual'),
  eq: operator('Equal'),
  ne: (w, operands) => w.node('Not', [w.node('Equal', operands)]),
  and: operator('And'),
  or: operator('Or'),
  not: operator('Not'),
  isNan: operator('IsNaN'),
} satisfies Record<ElementwiseOp, ScalarRow>;

/** Conversions: by the operator where every value fits, else saturating by functions. */
function converted(w: Writer, x: Value, from: Dtype, to: Dtype): Value {
  if (from === to) return x;
  if (from === 'f32' && to === 'i32') return w.call(toInt32, [x]);
  if (from === 'f32' && to === 'u32') return w.call(toWord, [x]);
  if (from === 'u32' && to === 'i32') {
    return castTo(w, w.node('Min', [x, w.constant('int64', 2 ** 31 - 1)]), 'int32');
  }
  const cast = castTo(w, x, computedTypes[to]);
  return from === 'i32' && to === 'u32' ? w.node('Max', [cast, w.constant('int64', 0)]) : cast;
}

/** A choice of each element. Truth values are chosen by logic: runtimes have no `Where` for them. */
export function chosen(w: Writer, [c = '', a = '', b = '']: readonly Value[], dtype: Dtype): Value {
  if (dtype !== 'bool') return w.node('Where', [c, a, b]);
  return w.node('Or', [w.node('And', [c, a]), w.node('And', [w.node('Not', [c]), b])]);
}

/** A row of what is computed element by element: operators broadcast by themselves. */
function pointwise(build: (w: Writer, operands: readonly Value[], node: Node) => Value): OnnxRow {
  return (out: Exporter, node) => {
    const { values, shape } = out.pointwise(node.inputs);
    return { value: build(out.writer, values, node), shape };
  };
}

type Rows = { readonly [O in ElementwiseOp | 'cast' | 'where']: OnnxRow };

const elementwise = Object.fromEntries(
  Object.entries(rows).map(([op, row]) => [
    op,
    pointwise((w, operands, node) => row(w, operands, operandOf(node, 0).dtype)),
  ]),
) as Record<ElementwiseOp, OnnxRow>;

/** What is computed element by element. */
export const scalarRows: Rows = {
  ...elementwise,
  cast: pointwise((w, [x = ''], node) => converted(w, x, operandOf(node, 0).dtype, node.dtype)),
  // A quotient of 1 as an operator of its own, which runtimes compute as the division that it is.
  div: pointwise((w, operands, node) =>
    constantIn(operandOf(node, 0)) === 1 ? w.node('Reciprocal', operands.slice(1)) : w.node('Div', operands),
  ),
  where: pointwise((w, operands, node) => chosen(w, operands, node.dtype)),
};
