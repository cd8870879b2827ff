import {
  type Dtype,
  type Expr,
  elementCount,
  extentOf,
  type Monoid,
  monoidDef,
  shapeText,
} from '../../loops/index.ts';
import { listText } from '../arguments.ts';
import { numbersOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Lowering, Node } from '../node.ts';
import { dimAt } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import {
  indexAt,
  NUMBERS,
  type OpDef,
  operand,
  REDUCTION,
  requireDtype,
  type VjpContext,
  without,
} from './definition.ts';

/**
 * Reductions over sorted axes, which the result lacks. They see the live elements of bounded dimensions only.
 */
export const reduceOps = {
  sum: reduction('sum', {
    doc: 'sum; 0 of none',
    monoid: 'sum',
    result: 'value',
    takes: NUMBERS,
    vjp: (ctx) => restored(ctx.cotangent, ctx),
  }),
  prod: reduction('prod', {
    doc: 'product; 1 of none',
    monoid: 'product',
    result: 'value',
    takes: NUMBERS,
    vjp: prodVjp,
  }),
  reduceMax: reduction('reduceMax', {
    doc: 'maximum; NaN if any is; there is none of no elements',
    monoid: 'max',
    result: 'value',
    takes: NUMBERS,
    needsElements: true,
    vjp: (ctx) => atExtremum(ctx, operand(ctx.inputs, 0).argmax(axesOf(ctx.node), { keepDims: true })),
  }),
  reduceMin: reduction('reduceMin', {
    doc: 'minimum; NaN if any is; there is none of no elements',
    monoid: 'min',
    result: 'value',
    takes: NUMBERS,
    needsElements: true,
    vjp: (ctx) => atExtremum(ctx, operand(ctx.inputs, 0).argmin(axesOf(ctx.node), { keepDims: true })),
  }),
  argmax: reduction('argmax', {
    doc: 'index of the first maximum, row-major over the axes (i32); a NaN counts as the maximum',
    monoid: 'argmax',
    result: 'index',
    takes: NUMBERS,
    gives: 'i32',
    needsElements: true,
    vjp: { none: 'its result is an index' },
  }),
  argmin: reduction('argmin', {
    doc: 'index of the first minimum, row-major over the axes (i32); a NaN counts as the minimum',
    monoid: 'argmin',
    result: 'index',
    takes: NUMBERS,
    gives: 'i32',
    needsElements: true,
    vjp: { none: 'its result is an index' },
  }),
  logSumExp: reduction('logSumExp', {
    doc: 'log of the sum of exponentials, without overflow; -infinity of none',
    monoid: 'logSumExp',
    result: 'value',
    takes: ['f32'],
    // exp(x - logSumExp x) is the softmax of x.
    vjp: (ctx) =>
      restored(ctx.cotangent, ctx).mul(operand(ctx.inputs, 0).sub(restored(ctx.output, ctx)).exp()),
  }),
  variance: reduction('variance', {
    doc: 'mean squared distance from the mean (divided by n, not by n - 1)',
    monoid: 'moments',
    result: 'variance',
    takes: ['f32'],
    vjp: (ctx) => {
      const x = operand(ctx.inputs, 0);
      const axes = axesOf(ctx.node);
      const deviation = x.sub(x.mean(axes, { keepDims: true }));
      return restored(ctx.cotangent, ctx).mul(deviation.mul(2).div(x.liveCount(axes)));
    },
  }),
} satisfies Record<string, OpDef>;

interface ReductionRow {
  readonly doc: string;
  readonly monoid: Monoid;
  /** Which of the monoid's results. */
  readonly result: string;
  readonly takes: readonly Dtype[];
  readonly gives?: Dtype;
  /** Refused where an element of the result would be one of none. */
  readonly needsElements?: true;
  readonly vjp: OpDef['vjp'];
}

function reduction(op: string, row: ReductionRow): OpDef {
  return {
    ...REDUCTION,
    doc: row.doc,
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      requireDtype(op, dtype, row.takes);
      const axes = numbersOf(op, attrs, 'axes');
      if (axes.length === 0) throw new ShapeError('axis', op, 'at least one axis');
      axes.forEach((axis, k) => {
        if (axis >= 0 && axis < shape.length && axis > (axes[k - 1] ?? -1)) return;
        const text = `axes ${listText(axes)} of ${shapeText(shape)}: in the shape, sorted, each once`;
        throw new ShapeError('axis', op, text);
      });
      const result = without(shape, axes);
      const empty = axes.find((axis) => shape[axis] === 0);
      // As in NumPy, nothing is asked for where the result has no elements either.
      if (row.needsElements && empty !== undefined && elementCount(result) > 0) {
        throw new ShapeError('empty', op, `${shapeText(shape)} has no elements along axis ${empty}`);
      }
      return { shape: result, dtype: row.gives ?? dtype };
    },
    vjp: row.vjp,
    lower: reduceBy(row.monoid, row.result),
  };
}

function reduceBy(monoid: Monoid, result: string): Lowering {
  const finish = monoidDef(monoid).results[result];
  if (finish === undefined) throw new RangeError(`monoid ${monoid} has no result ${result}`);
  return {
    kind: 'reduce',
    over: (node) => axesOf(node).map((axis) => dimAt(operand(node.inputs, 0).shape, axis)),
    reductions: ({ node, read }, at, r) => {
      const axes = axesOf(node);
      const kept = at[Symbol.iterator]();
      const index = operand(node.inputs, 0).shape.map((_, k): Expr => {
        const reduced = axes.indexOf(k);
        return reduced < 0 ? next(kept) : indexAt(r, reduced);
      });
      return [{ monoid, body: read(0, index) }];
    },
    value: (_ctx, _at, [parts = []]) => finish(parts),
  };
}

function next(indices: Iterator<Expr>): Expr {
  const { value, done } = indices.next();
  if (done === true) throw new RangeError('a reduction has too few indices');
  return value;
}

function axesOf(node: Node): readonly number[] {
  return numbersOf(node.op, node.attrs, 'axes');
}

/** A result spread over the axes that the reduction took away: of the operand's shape again. */
function restored(result: Tensor, { node, inputs }: VjpContext): Tensor {
  const { shape } = operand(inputs, 0);
  const axes = axesOf(node);
  // Leading axes come back by broadcasting alone.
  if (axes.every((axis, k) => axis === k)) return result.broadcastTo(shape);
  return result.reshape(shape.map((dim, k) => (axes.includes(k) ? 1 : dim))).broadcastTo(shape);
}

/**
 * The cotangent at the first extremum, zero elsewhere.
 *
 * The place is found by its index: a comparison with the extremum, computed once more, can hold nowhere.
 *
 * @param index of the extremum, row-major over the reduced axes, which are kept with one element
 */
function atExtremum(ctx: VjpContext, index: Tensor): Tensor {
  const x = operand(ctx.inputs, 0);
  const axes = axesOf(ctx.node);
  let position = x.iotaLike(axes[0] ?? 0);
  for (const axis of axes.slice(1)) {
    position = position.mul(extentOf(dimAt(x.shape, axis))).add(x.iotaLike(axis));
  }
  return position.eq(index).where(restored(ctx.cotangent, ctx), 0);
}

/**
 * Gradient of a product in linear time, right also where factors are zero: the product of the others is the product
 * of the factors that are not zero over this one, times the zeros among the others. A single one stands there as the
 * factor that it is, so that the gradient's own gradient is right too; the third is where less than three are zero.
 */
function prodVjp(ctx: VjpContext): Tensor {
  const x = operand(ctx.inputs, 0);
  const axes = axesOf(ctx.node);
  const isZero = x.eq(0);
  const nonZero = isZero.where(1, x);
  const quotient = restored(nonZero.prod(axes), ctx).div(nonZero);
  const ofAll = (terms: Tensor): Tensor => restored(terms.sum(axes), ctx);
  const zeroOr = isZero.where(x, 0);
  const one = isZero.cast('i32');
  const others = ofAll(one).sub(one);
  const times = quotient.mul(ofAll(zeroOr).sub(zeroOr));
  const product = others.eq(0).where(quotient, others.eq(1).where(times, 0));
  return restored(ctx.cotangent, ctx).mul(product);
}
