import type { Dtype } from '../../loops/index.ts';
import { requireList } from '../arguments.ts';
import { expanded, permuted, reshaped, sliced } from '../build.ts';
import {
  chunk,
  flatten,
  moveAxis,
  repeatInterleave,
  roll,
  select,
  split,
  squeeze,
  tile,
} from '../composed/movement.ts';
import { type PadMode, padBy } from '../composed/pad.ts';
import { tril, triu } from '../composed/triangles.ts';
import { overlap } from '../ops/windows.ts';
import { type DimLike, normalAxes, normalAxis, toShape } from '../shape.ts';
import { type WindowsOptions, windowsAttrs } from '../sliding.ts';
import type { Tensor } from '../tensor.ts';
import { Sorting } from './sorting.ts';
import type { Axes } from './value.ts';

/** Elements at other places: they become indices of their readers. A bounded axis is taken whole. */
export abstract class Movement<D extends Dtype = Dtype> extends Sorting<D> {
  /** Dimension `k` of the result is dimension `perm[k]` of this. `x.permute([0, 2, 1])`: [b, n, m] → [b, m, n] */
  permute(perm: readonly number[]): Tensor<D> {
    return this.like(this.wrap(permuted(this.graph, this.node, perm)));
  }
  /** Two axes exchanged; the last two by default. `x.transpose()`: [b, n, m] → [b, m, n] */
  transpose(a = -2, b = -1): Tensor<D> {
    const rank = this.shape.length;
    const [from, to] = [normalAxis('transpose', rank, a), normalAxis('transpose', rank, b)];
    return this.permute(this.shape.map((_, k) => (k === from ? to : k === to ? from : k)));
  }
  /**
   * Axes at other places, the others in their order (PyTorch's `movedim`).
   *
   * ```ts
   * images.moveAxis(1, -1); // [batch, channels, height, width]: [batch, height, width, channels]
   * ```
   *
   * @param from one axis or several
   * @param to   where each of them is in the result
   */
  moveAxis(this: Tensor<D>, from: Axes, to: Axes): Tensor<D> {
    return this.like(moveAxis(this, from, to));
  }
  /**
   * The same elements in another shape; one dimension may be -1.
   * `x.reshape([batch, -1])`: [batch, 28, 28] → [batch, 784]
   */
  reshape(shape: readonly DimLike[]): Tensor<D> {
    return this.like(this.wrap(reshaped(this.graph, this.node, shape)));
  }
  /**
   * Axes from `start` to `end`, that one included, as one (PyTorch's `flatten`); all by default. A scalar becomes `[1]`.
   * Of the axes only the first may be bounded.
   *
   * ```ts
   * images.flatten(1); // [batch, channels, height, width]: [batch, channels · height · width]
   * ```
   */
  flatten(this: Tensor<D>, start = 0, end = -1): Tensor<D> {
    return this.like(flatten(this, start, end));
  }
  /**
   * Spread over axes of one element, and over new ones in front, without a copy.
   * `bias.broadcastTo([batch, n])`: [n] → [batch, n]
   */
  broadcastTo(shape: readonly DimLike[]): Tensor<D> {
    return this.like(this.wrap(expanded(this.graph, this.node, toShape('broadcastTo', shape))));
  }
  /** A new axis of one element, which becomes axis `axis` of the result. `x.expandDims(1)`: [b, n] → [b, 1, n] */
  expandDims(axis: number): Tensor<D> {
    const at = normalAxis('expandDims', this.shape.length + 1, axis);
    return this.reshape(this.shape.toSpliced(at, 0, 1));
  }
  /** Without axes of one element: those that are named, or all. `x.squeeze(1)`: [n, 1] → [n] */
  squeeze(this: Tensor<D>, axes?: Axes): Tensor<D> {
    return this.like(squeeze(this, axes));
  }
  /**
   * A range of each axis, as NumPy's: negative starts and stops count from the end, a negative step goes
   * backwards, what is left out or undefined is whole.
   * `x.slice([0, 1], [undefined, -1], [1, 2])`: every second column, without the first and the last
   */
  slice(
    starts: readonly (number | undefined)[],
    stops: readonly (number | undefined)[] = [],
    steps: readonly (number | undefined)[] = [],
  ): Tensor<D> {
    return this.like(this.wrap(sliced(this.graph, this.node, starts, stops, steps)));
  }
  /**
   * Element `index` of an axis, which the result lacks (PyTorch's `select`); negative indices count from the end.
   * `x.select(1, -1)`: [b, n] → [b]
   */
  select(this: Tensor<D>, axis: number, index: number): Tensor<D> {
    return this.like(select(this, axis, index));
  }
  /**
   * The parts of an axis, one after another (PyTorch's `split`): of a size each, the last one of what is left, or of the
   * sizes in a list, which make the whole axis.
   *
   * ```ts
   * const [queries, keys, values] = x.split(width, -1); // [tokens, 3 · width]: [tokens, width] each
   * ```
   */
  split(this: Tensor<D>, sizes: number | readonly number[], axis = 0): Tensor<D>[] {
    return split(this, sizes, axis).map((part) => this.like(part));
  }
  /**
   * At most `count` parts of an axis, of one length except the last (PyTorch's `chunk`): 5 parts of 6
   * elements are 3 of 2. `const [left, right] = x.chunk(2, -1)`
   */
  chunk(this: Tensor<D>, count: number, axis = 0): Tensor<D>[] {
    return chunk(this, count, axis).map((part) => this.like(part));
  }
  /**
   * The whole tensor several times along each axis (PyTorch's `tile`, and its `repeat`). Missing axes, of the tensor or of
   * the list, are ones in front.
   *
   * ```ts
   * x.tile([2]); // [a, b]: [a, b, a, b]
   * ```
   */
  tile(this: Tensor<D>, repeats: readonly number[]): Tensor<D> {
    return this.like(tile(this, repeats));
  }
  /**
   * Each element of an axis several times, one after another (PyTorch's `repeat_interleave`): as often as a number says,
   * also along a bounded axis, or a list with one for each element. Without an axis, of the flattened tensor.
   *
   * ```ts
   * x.repeatInterleave(2, 0); // [a, b]: [a, a, b, b]
   * ```
   */
  repeatInterleave(this: Tensor<D>, repeats: number | readonly number[], axis?: number): Tensor<D> {
    return this.like(repeatInterleave(this, repeats, axis));
  }
  /**
   * Moved along axes by so many elements; what leaves at the end comes in at the front (PyTorch's `roll`). Without
   * axes, of the flattened tensor, in its shape.
   *
   * ```ts
   * x.roll(1, 0); // [a, b, c]: [c, a, b]
   * ```
   */
  roll(this: Tensor<D>, shifts: Axes, axes?: Axes): Tensor<D> {
    return this.like(roll(this, shifts, axes));
  }
  /**
   * More elements around: `low[k]` before axis k, `high[k]` after it (PyTorch's `nn.functional.pad`). They are `value`,
   * or by a mode the elements there are: `reflect` mirrors them at the outermost one, `replicate` repeats that one.
   *
   * ```ts
   * x.pad([2], [1], { mode: 'reflect' }); // [a, b, c]: [c, b, a, b, c, b]
   * x.pad([2], [1], { mode: 'replicate' }); // [a, b, c]: [a, a, a, b, c, c]
   * ```
   */
  pad(
    this: Tensor<D>,
    low: readonly number[],
    high: readonly number[],
    value: number | { readonly mode: PadMode } = 0,
  ): Tensor<D> {
    for (const [name, list] of Object.entries({ low, high })) requireList('range', 'pad', name, list);
    if (low.length === this.shape.length && [...low, ...high].every((n) => n === 0)) return this;
    if (typeof value === 'object') return this.like(padBy(this, low, high, value));
    const attrs = { low: [...low], high: [...high], value };
    return this.like(this.wrap(this.graph.build('pad', [this.node], attrs)));
  }
  /** Backwards along axes; all by default. `x.flip(-1)`: [a, b, c] → [c, b, a] */
  flip(this: Tensor<D>, axes?: Axes): Tensor<D> {
    const normal = normalAxes('flip', this.shape.length, axes);
    if (normal.length === 0) return this;
    return this.like(this.wrap(this.graph.build('flip', [this.node], { axes: normal })));
  }
  /**
   * The lower triangles of matrices `[..., rows, columns]`, zeros above (PyTorch's `tril`): elements up to the diagonal,
   * or to the one that lies `diagonal` above it. What is left out may be anything, a NaN too.
   * `x.tril(-1)`: without the diagonal
   */
  tril(this: Tensor<D>, diagonal = 0): Tensor<D> {
    return this.like(tril(this, diagonal));
  }
  /**
   * The upper triangles, zeros below (PyTorch's `triu`): elements from the diagonal on, or `diagonal` above it.
   * `x.triu(1)`: without the diagonal
   */
  triu(this: Tensor<D>, diagonal = 0): Tensor<D> {
    return this.like(triu(this, diagonal));
  }

  /**
   * Windows along axes: positions come in the place of each axis, the windows' elements behind all axes.
   * `x.windows({ axes: [1], window: [3] })`: [b, n] → [b, n - 2, 3]
   */
  windows(options: WindowsOptions): Tensor<D> {
    const { value = 0, ...slides } = windowsAttrs('windows', options);
    return this.like(this.wrap(this.graph.build('windows', [this.node], { ...slides, value })));
  }
  /**
   * The way back: axes of some extents, each element the sum of what the windows have there.
   * `y.foldWindows([n], { axes: [1], window: [3] })`: [b, n - 2, 3] → [b, n]
   *
   * @param extents one for each axis that the windows slide along
   */
  foldWindows(extents: readonly number[], options: Omit<WindowsOptions, 'value'>): Tensor<D> {
    requireList('dimension', 'foldWindows', 'extents', extents);
    const slides = windowsAttrs('foldWindows', options);
    const op = overlap(extents, slides) ? 'foldWindows' : 'placeWindows';
    return this.like(this.wrap(this.graph.build(op, [this.node], { ...slides, extents: [...extents] })));
  }
}
