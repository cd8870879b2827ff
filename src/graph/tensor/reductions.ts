import type { Dtype } from '../../loops/index.ts';
import { requireOptions } from '../arguments.ts';
import { liveCount, type ReduceOptions, requireFloat } from '../build.ts';
import {
  all,
  any,
  countNonzero,
  logSoftmax,
  norm,
  std,
  type VarianceOptions,
  variance,
} from '../composed/reductions.ts';
import { normalAxes, normalAxis } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { Elementwise } from './elementwise.ts';
import { type Axes, typed } from './value.ts';

/** Along axes: reductions, which see the live elements of bounded dimensions only, and the softmax. */
export abstract class Reductions<D extends Dtype = Dtype> extends Elementwise<D> {
  /** Sum over axes, or over all; 0 of nothing, and integers wrap. `x.sum(1)`: [batch, n] → [batch] */
  sum(this: Tensor<D>, axes?: Axes, options?: ReduceOptions): Tensor<D> {
    if (Array.isArray(axes) && axes.length === 0) return this;
    return this.reduce(this.dtype, 'sum', axes, options);
  }
  /**
   * Mean of floats; bounded dimensions count their live elements. NaN of none, as in NumPy (0 / 0).
   * `x.mean(0)`: [batch, n] → [n]
   */
  mean(this: Tensor<D>, axes?: Axes, options?: ReduceOptions): Tensor<'f32'> {
    requireFloat('mean', this.node);
    if (options !== undefined) requireOptions('mean', options, ['keepDims']);
    const normal = normalAxes('mean', this.shape.length, axes);
    return this.sum(normal, options).div(this.liveCount(normal));
  }
  /**
   * Product over axes, or over all; 1 of nothing. Its gradient is right where elements are 0.
   * `x.prod(-1)`: [batch, n] → [batch]
   */
  prod(axes?: Axes, options?: ReduceOptions): Tensor<D> {
    return this.reduce(this.dtype, 'prod', axes, options);
  }
  /**
   * The largest along axes, which must have elements; its gradient goes to the first one.
   * `x.max(-1, { keepDims: true })`: [b, n] → [b, 1]
   */
  max(axes?: Axes, options?: ReduceOptions): Tensor<D> {
    return this.reduce(this.dtype, 'reduceMax', axes, options);
  }
  /**
   * The smallest along axes, which must have elements; its gradient goes to the first one.
   * `x.min()`: [b, n] → []
   */
  min(axes?: Axes, options?: ReduceOptions): Tensor<D> {
    return this.reduce(this.dtype, 'reduceMin', axes, options);
  }
  /**
   * Index of the first maximum (i32), row-major over the axes.
   * `logits.argmax(1)`: [batch, classes] → [batch]
   */
  argmax(axes?: Axes, options?: ReduceOptions): Tensor<'i32'> {
    return this.reduce('i32', 'argmax', axes, options);
  }
  /**
   * Index of the first minimum (i32), row-major over the axes.
   * `distances.argmin(1)`: [batch, n] → [batch]
   */
  argmin(axes?: Axes, options?: ReduceOptions): Tensor<'i32'> {
    return this.reduce('i32', 'argmin', axes, options);
  }
  /** `log(sum(exp(x)))` without overflow. `logits.logSumExp(-1)`: [..., n] → [...] */
  logSumExp(axes?: Axes, options?: ReduceOptions): Tensor<D> {
    return this.reduce(this.dtype, 'logSumExp', axes, options);
  }
  /**
   * Squared distances from the mean, summed and divided by `n - correction`, but by no less than 0. The correction is 0
   * unless it is given, as NumPy's; PyTorch's `var` has 1, the unbiased estimate.
   *
   * ```ts
   * x.variance(-1, { correction: 1 }); // torch.var(x, -1)
   * ```
   */
  variance(this: Tensor<D>, axes?: Axes, options?: VarianceOptions): Tensor<'f32'> {
    return typed(variance(this, axes, options), 'f32');
  }
  /**
   * The standard deviation, root of {@link variance} with the same correction: 0 unless it is given, where PyTorch's
   * `std` has 1. Its gradient is 0 where it is 0, as PyTorch's. `x.std(0)`: [n, m] → [m]
   */
  std(this: Tensor<D>, axes?: Axes, options?: VarianceOptions): Tensor<'f32'> {
    return typed(std(this, axes, options), 'f32');
  }
  /**
   * A norm of the elements along axes (PyTorch's `linalg.vector_norm`), f32. By `ord`:
   *
   * - 2: the root of the sum of squares; its gradient is 0 where it is 0.
   * - 1: the sum of magnitudes.
   * - `Infinity`, `-Infinity`: the largest and the smallest magnitude; the gradient goes to the first one. There must be
   *   elements.
   * - 0: how many elements are not 0; without a gradient.
   * - another number p: the p-th root of the sum of p-th powers of magnitudes; the gradient of a 0 is 0.
   *
   * ```ts
   * x.norm(2, -1, { keepDims: true }); // [..., n]: [..., 1]
   * ```
   */
  norm(this: Tensor<D>, ord = 2, axes?: Axes, options?: ReduceOptions): Tensor<'f32'> {
    return typed(norm(this, ord, axes, options), 'f32');
  }
  /** Whether any element along axes is not 0 (PyTorch's `any`), bool; false of none. A NaN is not 0. `x.any(1)` */
  any(this: Tensor<D>, axes?: Axes, options?: ReduceOptions): Tensor<'bool'> {
    return typed(any(this, axes, options), 'bool');
  }
  /** Whether all elements along axes are not 0 (PyTorch's `all`), bool; true of none. A NaN is not 0. `x.all(1)` */
  all(this: Tensor<D>, axes?: Axes, options?: ReduceOptions): Tensor<'bool'> {
    return typed(all(this, axes, options), 'bool');
  }
  /** How many elements along axes are not 0 (PyTorch's `count_nonzero`), i32. A NaN is not 0. `x.countNonzero(1)` */
  countNonzero(this: Tensor<D>, axes?: Axes, options?: ReduceOptions): Tensor<'i32'> {
    return typed(countNonzero(this, axes, options), 'i32');
  }
  /**
   * How many elements are live along axes, as a float scalar: the divisor of a mean.
   * `x.sum(0).div(x.liveCount(0))`
   */
  liveCount(axes?: Axes): Tensor<'f32'> {
    return typed(
      this.wrap(liveCount(this.graph, this.node, normalAxes('extent', this.shape.length, axes))),
      'f32',
    );
  }

  /**
   * Logarithm of the softmax along an axis, `(x - max) - log(sum(exp(x - max)))` as PyTorch's: with large x, the
   * logarithm must not be added to the maximum, where it would be rounded away. `logits.logSoftmax()`
   */
  logSoftmax(this: Tensor<D>, axis = -1): Tensor<D> {
    return this.like(logSoftmax(this, axis));
  }
  /** `exp(x) / sum(exp(x))` along an axis, without overflow. `scores.softmax()`: rows that sum to 1 */
  softmax(this: Tensor<D>, axis = -1): Tensor<'f32'> {
    const value = this.logSoftmax(axis).exp();
    const at = normalAxis('softmax', this.shape.length, axis);
    return typed(this.wrap(this.graph.build('softmax', [value.node, this.node], { axis: at })), 'f32');
  }
}
