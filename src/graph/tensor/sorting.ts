import type { Dtype } from '../../loops/index.ts';
import type { ReduceOptions } from '../build.ts';
import {
  argsort,
  type InOrder,
  median,
  quantile,
  type SearchOptions,
  type Sorted,
  type SortOptions,
  searchSorted,
  sort,
  type TopKOptions,
  topK,
} from '../composed/sorting.ts';
import type { Tensor } from '../tensor.ts';
import { Scans } from './scans.ts';
import { typed } from './value.ts';

/**
 * Elements along an axis in order. What is equal keeps its order, 0 and -0 are equal, and a NaN is greater than all
 * numbers. Short axes are sorted by counting, long ones in blocks that are merged: few dispatches, and `n log² n` work. A
 * bounded axis is sorted by counting whatever its length is; its live elements come first. A gradient goes to the element
 * that was chosen, and costs as many as there are.
 */
export abstract class Sorting<D extends Dtype = Dtype> extends Scans<D> {
  /**
   * The elements along an axis in order, and the numbers that they had (PyTorch's `sort`, `stable`).
   *
   * ```ts
   * x.sort(0); // [3, 1, 2]: values [1, 2, 3], indices [1, 2, 0]
   * ```
   */
  sort(this: Tensor<D>, axis = -1, options?: SortOptions): Sorted<D> {
    return ofType(sort(this, axis, options), this.dtype);
  }
  /**
   * The numbers of the elements along an axis in order (PyTorch's `argsort`, `stable`), i32.
   *
   * ```ts
   * x.argsort(0, { descending: true }); // [3, 1, 2]: [0, 2, 1]
   * ```
   */
  argsort(this: Tensor<D>, axis = -1, options?: SortOptions): Tensor<'i32'> {
    return typed(argsort(this, axis, options), 'i32');
  }
  /**
   * The `k` largest elements along an axis in order, from the largest on, and their numbers (PyTorch's `topk`); with
   * `largest: false` the smallest, from the smallest on. Of equal ones the first come first.
   *
   * ```ts
   * logits.topK(5); // [batch, classes]: values and indices [batch, 5]
   * ```
   */
  topK(this: Tensor<D>, k: number, axis = -1, options?: TopKOptions): Sorted<D> {
    return ofType(topK(this, k, axis, options), this.dtype);
  }
  /**
   * The middle one of the elements along an axis, or of all, in order, the lower one of two (PyTorch's `median`); NaN if
   * any is. Its gradient goes to the element that is chosen.
   *
   * ```ts
   * x.median(0); // [3, 1, 4, 2]: 2
   * ```
   */
  median(this: Tensor<D>, axis?: number, options?: ReduceOptions): Tensor<D> {
    return this.like(median(this, axis, options));
  }
  /**
   * The element at a part `q` of the way through the elements along an axis, or through all, in order; between two, in
   * proportion (PyTorch's and NumPy's `quantile`). NaN if any is.
   *
   * ```ts
   * x.quantile(0.25, 0); // [1, 2, 3, 5]: 1.75
   * ```
   *
   * @param q from 0 to 1
   */
  quantile(this: Tensor<D>, q: number, axis?: number, options?: ReduceOptions): Tensor<'f32'> {
    return typed(quantile(this, q, axis, options), 'f32');
  }
  /**
   * Where values would stand among these elements, which are in order along the last axis (PyTorch's `searchsorted`), i32:
   * how many of them are smaller, or, with `right`, no larger.
   *
   * ```ts
   * edges.searchSorted(x); // [1, 3, 5] and [3, 4]: [1, 2]
   * ```
   *
   * @param values of any shape where these are a list `[n]`, else `[..., m]` for `[..., n]`
   */
  searchSorted(this: Tensor<D>, values: Tensor, options?: SearchOptions): Tensor<'i32'> {
    return typed(searchSorted(this, values, options), 'i32');
  }
}

function ofType<D extends Dtype>({ values, indices }: InOrder, dtype: D): Sorted<D> {
  return { values: typed(values, dtype), indices: typed(indices, 'i32') };
}
