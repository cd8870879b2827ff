import { requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { typed } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { literalIn, requireTable } from './literal.ts';
import { lowest } from './poolWindows.ts';
import { type Layout, type PerAxis, perAxis, spaceOf } from './space.ts';

/** Options of a pooling to a size. */
export interface AdaptivePoolOptions {
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
}

/**
 * Means of windows that are as equal as they can be, as many as are asked for: the `i`-th of `n` along an axis has the
 * elements from `floor(i · extent / n)` up to `ceil((i + 1) · extent / n)` (excluded), as PyTorch's.
 *
 * ```ts
 * nn.adaptiveAvgPool2d(x, 7); // [batch, channels, height, width]: [batch, channels, 7, 7]
 * ```
 *
 * @param x `[batch, channels, height, width]`, f32, or the channels last
 * @param size of the result, for each axis or for all
 */
export function adaptiveAvgPool2d(
  x: Tensor,
  size: PerAxis,
  options: AdaptivePoolOptions = {},
): Tensor<'f32'> {
  return typed(adaptive('adaptiveAvgPool2d', 2, means, x, size, options), 'f32');
}

/** Means of windows over one axis of space; see {@link adaptiveAvgPool2d}. */
export function adaptiveAvgPool1d(
  x: Tensor,
  size: PerAxis,
  options: AdaptivePoolOptions = {},
): Tensor<'f32'> {
  return typed(adaptive('adaptiveAvgPool1d', 1, means, x, size, options), 'f32');
}

/**
 * The largest of each of the windows of {@link adaptiveAvgPool2d}; of equal ones the first gets the gradient. Where the size does
 * not divide the extent, a window of -infinities alone may send it nowhere, where PyTorch sends it to the first.
 */
export function adaptiveMaxPool2d<D extends Dtype>(
  x: Tensor<D>,
  size: PerAxis,
  options: AdaptivePoolOptions = {},
): Tensor<D> {
  return typed(adaptive('adaptiveMaxPool2d', 2, maxima, x, size, options), x.dtype);
}

/** The largest of each window over one axis of space; see {@link adaptiveMaxPool2d}. */
export function adaptiveMaxPool1d<D extends Dtype>(
  x: Tensor<D>,
  size: PerAxis,
  options: AdaptivePoolOptions = {},
): Tensor<D> {
  return typed(adaptive('adaptiveMaxPool1d', 1, maxima, x, size, options), x.dtype);
}

/** How windows are reduced. */
interface Reducing {
  readonly requireType: (op: string, x: Tensor) => void;
  /** Windows that are all as long. */
  readonly whole: (x: Tensor, axes: readonly number[]) => Tensor;
  readonly reduced: (x: Tensor, axis: number) => Tensor;
  /** What stands for elements outside of a window. */
  readonly none: (op: string, x: Tensor) => number;
  /** What is made of reductions of windows with so many elements. */
  readonly finished: (reduced: Tensor, counts: readonly number[]) => Tensor;
}

const means: Reducing = {
  requireType: (op, x) => requireFloat(op, x.node),
  whole: (x, axes) => x.mean(axes),
  reduced: (x, axis) => x.sum(axis),
  none: () => 0,
  finished: (sums, counts) => sums.div(literalIn(sums, [counts.length], counts)),
};
const maxima: Reducing = {
  requireType: (op, x) => void lowest(op, x.dtype),
  whole: (x, axes) => x.max(axes),
  reduced: (x, axis) => x.max(axis),
  none: (op, x) => lowest(op, x.dtype),
  finished: (reduced) => reduced,
};

function adaptive(
  op: string,
  rank: number,
  reducing: Reducing,
  x: Tensor,
  size: PerAxis,
  options: AdaptivePoolOptions,
): Tensor {
  requireOptions(op, options, ['layout']);
  const { axes, extents } = spaceOf(op, x, options.layout, rank);
  reducing.requireType(op, x);
  const sizes = perAxis(op, 'size', size, axes.length, 1);
  if (extents.includes(0)) throw new ShapeError('empty', op, `${shapeText(x.shape)} has nothing to pool`);
  if (extents.every((extent, d) => extent % (sizes[d] ?? 1) === 0)) {
    const window = extents.map((extent, d) => extent / (sizes[d] ?? 1));
    const inside = axes.map((_, d) => x.shape.length + d);
    return reducing.whole(x.windows({ axes, window, stride: window }), inside);
  }
  // Windows are products of intervals, so reductions of reductions are theirs; by the last axis first, for the first of equal
  // elements is the first of the first row.
  return axes.reduceRight((y, axis, d) => along(op, reducing, y, axis, extents[d] ?? 0, sizes[d] ?? 1), x);
}

/**
 * Windows along one axis. Elements are chosen, not multiplied by a table of shares: what is not in a window must not reach
 * its mean, were it infinite.
 */
function along(
  op: string,
  reducing: Reducing,
  x: Tensor,
  axis: number,
  extent: number,
  count: number,
): Tensor {
  if (extent === count) return x;
  requireTable(op, `axis ${axis} from ${extent} to ${count}`, count);
  const firsts = Array.from({ length: count }, (_, i) => Math.floor((i * extent) / count));
  const ends = Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * extent) / count));
  const places = (values: readonly number[]): Tensor => literalIn(x, [count, 1], values, 'i32');
  const place = x.iota([count, extent], 1);
  const isInside = place.ge(places(firsts)).and(place.lt(places(ends)));
  const chosen = isInside.where(x.transpose(axis, -1).expandDims(-2), reducing.none(op, x));
  const counts = ends.map((end, i) => end - (firsts[i] ?? 0));
  return reducing.finished(reducing.reduced(chosen, chosen.shape.length - 1), counts).transpose(axis, -1);
}
