import { elementCount } from '../../loops/index.ts';
import { requireOption, requireOptions } from '../arguments.ts';
import { type ReduceOptions, reduced, requireFloat } from '../build.ts';
import { dimAt, normalAxes, normalAxis } from '../shape.ts';
import type { Axes } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** Options of a variance. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the number of elements that divides the sum: 0 by default; 1 for the unbiased estimate. */
  readonly correction?: number;
}

/** The method {@link Tensor.variance}. */
export function variance(x: Tensor, axes?: Axes, options?: VarianceOptions): Tensor {
  return varianceOf('variance', x, axes, options);
}

/** The method {@link Tensor.std}. */
export function std(x: Tensor, axes?: Axes, options?: VarianceOptions): Tensor {
  return rootOf(varianceOf('std', x, axes, options));
}

function varianceOf(op: string, x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  requireOptions(op, options, ['keepDims', 'correction']);
  const { correction = 0, ...others } = options;
  requireOption(op, 'correction', correction, Number.isFinite(correction), 'a finite number');
  requireFloat(op, x.node);
  const normal = normalAxes(op, x.shape.length, axes);
  const byCount = x.wrap(reduced(x.graph, 'variance', x.node, normal, others));
  if (correction === 0) return byCount;
  const along = normal.map((axis) => dimAt(x.shape, axis));
  if (along.every((dim) => typeof dim === 'number')) {
    const count = elementCount(along);
    return byCount.mul(count / Math.max(0, count - correction));
  }
  const count = x.liveCount(normal);
  return byCount.mul(count.div(count.sub(correction).maximum(0)));
}

/** The root, with a gradient of 0 where it is 0: what is chosen there is no root. */
function rootOf(x: Tensor): Tensor {
  const isZero = x.eq(0);
  return isZero.where(0, isZero.where(1, x).sqrt());
}

/** The method {@link Tensor.norm}. */
export function norm(x: Tensor, ord: number, axes?: Axes, options: ReduceOptions = {}): Tensor {
  requireOption('norm', 'ord', ord, !Number.isNaN(ord), 'a number other than NaN, such as 2 or Infinity');
  requireOptions('norm', options, ['keepDims']);
  requireFloat('norm', x.node);
  const normal = normalAxes('norm', x.shape.length, axes);
  switch (ord) {
    case 2:
      return rootOf(x.square().sum(normal, options));
    case 1:
      return x.abs().sum(normal, options);
    case 0:
      return x.ne(0).cast('f32').sum(normal, options);
    case Infinity:
      return x.abs().max(normal, options);
    case -Infinity:
      return x.abs().min(normal, options);
    default:
      return powerOf(powerOf(x.abs(), ord).sum(normal, options), 1 / ord);
  }
}

/** A power of a number from 0 on, with a gradient of 0 where it is 0: what is chosen there is not a power. */
function powerOf(x: Tensor, exponent: number): Tensor {
  const isZero = x.eq(0);
  return isZero.where(exponent < 0 ? Infinity : 0, isZero.where(1, x).pow(exponent));
}

/** The method {@link Tensor.any}. */
export function any(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return count('any', x.cast('bool'), axes, options).ne(0);
}

/** The method {@link Tensor.all}. */
export function all(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return count('all', x.cast('bool').not(), axes, options).eq(0);
}

/** The method {@link Tensor.countNonzero}. */
export function countNonzero(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return count('countNonzero', x.cast('bool'), axes, options);
}

/** How many truth values hold: no tensor has as many elements as an i32 cannot count. */
function count(op: string, truths: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  requireOptions(op, options, ['keepDims']);
  return truths.cast('i32').sum(normalAxes(op, truths.shape.length, axes), options);
}

/** The method {@link Tensor.logSoftmax}. */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  const at = normalAxis('logSoftmax', x.shape.length, axis);
  if (elementCount([dimAt(x.shape, at)]) === 0) return x;
  // The maximum drops out of the value, so also of the gradient.
  const shifted = x.sub(x.max(at, { keepDims: true }).detach());
  return shifted.sub(shifted.logSumExp(at, { keepDims: true }));
}
