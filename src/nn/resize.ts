import { requireFlag, requireOneOf, requireOptions } from '../graph/arguments.ts';
import { GraphError, ShapeError, type Tensor } from '../graph/index.ts';
import { requireDtype } from '../graph/ops/definition.ts';
import { typed } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { literalIn, requireTable } from './literal.ts';
import { type Layout, type PerAxis, perAxis, spaceOf } from './space.ts';

/** How an image gets another size. */
export interface ResizeOptions {
  /** `nearest` where it is left out. */
  readonly method?: 'nearest' | 'bilinear' | 'bicubic';
  /**
   * Whether the first and last elements stay where they are, and others lie between at equal distances; else elements are
   * areas, whose ends stay. False where it is left out; `nearest` has no such thing.
   */
  readonly alignCorners?: boolean;
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
}

/**
 * The same image in another size, as PyTorch's `interpolate`. Element `i` of `n` along an axis is `nearest` element
 * `floor(i · extent / n)`; `bilinear` what lies at `(i + 1/2) · extent / n - 1/2` on the line between neighbours, not beyond the
 * first and last (`trilinear` of three axes); `bicubic` what lies there on the curve through four of them (Keys 1981,
 * a = -3/4), which may leave their range. With `alignCorners` the place is `i · (extent - 1) / (n - 1)`.
 *
 * ```ts
 * nn.resize(x, 56, { method: 'bilinear', alignCorners: true }); // [batch, channels, 28, 28]: [batch, channels, 56, 56]
 * ```
 *
 * @param x `[batch, channels, ...space]`, or the channels last; f32 for `bilinear` and `bicubic`
 * @param size of the result, for each axis or for all
 * @throws ShapeError where there is nothing to resize, GraphError where an option is unknown or out of range
 */
export function resize<D extends Dtype>(x: Tensor<D>, size: PerAxis, options: ResizeOptions = {}): Tensor<D> {
  requireOptions('resize', options, ['method', 'alignCorners', 'layout']);
  const { method = 'nearest', alignCorners = false, layout } = options;
  requireOneOf('resize', 'method', method, ['nearest', 'bilinear', 'bicubic']);
  requireFlag('resize', 'alignCorners', alignCorners);
  if (alignCorners && method === 'nearest')
    throw new GraphError(
      'option',
      'resize',
      'nearest elements have no aligned corners: leave alignCorners out',
    );
  const { axes, extents } = spaceOf('resize', x, layout);
  const sizes = perAxis('resize', 'size', size, axes.length, 1);
  if (extents.includes(0)) throw new ShapeError('empty', 'resize', `${shapeText(x.shape)} has no elements`);
  requireDtype('resize', x.dtype, method === 'nearest' ? ['f32', 'i32', 'u32', 'bool'] : ['f32']);
  const resized = axes.reduce<Tensor>((y, axis, d) => {
    const [extent, count] = [extents[d] ?? 1, sizes[d] ?? 1];
    if (extent === count) return y;
    if (method === 'nearest') return nearest(y, axis, extent, count);
    requireTable('resize', `axis ${axis} of ${count}`, count);
    const places = placesOf(extent, count, alignCorners);
    return method === 'bilinear' ? linear(y, axis, extent, places) : cubic(y, axis, extent, places);
  }, x);
  return typed(resized, x.dtype);
}

/** Where the elements of the result lie among those of the operand. */
function placesOf(extent: number, count: number, alignCorners: boolean): number[] {
  return Array.from({ length: count }, (_, i) =>
    alignCorners ? (count === 1 ? 0 : (i * (extent - 1)) / (count - 1)) : ((i + 0.5) * extent) / count - 0.5,
  );
}

function nearest(x: Tensor, axis: number, extent: number, count: number): Tensor {
  // Whole factors need no table of indices: elements repeat, or are stepped over.
  if (count % extent === 0) {
    const repeated = x.expandDims(axis + 1).shape.with(axis + 1, count / extent);
    return x
      .expandDims(axis + 1)
      .broadcastTo(repeated)
      .reshape(x.shape.with(axis, count));
  }
  const steps = x.shape.map((_, k) => (k === axis ? extent / count : 1));
  if (extent % count === 0) return x.slice([], [], steps);
  requireTable('resize', `axis ${axis} of ${count}`, count);
  return x.take(
    indices(
      x,
      Array.from({ length: count }, (_, i) => Math.floor((i * extent) / count)),
    ),
    axis,
  );
}

function linear(x: Tensor, axis: number, extent: number, wanted: readonly number[]): Tensor {
  const places = wanted.map((place) => Math.max(0, place));
  const before = places.map((place) => Math.min(Math.floor(place), extent - 1));
  const share = places.map((place, i) => place - (before[i] ?? 0));
  const after = before.map((k) => Math.min(k + 1, extent - 1));
  const weight = alongAxis(x, axis, share);
  const [a, b] = [x.take(indices(x, before), axis), x.take(indices(x, after), axis)];
  const between = a.mul(weight.neg().add(1)).add(b.mul(weight));
  // What lies on an element is that element: the next one has no share, and an infinity times 0 would be NaN.
  return share.includes(0) ? weight.eq(0).where(a, between) : between;
}

/** How far the curve through four neighbours is from each of them (Keys, *Cubic convolution interpolation*, 1981). */
function cubicWeight(distance: number): number {
  const [a, t] = [-0.75, Math.abs(distance)];
  if (t >= 2) return 0;
  return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
}

function cubic(x: Tensor, axis: number, extent: number, places: readonly number[]): Tensor {
  const parts = [-1, 0, 1, 2].map((k) => {
    const own = places.map((place) => Math.floor(place) + k);
    const weights = own.map((at, i) => cubicWeight((places[i] ?? 0) - at));
    const near = own.map((at) => Math.min(Math.max(at, 0), extent - 1));
    const weight = alongAxis(x, axis, weights);
    const part = x.take(indices(x, near), axis).mul(weight);
    return weights.includes(0) ? weight.eq(0).where(0, part) : part;
  });
  return parts.reduce((sum, part) => sum.add(part));
}

/** A number for each element along an axis. */
function alongAxis(x: Tensor, axis: number, values: readonly number[]): Tensor {
  return literalIn(
    x,
    x.shape.map((_, k) => (k === axis ? values.length : 1)),
    values,
  );
}

function indices(x: Tensor, values: readonly number[]): Tensor {
  return literalIn(x, [values.length], values, 'i32');
}
