import { requireFlag, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { positionsOf, type SlideLists, type Sliding, slidingAlong } from '../graph/ops/geometry.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { literalIn, requireTable } from './literal.ts';
import { type Layout, type Padding, type PerAxis, paddingOf, perAxis, type Space, spaceOf } from './space.ts';

/** How the window of a pooling slides. */
export interface PoolOptions {
  /** The window's own size where it is left out, so that windows lie side by side. */
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
}

/** Options of {@link maxPool1d} and {@link maxPool2d}. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance of neighbours of the window. */
  readonly dilation?: PerAxis;
}

/** Options of {@link avgPool1d} and {@link avgPool2d}. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether a window's mean counts its padding, as zeros; it does where it is left out, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

/**
 * The largest of each window, over two axes of space. A NaN counts as the largest; the gradient goes to the first of
 * equal ones, as in PyTorch; in a window of -infinities alone padding counts among them, and takes it away.
 *
 * @param x `[batch, channels, height, width]`, or the channels last
 * @throws ShapeError where the window fits nowhere or meets padding alone
 */
export function maxPool2d(x: Tensor, kernel: PerAxis, options: MaxPoolOptions = {}): Tensor {
  return maxPool('maxPool2d', 2, x, kernel, options);
}

/** The largest of each window, over one axis of space; see {@link maxPool2d}. */
export function maxPool1d(x: Tensor, kernel: PerAxis, options: MaxPoolOptions = {}): Tensor {
  return maxPool('maxPool1d', 1, x, kernel, options);
}

/**
 * The mean of each window, over two axes of space.
 *
 * @param x `[batch, channels, height, width]`, f32, or the channels last
 * @throws ShapeError where the window fits nowhere or meets padding alone
 */
export function avgPool2d(x: Tensor, kernel: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return avgPool('avgPool2d', 2, x, kernel, options);
}

/** The mean of each window, over one axis of space; see {@link avgPool2d}. */
export function avgPool1d(x: Tensor, kernel: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return avgPool('avgPool1d', 1, x, kernel, options);
}

/**
 * The mean of each channel over all of its space.
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @returns `[batch, channels]`
 */
export function globalAvgPool(x: Tensor, options: { readonly layout?: Layout } = {}): Tensor {
  requireOptions('globalAvgPool', options, ['layout']);
  const { axes } = spaceOf('globalAvgPool', x, options.layout);
  requireFloat('globalAvgPool', x.node);
  return x.mean(axes);
}

/**
 * Means of windows that are as equal as they can be, as many as are asked for: the `i`-th of `n` along an axis has the
 * elements from `floor(i · extent / n)` up to `ceil((i + 1) · extent / n)` (excluded), as PyTorch's.
 *
 * @param x `[batch, channels, height, width]`, f32, or the channels last
 * @param size of the result, for each axis or for all
 */
export function adaptiveAvgPool2d(
  x: Tensor,
  size: PerAxis,
  options: { readonly layout?: Layout } = {},
): Tensor {
  const op = 'adaptiveAvgPool2d';
  requireOptions(op, options, ['layout']);
  const { axes, extents } = spaceOf(op, x, options.layout, 2);
  requireFloat(op, x.node);
  const sizes = perAxis(op, 'size', size, axes.length, 1);
  if (extents.includes(0)) throw new ShapeError('empty', op, `${shapeText(x.shape)} has nothing to average`);
  if (extents.every((extent, d) => extent % (sizes[d] ?? 1) === 0)) {
    const window = extents.map((extent, d) => extent / (sizes[d] ?? 1));
    return x.windows({ axes, window, stride: window }).mean(axes.map((_, d) => x.shape.length + d));
  }
  // Windows are products of intervals, so their means are means of means.
  return axes.reduce((y, axis, d) => meansAlong(op, y, axis, extents[d] ?? 0, sizes[d] ?? 1), x);
}

/**
 * Means of windows along one axis. Elements are chosen, not multiplied by a table of shares: what is not in a window
 * must not reach its mean, were it infinite.
 */
function meansAlong(op: string, x: Tensor, axis: number, extent: number, count: number): Tensor {
  if (extent === count) return x;
  requireTable(op, `axis ${axis} from ${extent} to ${count}`, count);
  const firsts = Array.from({ length: count }, (_, i) => Math.floor((i * extent) / count));
  const ends = Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * extent) / count));
  const perMean = (values: readonly number[], dtype: 'f32' | 'i32'): Tensor =>
    literalIn(x, [count, 1], values, dtype);
  const place = x.iota([count, extent], 1);
  const isInside = place.ge(perMean(firsts, 'i32')).and(place.lt(perMean(ends, 'i32')));
  const sums = isInside.where(x.transpose(axis, -1).expandDims(-2), 0).sum(-1);
  const counts = ends.map((end, i) => end - (firsts[i] ?? 0));
  return sums.div(literalIn(x, [count], counts)).transpose(axis, -1);
}

function maxPool(op: string, rank: number, x: Tensor, kernel: PerAxis, options: MaxPoolOptions): Tensor {
  requireOptions(op, options, ['stride', 'padding', 'dilation', 'layout']);
  const space = spaceOf(op, x, options.layout, rank);
  const slides = slidesOf(op, x, kernel, space, options);
  const windows = x.windows({ axes: space.axes, ...slides, value: lowest(op, x.dtype) });
  return windows.max(space.axes.map((_, d) => x.shape.length + d));
}

function avgPool(op: string, rank: number, x: Tensor, kernel: PerAxis, options: AvgPoolOptions): Tensor {
  requireOptions(op, options, ['stride', 'padding', 'countIncludePad', 'layout']);
  const { countIncludePad = true } = options;
  requireFlag(op, 'countIncludePad', countIncludePad);
  const space = spaceOf(op, x, options.layout, rank);
  requireFloat(op, x.node);
  const slides = slidesOf(op, x, kernel, space, options);
  const windows = x.windows({ axes: space.axes, ...slides });
  const sums = windows.sum(space.axes.map((_, d) => x.shape.length + d));
  const whole = slides.window.reduce((n, count) => n * count, 1);
  if (countIncludePad) return sums.div(whole);
  const counts = space.extents.map((extent, d) => {
    const along = slidingAlong(extent, d, slides);
    const positions = positionsOf(along);
    requireTable(op, `axis ${space.axes[d]} of ${positions}`, positions);
    return Array.from({ length: positions }, (_, p) => elementsAt(along, p));
  });
  if (counts.every((own, d) => own.every((count) => count === slides.window[d]))) return sums.div(whole);
  return space.axes.reduce((y, axis, d) => {
    const own = counts[d] ?? [];
    const shape = y.shape.map((_, k) => (k === axis ? own.length : 1));
    return y.div(literalIn(x, shape, own));
  }, sums);
}

function slidesOf(
  op: string,
  x: Tensor,
  kernel: PerAxis,
  space: Space,
  { stride, padding = 'valid', dilation = 1 }: MaxPoolOptions,
): SlideLists {
  const rank = space.axes.length;
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  const slides = {
    window,
    stride: stride === undefined ? window : perAxis(op, 'stride', stride, rank, 1),
    dilation: perAxis(op, 'dilation', dilation, rank, 1),
  };
  const all = { ...slides, ...paddingOf(op, padding, x, space, slides) };
  const alone = space.extents.findIndex((extent, d) => meetsPaddingAlone(slidingAlong(extent, d, all)));
  if (alone < 0) return all;
  const [low = 0, high = 0] = [all.low[alone], all.high[alone]];
  const text = `a window of ${window[alone]} along axis ${space.axes[alone]} of ${shapeText(x.shape)} meets padding alone`;
  const sides = [
    ...(low > 0 ? [`less than ${low} before`] : []),
    ...(high > 0 ? [`less than ${high} after`] : []),
  ];
  throw new ShapeError('window', op, `${text}: pad ${sides.join(', or ')}`);
}

/** Whether a window at some position has no element. */
function meetsPaddingAlone(along: Sliding): boolean {
  const last = positionsOf(along) - 1;
  // Only windows that step further than the axis is long can pass over it in between.
  const between = along.windowDilation > along.extent ? Math.min(last, along.windowDilation) : 0;
  for (let p = 0; p <= between; p++) if (elementsAt(along, p) === 0) return true;
  return elementsAt(along, last) === 0;
}

/** How many elements, without padding, a window at a position has. */
function elementsAt({ extent, window, stride, low, windowDilation }: Sliding, position: number): number {
  const from = low - position * stride;
  const first = Math.max(0, Math.ceil(from / windowDilation));
  const end = Math.min(window, Math.floor((extent - 1 + from) / windowDilation) + 1);
  return Math.max(0, end - first);
}

/** What no element lies below: the padding of a maximum. */
function lowest(op: string, dtype: Dtype): number {
  switch (dtype) {
    case 'f32':
      return -Infinity;
    case 'i32':
      return -(2 ** 31);
    case 'u32':
      return 0;
    case 'bool':
    case 'u8':
      throw new ShapeError('dtype', op, `operand of type ${dtype}; takes f32, i32, u32: cast it first`);
    default:
      return dtype satisfies never;
  }
}
