import { type Dtype, elementCount } from '../../loops/index.ts';
import { requireOption } from '../arguments.ts';
import { filled, taken } from '../build.ts';
import { indexAdd, oneHot, scatterAdd, takeAlongAxis } from '../composed/indices.ts';
import { indexCopy, type ScatterReduction, scatter, scatterReduce } from '../composed/writes.ts';
import { requireDtype } from '../ops/definition.ts';
import { type DimLike, normalAxis, toDim, toShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { Movement } from './movement.ts';
import { nodeOf, typed } from './value.ts';

/** Elements by number, and numbers of elements. */
export abstract class Indices<D extends Dtype = Dtype> extends Movement<D> {
  /**
   * Elements of an axis by number (PyTorch's `index_select`): the dimensions of `indices` (i32) come in the axis's place.
   *
   * An index out of range reads the nearest element that there is, whose gradient it then gets, on every target. Where
   * `indices` are given, such values are refused: those of an input, in whatever shape, as they come in (InputError
   * `range`), those of a literal or constant here (ShapeError `index`). -1 is not the last element.
   *
   * ```ts
   * table.take(words); // [rows, width], [batch, tokens]: [batch, tokens, width]
   * ```
   */
  take(indices: Tensor, axis = 0): Tensor<D> {
    return this.like(this.wrap(taken(this.graph, this.node, nodeOf('take', indices), axis)));
  }
  /**
   * One element of each row of the last axis: `[..., n]` at `indices` (i32) `[...]`, which may be out of range as
   * those of {@link take}.
   *
   * ```ts
   * logProbabilities.pick(labels); // [batch, classes], [batch]: [batch]
   * ```
   */
  pick(indices: Tensor): Tensor<D> {
    return this.like(this.wrap(this.graph.build('pick', [this.node, nodeOf('pick', indices)])));
  }
  /**
   * NumPy's `take_along_axis`, PyTorch's `gather`: `indices` (i32) has this shape, except for any extent along the axis; out
   * of range as those of {@link take}.
   *
   * ```ts
   * x.takeAlongAxis(x.argsort(1), 1); // rows in order
   * ```
   */
  takeAlongAxis(this: Tensor<D>, indices: Tensor, axis = -1): Tensor<D> {
    return this.like(takeAlongAxis(this, indices, axis));
  }
  /**
   * Rows summed by number (JAX's `segment_sum`): of `[...indices, ...rest]`, those with the number `r` in `indices` (i32)
   * make row `r` of `[n, ...rest]`, in the order of their places; a row without any is 0. Out of range as those of
   * {@link take}, whose gradient this is: a row goes to the nearest that there is.
   *
   * ```ts
   * values.segmentSum(groups, 3); // [1, 2, 4], [0, 2, 0]: [5, 0, 2]
   * ```
   */
  segmentSum(indices: Tensor, n: DimLike): Tensor<D> {
    const rows = [toDim('segmentSum', n)];
    return this.like(
      this.wrap(this.graph.build('segmentSum', [this.node, nodeOf('segmentSum', indices)], { rows })),
    );
  }
  /**
   * How often each number from 0 to `n - 1` stands among these (PyTorch's `bincount`), i32. Out of range as those of
   * {@link segmentSum}.
   *
   * ```ts
   * labels.bincount(3); // [0, 2, 2]: [1, 0, 2]
   * ```
   */
  bincount(this: Tensor<D>, n: number): Tensor<'i32'> {
    requireDtype('bincount', this.dtype, ['i32']);
    const least = elementCount(this.shape) > 0 ? 1 : 0;
    const isCount = Number.isSafeInteger(n) && n >= least;
    requireOption('bincount', 'n', n, isCount, `a whole number from ${least} on`);
    return this.fullLike(1, 'i32').segmentSum(this, n);
  }
  /**
   * This with elements of `source` added to those of an axis by number (PyTorch's `index_add`): element `k` of `source`
   * goes to element `indices[k]`, and those of one number add up. Out of range as those of {@link take}.
   *
   * ```ts
   * table.indexAdd(0, words, gradients); // [rows, width], [words], [words, width]
   * ```
   *
   * @param indices `[k]`, i32
   * @param source  of this shape, but with k elements along the axis
   */
  indexAdd(this: Tensor<D>, axis: number, indices: Tensor, source: Tensor): Tensor<D> {
    return this.like(indexAdd(this, axis, indices, source));
  }
  /**
   * This with each element of `source` added at its own index along an axis (PyTorch's `scatter_add`), and in its own
   * place along the others: `y[indices[i, j], j] += source[i, j]` for axis 0. What meets adds up. Out of range as those of
   * {@link take}.
   *
   * ```ts
   * x.scatterAdd(0, indices, source); // [5, 5, 5], [2, 2], [1, 2]: [5, 5, 8]
   * ```
   *
   * @param indices i32, with as many axes as this has; along the others no longer than this
   * @param source  of the shape of `indices`, or longer: the rest is not added
   */
  scatterAdd(this: Tensor<D>, axis: number, indices: Tensor, source: Tensor): Tensor<D> {
    return this.like(scatterAdd(this, axis, indices, source));
  }
  /**
   * This with each element of `source` at its own index along an axis (PyTorch's `scatter`), and in its own place along the
   * others: `y[indices[i, j], j] = source[i, j]` for axis 0. Of several at one place the last along the axis stays, the same
   * on every target; the others get no gradient. Indices and source are as those of {@link scatterAdd}.
   *
   * ```ts
   * x.scatter(0, indices, source); // [5, 5, 5], [2, 0], [1, 2]: [2, 5, 1]
   * ```
   */
  scatter(this: Tensor<D>, axis: number, indices: Tensor, source: Tensor): Tensor<D> {
    return this.like(scatter(this, axis, indices, source));
  }
  /**
   * As {@link scatter}, but what meets is combined, with what is there too (PyTorch's `scatter_reduce`): by `sum`,
   * `prod`, `max` or `min`. Each element looks at all that is written in its row, except in sums of many. The gradient of an
   * extremum goes to the first one, and in halves where that is what was there.
   *
   * ```ts
   * x.scatterReduce(0, indices, source, 'max'); // [0, 9, 0], [2, 1], [3, 4]: [0, 9, 3]
   * ```
   */
  scatterReduce(
    this: Tensor<D>,
    axis: number,
    indices: Tensor,
    source: Tensor,
    reduction: ScatterReduction,
  ): Tensor<D> {
    return this.like(scatterReduce(this, axis, indices, source, reduction));
  }
  /**
   * This with elements of an axis replaced by those of `source`, by number (PyTorch's `index_copy`): element `indices[k]`
   * becomes element `k` of `source`, the last one where a number stands several times. Out of range as those of {@link take}.
   *
   * ```ts
   * table.indexCopy(0, words, rows); // [rows, width], [words], [words, width]
   * ```
   */
  indexCopy(this: Tensor<D>, axis: number, indices: Tensor, source: Tensor): Tensor<D> {
    return this.like(indexCopy(this, axis, indices, source));
  }
  /**
   * 1 at each index (i32) along a new last axis of `n` elements, 0 elsewhere; f32. An index out of range has no place:
   * its elements are all 0.
   *
   * ```ts
   * labels.oneHot(3); // [1, 0]: [[0, 1, 0], [1, 0, 0]]
   * ```
   */
  oneHot(this: Tensor<D>, n: number): Tensor<'f32'> {
    return typed(oneHot(this, n), 'f32');
  }
  /**
   * In this graph, a tensor whose elements are their own indices along an axis (i32).
   * `x.iota([batch, n], 1)`: 0 to n - 1 in each row
   */
  iota(shape: readonly DimLike[], axis: number): Tensor<'i32'> {
    const dims = toShape('iota', shape);
    const at = normalAxis('iota', dims.length, axis);
    return typed(this.wrap(this.graph.build('iota', [], { shape: dims, axis: at })), 'i32');
  }
  /**
   * Of this shape, each element its own index along an axis (i32).
   * `scores.iotaLike(-1).le(scores.iotaLike(-2))`: what attention may see
   */
  iotaLike(axis: number): Tensor<'i32'> {
    return this.shape.length === 0 ? this.fullLike(0, 'i32') : this.iota(this.shape, axis);
  }
  /** Of this shape, one value everywhere. `x.fullLike(0)` */
  fullLike(value: number): Tensor<D>;
  fullLike<T extends Dtype>(value: number, dtype: T): Tensor<T>;
  fullLike(value: number, dtype: Dtype = this.dtype): Tensor {
    return this.wrap(filled(this.graph, value, dtype, this.shape));
  }
}
