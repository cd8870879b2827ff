import { requireFlag, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import type { Tensor } from '../graph/index.ts';
import { positionsOf } from '../graph/ops/geometry.ts';
import { typed } from '../graph/tensor/value.ts';
import type { Dtype } from '../loops/index.ts';
import { literalIn, requireTable } from './literal.ts';
import {
  elementsAt,
  lowest,
  type PoolSlides,
  paddedElementsAt,
  poolSlides,
  slidingsOf,
} from './poolWindows.ts';
import { type Layout, type Padding, type PerAxis, type Space, spaceOf } from './space.ts';

/** How the window of a pooling slides. */
export interface PoolOptions {
  /** The window's own size where it is left out, so that windows lie side by side. */
  readonly stride?: PerAxis;
  /** Elements around that are never the largest, and zeros in a mean; none where it is left out. */
  readonly padding?: Padding;
  /**
   * Whether a last window that reaches beyond the padded axis counts, as long as it starts before the end of the elements and
   * the padding in front, as in PyTorch. False where it is left out.
   */
  readonly ceilMode?: boolean;
  /** `nchw` (`ncw`, `ncdhw`) where it is left out. */
  readonly layout?: Layout;
}

/** Options of {@link maxPool1d}, {@link maxPool2d} and {@link maxPool3d}. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance of neighbours of the window. */
  readonly dilation?: PerAxis;
  /** Whether to give which element is the largest, too. */
  readonly indices?: boolean;
}

/** Options of a pooling that gives the places of the largest elements too. */
export interface IndexedPoolOptions extends MaxPoolOptions {
  /** The places are asked for. */
  readonly indices: true;
}

/** The largest of each window, and which they are. */
export interface Pooled<D extends Dtype = Dtype> {
  readonly output: Tensor<D>;
  /** Numbers within the space of the operand, row-major, i32: of equal elements, and of NaNs, the first. */
  readonly indices: Tensor<'i32'>;
}

/** Options of {@link avgPool1d}, {@link avgPool2d} and {@link avgPool3d}. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether a window's mean counts its padding, as zeros; it does where it is left out, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

/**
 * The largest of each window, over two axes of space. A NaN counts as the largest; the gradient goes to the first of
 * equal ones, as in PyTorch, and to the first NaN, where PyTorch has the last; in a window of -infinities alone padding counts
 * among them, and takes it away.
 *
 * ```ts
 * nn.maxPool2d(x, 2); // [batch, channels, 28, 28]: [batch, channels, 14, 14]
 * const { output, indices } = nn.maxPool2d(x, 2, { indices: true });
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last
 * @throws ShapeError where the window fits nowhere or meets padding alone
 */
export function maxPool2d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options: IndexedPoolOptions,
): Pooled<D>;
export function maxPool2d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options?: MaxPoolOptions & { readonly indices?: false },
): Tensor<D>;
export function maxPool2d(x: Tensor, kernel: PerAxis, options: MaxPoolOptions = {}): Tensor | Pooled {
  return maxPool('maxPool2d', 2, x, kernel, options);
}

/** The largest of each window, over one axis of space; see {@link maxPool2d}. */
export function maxPool1d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options: IndexedPoolOptions,
): Pooled<D>;
export function maxPool1d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options?: MaxPoolOptions & { readonly indices?: false },
): Tensor<D>;
export function maxPool1d(x: Tensor, kernel: PerAxis, options: MaxPoolOptions = {}): Tensor | Pooled {
  return maxPool('maxPool1d', 1, x, kernel, options);
}

/** The largest of each window, over three axes of space; see {@link maxPool2d}. */
export function maxPool3d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options: IndexedPoolOptions,
): Pooled<D>;
export function maxPool3d<D extends Dtype>(
  x: Tensor<D>,
  kernel: PerAxis,
  options?: MaxPoolOptions & { readonly indices?: false },
): Tensor<D>;
export function maxPool3d(x: Tensor, kernel: PerAxis, options: MaxPoolOptions = {}): Tensor | Pooled {
  return maxPool('maxPool3d', 3, x, kernel, options);
}

/**
 * The mean of each window, over two axes of space.
 *
 * @param x `[batch, channels, height, width]`, f32, or the channels last
 * @throws ShapeError where the window fits nowhere or meets padding alone
 */
export function avgPool2d(x: Tensor, kernel: PerAxis, options: AvgPoolOptions = {}): Tensor<'f32'> {
  return avgPool('avgPool2d', 2, x, kernel, options);
}

/** The mean of each window, over one axis of space; see {@link avgPool2d}. */
export function avgPool1d(x: Tensor, kernel: PerAxis, options: AvgPoolOptions = {}): Tensor<'f32'> {
  return avgPool('avgPool1d', 1, x, kernel, options);
}

/** The mean of each window, over three axes of space; see {@link avgPool2d}. */
export function avgPool3d(x: Tensor, kernel: PerAxis, options: AvgPoolOptions = {}): Tensor<'f32'> {
  return avgPool('avgPool3d', 3, x, kernel, options);
}

/**
 * The mean of each channel over all of its space.
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @returns `[batch, channels]`
 */
export function globalAvgPool(x: Tensor, options: { readonly layout?: Layout } = {}): Tensor<'f32'> {
  requireOptions('globalAvgPool', options, ['layout']);
  const { axes } = spaceOf('globalAvgPool', x, options.layout);
  requireFloat('globalAvgPool', x.node);
  return x.mean(axes);
}

function maxPool(
  op: string,
  rank: number,
  x: Tensor,
  kernel: PerAxis,
  options: MaxPoolOptions,
): Tensor | Pooled {
  requireOptions(op, options, ['stride', 'padding', 'dilation', 'ceilMode', 'indices', 'layout']);
  const { indices = false } = options;
  requireFlag(op, 'indices', indices);
  const space = spaceOf(op, x, options.layout, rank);
  const slides = poolSlides(op, x, kernel, space, options);
  const windows = x.windows({ axes: space.axes, ...slides.lists, value: lowest(op, x.dtype) });
  const inside = space.axes.map((_, d) => x.shape.length + d);
  const output = windows.max(inside);
  return indices ? { output, indices: placesIn(space, slides, windows.argmax(inside)) } : output;
}

/** Numbers of elements within the space, of numbers of elements within windows. */
function placesIn({ axes, extents }: Space, { lists }: PoolSlides, chosen: Tensor<'i32'>): Tensor<'i32'> {
  return axes.reduce<Tensor<'i32'>>((place, axis, d) => {
    const inner = lists.window.slice(d + 1).reduce((n, count) => n * count, 1);
    const element = chosen.floorDiv(inner).mod(lists.window[d] ?? 1);
    const from = chosen
      .iotaLike(axis)
      .mul(lists.stride[d] ?? 1)
      .sub(lists.low[d] ?? 0);
    const own = element.mul(lists.dilation[d] ?? 1).add(from);
    // Padding is the largest only where all is -infinity: then it stands for the nearest element.
    const extent = extents[d] ?? 1;
    const near = own.maximum(0).minimum(extent - 1);
    return place.mul(extent).add(near);
  }, chosen.fullLike(0));
}

function avgPool(
  op: string,
  rank: number,
  x: Tensor,
  kernel: PerAxis,
  options: AvgPoolOptions,
): Tensor<'f32'> {
  requireOptions(op, options, ['stride', 'padding', 'ceilMode', 'countIncludePad', 'layout']);
  const { countIncludePad = true } = options;
  requireFlag(op, 'countIncludePad', countIncludePad);
  const space = spaceOf(op, x, options.layout, rank);
  requireFloat(op, x.node);
  const slides = poolSlides(op, x, kernel, space, options);
  const { lists } = slides;
  const windows = x.windows({ axes: space.axes, ...lists });
  const sums = windows.sum(space.axes.map((_, d) => x.shape.length + d));
  const whole = lists.window.reduce((n, count) => n * count, 1);
  // What lies beyond the padding never counts.
  if (countIncludePad && slides.beyond.every((more) => more === 0)) return sums.div(whole);
  const counts = slidingsOf(space, lists).map((along, d) => {
    const positions = positionsOf(along);
    requireTable(op, `axis ${space.axes[d]} of ${positions}`, positions);
    return Array.from({ length: positions }, (_, p) =>
      countIncludePad ? paddedElementsAt(along, p, slides.beyond[d] ?? 0) : elementsAt(along, p),
    );
  });
  if (counts.every((own, d) => own.every((count) => count === lists.window[d]))) return sums.div(whole);
  return space.axes.reduce<Tensor<'f32'>>(
    (y, axis, d) => {
      const own = counts[d] ?? [];
      const shape = y.shape.map((_, k) => (k === axis ? own.length : 1));
      return y.div(literalIn(x, shape, own));
    },
    typed(sums, 'f32'),
  );
}
