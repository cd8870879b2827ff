import {
  apply,
  constant,
  type Dim,
  type Dtype,
  type Expr,
  elementCount,
  extentOf,
  int,
  liveExtent,
  sameDim,
  shapeText,
  wholeNumbers,
} from '../../loops/index.ts';
import { dimsOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { ValueTypeOf } from '../node.ts';
import { dimAt, sameShape, unequal } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { GENERATOR, NUMBERS, type OpDef, operand, requireDtype } from './definition.ts';
import { definesRange } from './indices.ts';

/** Reads at computed indices. An index out of range reads the nearest element that there is. */
export const gatherOps = {
  take: {
    ...GENERATOR,
    doc: 'rows of x [n, ...rest] by number: [...indices, ...rest]',
    arity: 2,
    indexOperand: 1,
    gradientOperands: [0],
    indexedAxis: 0,
    type: (inputs) => {
      const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
      requireIndices('take', x, indices);
      const [n, ...rest] = x.shape;
      if (n === undefined) throw new ShapeError('rank', 'take', 'a scalar has no rows');
      requireElements('take', n, x);
      return { shape: [...indices.shape, ...rest], dtype: x.dtype };
    },
    // Each row gets the sum of the cotangents of all places that read it, in their order.
    vjp: ({ inputs, cotangent }) =>
      cotangent.segmentSum(operand(inputs, 1), dimAt(operand(inputs, 0).shape, 0)),
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const rank = operand(node.inputs, 1).shape.length;
        const n = dimAt(operand(node.inputs, 0).shape, 0);
        return read(0, [clamped(read(1, at.slice(0, rank)), n), ...at.slice(rank)]);
      },
    },
  },
  pick: {
    ...GENERATOR,
    doc: 'one element of each row: x [..., n] at indices [...]',
    arity: 2,
    indexOperand: 1,
    gradientOperands: [0],
    indexedAxis: -1,
    type: (inputs) => {
      const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
      requireIndices('pick', x, indices);
      const n = x.shape.at(-1);
      if (n === undefined) throw new ShapeError('rank', 'pick', 'a scalar has no elements to choose from');
      requireElements('pick', n, x);
      const rows = x.shape.slice(0, -1);
      if (!sameShape(rows, indices.shape)) {
        const [a, b] = [shapeText(x.shape), shapeText(indices.shape)];
        const first = rows.findIndex((dim, d) => !sameDim(dim, indices.shape[d] ?? 1));
        const differ =
          indices.shape[first] === undefined ? '' : ` (${unequal(dimAt(rows, first), indices.shape[first])})`;
        const text = `one index for each row: ${a} needs indices of shape ${shapeText(rows)}, not ${b}${differ}`;
        throw new ShapeError('shape-mismatch', 'pick', text);
      }
      return { shape: rows, dtype: x.dtype };
    },
    vjp: ({ inputs, cotangent }) => {
      const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
      const last = x.shape.length - 1;
      const chosen = inRange(indices, dimAt(x.shape, last)).expandDims(-1);
      return x.iotaLike(last).eq(chosen).where(cotangent.expandDims(-1), 0);
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const n = dimAt(operand(node.inputs, 0).shape, at.length);
        return read(0, [...at, clamped(read(1, at), n)]);
      },
    },
  },
  segmentSum: {
    ...segments('segmentSum', 'sum', NUMBERS),
    doc: 'rows of x [...indices, ...rest] summed by number, in the order of their places: [n, ...rest]; 0 where there is none',
    // Each place gets what its row got.
    vjp: ({ inputs, cotangent }) => cotangent.take(operand(inputs, 1)),
  },
  segmentMax: {
    ...segments('segmentMax', 'max', ['i32']),
    doc: 'of integers the largest by number: the least integer where there is none',
    vjp: { none: 'its operand is of integers' },
  },
} satisfies Record<string, OpDef>;

/** A reduction of rows by their numbers, in the order of their places. */
function segments(op: string, monoid: 'sum' | 'max', takes: readonly Dtype[]): Omit<OpDef, 'doc' | 'vjp'> {
  return {
    ...GENERATOR,
    arity: 2,
    indexOperand: 1,
    gradientOperands: [0],
    indexesResult: true,
    type: (inputs, attrs) => {
      const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
      requireDtype(op, x.dtype, takes);
      requireI32(op, indices);
      const [n, ...more] = dimsOf(op, attrs, 'rows');
      if (n === undefined || more.length > 0)
        throw new ShapeError('rank', op, 'rows are numbered along one dimension');
      const rank = indices.shape.length;
      if (!sameShape(x.shape.slice(0, rank), indices.shape)) {
        const [a, b] = [shapeText(x.shape), shapeText(indices.shape)];
        const text = `one index for each row: ${a} does not begin with the shape of the indices, ${b}`;
        throw new ShapeError('shape-mismatch', op, text);
      }
      if (n === 0 && elementCount(indices.shape) > 0)
        throw new ShapeError('empty', op, `there is no row that ${shapeText(x.shape)} could go to`);
      return { shape: [n, ...x.shape.slice(rank)], dtype: x.dtype };
    },
    lower: {
      kind: 'reduce',
      over: (node) => operand(node.inputs, 1).shape,
      reductions: ({ node, read }, [row, ...rest], places) => {
        const indices = operand(node.inputs, 1);
        const index = read(1, places);
        const own = definesRange(indices) ? index : clamped(index, dimAt(node.shape, 0));
        const x = read(0, [...places, ...rest]);
        const none = constant(monoid === 'sum' ? 0 : wholeNumbers.i32[0], x.dtype);
        return [{ monoid, body: apply('select', apply('eq', row ?? int(0), own), x, none) }];
      },
      value: (_ctx, _at, [[result = int(0)] = []]) => result,
    },
  };
}

function requireIndices(op: string, x: ValueTypeOf, indices: ValueTypeOf): void {
  requireDtype(op, x.dtype, ['f32', 'i32', 'u32', 'bool']);
  requireI32(op, indices);
}

function requireI32(op: string, indices: ValueTypeOf): void {
  if (indices.dtype === 'i32') return;
  throw new ShapeError('dtype', op, `indices of type ${indices.dtype}; takes i32: cast them first`);
}

function requireElements(op: string, dim: Dim, x: ValueTypeOf): void {
  if (dim === 0) throw new ShapeError('empty', op, `${shapeText(x.shape)} has nothing to choose from`);
}

/** The nearest index that there is. */
function clamped(index: Expr, dim: Dim): Expr {
  const last =
    typeof dim === 'number'
      ? int(dim - 1)
      : apply('sub', apply('mul', liveExtent(dim.size), int(dim.factor)), int(1));
  return apply('max', apply('min', index, last), int(0));
}

/** Indices as the gather reads them: those that nobody has checked are clamped as they are there. */
function inRange(indices: Tensor, dim: Dim): Tensor {
  if (definesRange(indices.node)) return indices;
  return indices.minimum(extentOf(dim) - 1).maximum(0);
}
