import {
  apply,
  cast,
  type Dtype,
  type ScalarDef,
  type ScalarOp,
  scalarOps,
  shapeText,
} from '../../loops/index.ts';
import { dtypeOf } from '../attributes.ts';
import { GraphError, ShapeError } from '../issues.ts';
import type { Node, ValueTypeOf } from '../node.ts';
import { sameShape } from '../shape.ts';
import {
  type NoVjp,
  NUMBERS,
  type OpDef,
  operand,
  POINTWISE,
  requireDtype,
  requireResult,
  requireSameDtype,
  type Vjp,
  type ZeroVjp,
} from './definition.ts';

/** Scalar operations that are graph operations of the same name; the others only the compiler makes. */
export type ElementwiseOp = Exclude<ScalarOp, 'select' | 'listed' | 'cast'>;

const truth: NoVjp = { none: 'its result is a truth value' };
const integers: NoVjp = { none: 'its operands are integers' };
const steps: ZeroVjp = { zero: 'it is constant between its steps' };

/** Vector-Jacobian products. Where the result says the same as the operand, it is used: it is there anyway. */
const vjps = {
  add: ({ cotangent }) => cotangent,
  sub: ({ cotangent }, k) => (k === 0 ? cotangent : cotangent.neg()),
  mul: ({ inputs, cotangent }, k) => cotangent.mul(operand(inputs, 1 - k)),
  div: ({ inputs, output, cotangent }, k) => {
    const quotient = cotangent.div(operand(inputs, 1));
    return k === 0 ? quotient : quotient.mul(output).neg();
  },
  idiv: integers,
  mod: integers,
  bitAnd: integers,
  bitOr: integers,
  bitXor: integers,
  bitNot: integers,
  shiftLeft: integers,
  shiftRight: integers,
  threefry: integers,
  min: ({ inputs, cotangent }, k) => {
    const [mine, other] = [operand(inputs, k), operand(inputs, 1 - k)];
    return mine.lt(other).where(cotangent, mine.eq(other).where(cotangent.mul(0.5), 0));
  },
  max: ({ inputs, cotangent }, k) => {
    const [mine, other] = [operand(inputs, k), operand(inputs, 1 - k)];
    return mine.gt(other).where(cotangent, mine.eq(other).where(cotangent.mul(0.5), 0));
  },
  neg: ({ cotangent }) => cotangent.neg(),
  abs: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).sign()),
  sign: steps,
  floor: steps,
  ceil: steps,
  trunc: steps,
  round: steps,
  exp: ({ output, cotangent }) => cotangent.mul(output),
  log: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0)),
  log1p: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0).add(1)),
  // Not output + 1, which has none of the digits of a small exp(x).
  expm1: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).exp()),
  sqrt: ({ output, cotangent }) => cotangent.mul(0.5).div(output),
  tanh: ({ output, cotangent }) => cotangent.mul(output.square().neg().add(1)),
  sigmoid: ({ output, cotangent }) => cotangent.mul(output.mul(output.neg().add(1))),
  // d erf(x)/dx = 2/sqrt(pi) exp(-x²)
  erf: ({ inputs, cotangent }) =>
    cotangent.mul(
      operand(inputs, 0)
        .square()
        .neg()
        .exp()
        .mul(2 / Math.sqrt(Math.PI)),
    ),
  sin: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).cos()),
  cos: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).sin()).neg(),
  tan: ({ output, cotangent }) => cotangent.mul(output.square().add(1)),
  asin: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).square().neg().add(1).rsqrt()),
  acos: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).square().neg().add(1).rsqrt()).neg(),
  atan: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0).square().add(1)),
  atan2: ({ inputs, cotangent }, k) => {
    const [y, x] = [operand(inputs, 0), operand(inputs, 1)];
    const share = cotangent.div(y.square().add(x.square()));
    return k === 0 ? share.mul(x) : share.mul(y).neg();
  },
  sinh: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).cosh()),
  cosh: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).sinh()),
  asinh: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).square().add(1).rsqrt()),
  acosh: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).square().sub(1).rsqrt()),
  atanh: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0).square().neg().add(1)),
  exp2: ({ output, cotangent }) => cotangent.mul(output).mul(Math.LN2),
  log2: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0).mul(Math.LN2)),
  log10: ({ inputs, cotangent }) => cotangent.div(operand(inputs, 0).mul(Math.LN10)),
  pow: ({ inputs, output, cotangent }, k) => {
    const [x, y] = [operand(inputs, 0), operand(inputs, 1)];
    const constant = constantOf(y.node);
    // Not 0 · x⁻¹, which is a NaN at 0.
    if (k === 0 && constant === 0) return x.fullLike(0);
    if (k === 0 && constant !== undefined) return cotangent.mul(x.pow(constant - 1).mul(constant));
    if (k === 0) return y.eq(0).where(0, cotangent.mul(y.mul(x.pow(y.sub(1)))));
    // What is not chosen has a finite logarithm, or a NaN would reach the second gradient.
    const isZero = x.eq(0).and(y.ge(0));
    return isZero.where(0, cotangent.mul(output).mul(isZero.where(1, x).log()));
  },
  cbrt: ({ output, cotangent }) => cotangent.div(output.square().mul(3)),
  erfinv: ({ output, cotangent }) =>
    cotangent.mul(
      output
        .square()
        .exp()
        .mul(Math.sqrt(Math.PI) / 2),
    ),
  lgamma: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).digamma()),
  digamma: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).polygamma(1)),
  trigamma: ({ inputs, cotangent }) => cotangent.mul(operand(inputs, 0).polygamma(2)),
  tetragamma: ({ node }) => {
    // A zero gradient would be wrong, and nobody would see it.
    const text = 'the derivative of polygamma(2) is not built: detach it to hold it constant';
    throw new GraphError('gradient', 'polygamma', text, node.source);
  },
  fmod: ({ inputs, cotangent }, k) =>
    k === 0 ? cotangent : cotangent.mul(operand(inputs, 0).div(operand(inputs, 1)).trunc()).neg(),
  relu: ({ output, cotangent }) => output.gt(0).where(cotangent, 0),
  lt: truth,
  le: truth,
  eq: truth,
  ne: truth,
  and: truth,
  or: truth,
  not: truth,
  isNan: truth,
} satisfies Record<ElementwiseOp, Vjp | ZeroVjp | NoVjp>;

/** The number that a node has everywhere, if it is a constant. */
function constantOf(node: Node): number | undefined {
  if (node.op === 'expand' && node.inputs[0] !== undefined) return constantOf(node.inputs[0]);
  const value = node.op === 'constant' ? node.attrs.value : undefined;
  return typeof value === 'number' ? value : undefined;
}

const operandTypes: Readonly<Record<ScalarDef['operands'], readonly Dtype[]>> = {
  float: ['f32'],
  number: NUMBERS,
  integer: ['i32', 'u32'],
  word: ['u32'],
  bool: ['bool'],
  any: [...NUMBERS, 'bool'],
  select: [...NUMBERS, 'bool'],
  listed: ['i32'],
};

function elementwise(op: ElementwiseOp): OpDef {
  const row: ScalarDef = scalarOps[op];
  return {
    ...POINTWISE,
    doc: row.doc,
    arity: row.arity,
    type: (inputs) => {
      requireSameDtype(op, inputs);
      const { shape, dtype } = operand(inputs, 0);
      requireDtype(op, dtype, operandTypes[row.operands]);
      requireSameShape(op, inputs);
      return { shape, dtype: row.result === 'bool' ? 'bool' : dtype };
    },
    vjp: vjps[op],
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => apply(op, ...node.inputs.map((_, k) => read(k, at))),
    },
  };
}

const elementwiseNames = Object.keys(vjps) as ElementwiseOp[];

/** Element by element: the scalar table's rows, `cast` and `where`. */
export const elementwiseOps = {
  ...(Object.fromEntries(elementwiseNames.map((op) => [op, elementwise(op)])) as Record<
    ElementwiseOp,
    OpDef
  >),
  cast: {
    ...POINTWISE,
    doc: scalarOps.cast.doc,
    arity: 1,
    type: (inputs, attrs) => {
      const dtype = dtypeOf('cast', attrs);
      requireResult('cast', dtype, [...NUMBERS, 'bool']);
      return { shape: operand(inputs, 0).shape, dtype };
    },
    vjp: ({ cotangent }) => cotangent,
    lower: { kind: 'value', value: ({ node, read }, at) => cast(read(0, at), node.dtype) },
  },
  where: {
    ...POINTWISE,
    doc: 'where(c, a, b): a where c holds, else b',
    arity: 3,
    gradientOperands: [1, 2],
    type: (inputs) => {
      const [condition, a, b] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
      requireDtype('where', condition.dtype, ['bool']);
      requireSameDtype('where', [a, b]);
      requireDtype('where', a.dtype, [...NUMBERS, 'bool']);
      requireSameShape('where', inputs);
      return { shape: a.shape, dtype: a.dtype };
    },
    vjp: ({ inputs, cotangent }, k) => {
      const condition = operand(inputs, 0);
      return k === 1 ? condition.where(cotangent, 0) : condition.where(0, cotangent);
    },
    lower: {
      kind: 'value',
      value: ({ read }, at) => apply('select', read(0, at), read(1, at), read(2, at)),
    },
  },
} satisfies Record<string, OpDef>;

function requireSameShape(op: string, inputs: readonly ValueTypeOf[]): void {
  const { shape } = operand(inputs, 0);
  if (inputs.every((input) => sameShape(input.shape, shape))) return;
  const shapes = inputs.map((input) => shapeText(input.shape)).join(' and ');
  throw new ShapeError('shape-mismatch', op, `operands of shapes ${shapes}: expand them to one shape`);
}
