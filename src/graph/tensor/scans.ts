import type { Dtype } from '../../loops/index.ts';
import {
  cumprod,
  cumsum,
  logCumSumExp,
  type RunningOptions,
  runningExtremum,
  runningIndex,
  type ScanOptions,
} from '../composed/scans.ts';
import type { Tensor } from '../tensor.ts';
import { Reductions } from './reductions.ts';
import { typed } from './value.ts';

/**
 * Along an axis, of each element what all up to it make, in the tensor's shape. They run in parallel: an element takes
 * part in a few partial results, and depth is logarithmic. Of a bounded axis the live elements count, and each looks at all.
 */
export abstract class Scans<D extends Dtype = Dtype> extends Reductions<D> {
  /**
   * Sums of the elements up to each (PyTorch's `cumsum`), of integers modulo 2³².
   *
   * ```ts
   * x.cumsum(0); // [1, 2, 3]: [1, 3, 6]
   * x.cumsum(0, { exclusive: true, reverse: true }); // [1, 2, 3]: [5, 3, 0]
   * ```
   */
  cumsum(this: Tensor<D>, axis: number, options?: ScanOptions): Tensor<D> {
    return this.like(cumsum(this, axis, options));
  }
  /**
   * Products of the elements up to each (PyTorch's `cumprod`), whose gradient is right where elements are 0 too.
   *
   * ```ts
   * x.cumprod(0); // [2, 3, 4]: [2, 6, 24]
   * ```
   */
  cumprod(this: Tensor<D>, axis: number, options?: ScanOptions): Tensor<D> {
    return this.like(cumprod(this, axis, options));
  }
  /**
   * The largest of the elements up to each (the values of PyTorch's `cummax`); from a NaN on, NaN. The gradient goes to
   * the element at {@link cumargmax}.
   *
   * ```ts
   * x.cummax(0); // [1, 3, 2]: [1, 3, 3]
   * ```
   */
  cummax(this: Tensor<D>, axis: number, options?: RunningOptions): Tensor<D> {
    return this.like(runningExtremum('cummax', this, axis, options));
  }
  /**
   * The smallest of the elements up to each (the values of PyTorch's `cummin`); from a NaN on, NaN. The gradient goes to
   * the element at {@link cumargmin}.
   *
   * ```ts
   * x.cummin(0); // [3, 1, 2, 0]: [3, 1, 1, 0]
   * ```
   */
  cummin(this: Tensor<D>, axis: number, options?: RunningOptions): Tensor<D> {
    return this.like(runningExtremum('cummin', this, axis, options));
  }
  /**
   * Where the largest of the elements up to each is (the indices of PyTorch's `cummax`), i32: of equal ones the last, in
   * the direction of the scan, and of NaN too.
   *
   * ```ts
   * x.cumargmax(0); // [1, 3, 2, 3]: [0, 1, 1, 3]
   * ```
   */
  cumargmax(this: Tensor<D>, axis: number, options?: RunningOptions): Tensor<'i32'> {
    return typed(runningIndex('cumargmax', this, axis, options), 'i32');
  }
  /**
   * Where the smallest of the elements up to each is (the indices of PyTorch's `cummin`), as {@link cumargmax}.
   *
   * ```ts
   * x.cumargmin(0); // [3, 1, 2, 1]: [0, 1, 1, 3]
   * ```
   */
  cumargmin(this: Tensor<D>, axis: number, options?: RunningOptions): Tensor<'i32'> {
    return typed(runningIndex('cumargmin', this, axis, options), 'i32');
  }
  /**
   * `log(cumsum(exp(x)))` without overflow (PyTorch's `logcumsumexp`): -∞ where all up to an element are -∞, with a
   * gradient of 0 there, where PyTorch's is NaN.
   *
   * ```ts
   * logits.logCumSumExp(-1); // [..., n]
   * ```
   */
  logCumSumExp(this: Tensor<D>, axis: number, options?: ScanOptions): Tensor<D> {
    return this.like(logCumSumExp(this, axis, options));
  }
}
