import { requireOptions } from '../arguments.ts';
import { liveCount, type ReduceOptions, requireFloat } from '../build.ts';
import { logSoftmax } from '../composed/reductions.ts';
import { normalAxes, normalAxis } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { Elementwise } from './elementwise.ts';
import type { Axes } from './value.ts';

/** Along axes: reductions, which see the live elements of bounded dimensions only, and the softmax. */
export abstract class Reductions extends Elementwise {
  sum(this: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
    if (Array.isArray(axes) && axes.length === 0) return this;
    return this.reduce('sum', axes, options);
  }
  /** Mean of floats; bounded dimensions count their live elements. NaN of none, as in NumPy (0 / 0). */
  mean(this: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
    requireFloat('mean', this.node);
    if (options !== undefined) requireOptions('mean', options, ['keepDims']);
    const normal = normalAxes('mean', this.shape.length, axes);
    return this.sum(normal, options).div(this.liveCount(normal));
  }
  prod(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('prod', axes, options);
  }
  /** The largest along axes, which must have elements; its gradient goes to the first one. */
  max(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('reduceMax', axes, options);
  }
  /** The smallest along axes, which must have elements; its gradient goes to the first one. */
  min(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('reduceMin', axes, options);
  }
  /** Index of the first maximum (i32), row-major over the axes. */
  argmax(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('argmax', axes, options);
  }
  /** Index of the first minimum (i32), row-major over the axes. */
  argmin(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('argmin', axes, options);
  }
  /** `log(sum(exp(x)))` without overflow. */
  logSumExp(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('logSumExp', axes, options);
  }
  /** Mean squared distance from the mean, divided by n. */
  variance(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.reduce('variance', axes, options);
  }
  /** How many elements are live along axes, as a float scalar: the divisor of a mean. */
  liveCount(axes?: Axes): Tensor {
    return this.wrap(liveCount(this.graph, this.node, normalAxes('extent', this.shape.length, axes)));
  }

  /**
   * Logarithm of the softmax along an axis, `(x - max) - log(sum(exp(x - max)))` as PyTorch's: with large x, the
   * logarithm must not be added to the maximum, where it would be rounded away.
   */
  logSoftmax(this: Tensor, axis = -1): Tensor {
    return logSoftmax(this, axis);
  }
  /** `exp(x) / sum(exp(x))` along an axis, without overflow. */
  softmax(this: Tensor, axis = -1): Tensor {
    const value = this.logSoftmax(axis).exp();
    const at = normalAxis('softmax', this.shape.length, axis);
    return this.wrap(this.graph.build('softmax', [value.node, this.node], { axis: at }));
  }
}
