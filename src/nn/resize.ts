import { requireOneOf, requireOptions } from '../graph/arguments.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { requireDtype } from '../graph/ops/definition.ts';
import { shapeText } from '../loops/index.ts';
import { literalIn, requireTable } from './literal.ts';
import { type Layout, type PerAxis, perAxis, spaceOf } from './space.ts';

/** How an image gets another size. */
export interface ResizeOptions {
  /** `nearest` where it is left out. */
  readonly method?: 'nearest' | 'bilinear';
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
}

/**
 * The same image in another size, as PyTorch's `interpolate` without aligned corners. Element `i` of `n` along an axis
 * is `nearest` element `floor(i · extent / n)`; `bilinear` what lies at `(i + 1/2) · extent / n - 1/2` on the line
 * between neighbours, not beyond the first and last.
 *
 * @param x `[batch, channels, ...space]`, or the channels last; f32 for `bilinear`
 * @param size of the result, for each axis or for all
 * @throws ShapeError where there is nothing to resize, GraphError where an option is none that there is
 */
export function resize(x: Tensor, size: PerAxis, options: ResizeOptions = {}): Tensor {
  requireOptions('resize', options, ['method', 'layout']);
  const { method = 'nearest', layout } = options;
  requireOneOf('resize', 'method', method, ['nearest', 'bilinear']);
  const { axes, extents } = spaceOf('resize', x, layout);
  const sizes = perAxis('resize', 'size', size, axes.length, 1);
  if (extents.includes(0)) throw new ShapeError('empty', 'resize', `${shapeText(x.shape)} has no elements`);
  requireDtype('resize', x.dtype, method === 'bilinear' ? ['f32'] : ['f32', 'i32', 'u32', 'bool']);
  return axes.reduce((y, axis, d) => {
    const [extent, count] = [extents[d] ?? 1, sizes[d] ?? 1];
    if (extent === count) return y;
    return method === 'nearest' ? nearest(y, axis, extent, count) : linear(y, axis, extent, count);
  }, x);
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

function linear(x: Tensor, axis: number, extent: number, count: number): Tensor {
  requireTable('resize', `axis ${axis} of ${count}`, count);
  const places = Array.from({ length: count }, (_, i) => Math.max(0, ((i + 0.5) * extent) / count - 0.5));
  const before = places.map((place) => Math.min(Math.floor(place), extent - 1));
  const share = places.map((place, i) => place - (before[i] ?? 0));
  const after = before.map((k) => Math.min(k + 1, extent - 1));
  const weight = literalIn(
    x,
    x.shape.map((_, k) => (k === axis ? count : 1)),
    share,
  );
  const [a, b] = [x.take(indices(x, before), axis), x.take(indices(x, after), axis)];
  const between = a.mul(weight.neg().add(1)).add(b.mul(weight));
  // What lies on an element is that element: the next one has no share, and an infinity times 0 would be NaN.
  return share.includes(0) ? weight.eq(0).where(a, between) : between;
}

function indices(x: Tensor, values: readonly number[]): Tensor {
  return literalIn(x, [values.length], values, 'i32');
}
