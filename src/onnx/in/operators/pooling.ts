import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext, Result } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { spaceOf } from './convolutions.ts';
import type { Operators } from './operator.ts';
import { short, slideOptions, slidesOf } from './windows.ts';

/** The largest and the mean of windows, or of all of space. */
export const pooling = {
  MaxPool: { since: 1, unfolded: true, import: (ctx) => maxPool(ctx) },
  AveragePool: { since: 1, unfolded: true, import: (ctx) => averagePool(ctx) },
  LpPool: {
    since: 2,
    unfolded: true,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const p = ctx.int('p', 2);
      const extents = spaceOf(ctx);
      const { window, stride, dilation, pads } = slidesOf(ctx, windowOf(ctx), extents);
      if (ctx.flag('ceil_mode')) return ctx.refuse('ceil_mode');
      const windows = x.windows({
        axes: extents.map((_, d) => d + 2),
        window,
        stride,
        dilation,
        low: pads.map(([low]) => low),
        high: pads.map(([, high]) => high),
      });
      return windows.norm(
        p,
        extents.map((_, d) => x.shape.length + d),
      );
    },
  },
  GlobalMaxPool: { since: 1, import: (ctx) => ctx.tensor(0).max(spatialAxes(ctx), { keepDims: true }) },
  GlobalAveragePool: { since: 1, import: (ctx) => ctx.tensor(0).mean(spatialAxes(ctx), { keepDims: true }) },
  GlobalLpPool: {
    since: 2,
    import: (ctx) => ctx.tensor(0).norm(ctx.int('p', 2), spatialAxes(ctx), { keepDims: true }),
  },
} satisfies Operators;

function spatialAxes(ctx: NodeContext): number[] {
  return ctx.shape(0).flatMap((_, axis) => (axis < 2 ? [] : [axis]));
}

function windowOf(ctx: NodeContext): readonly number[] {
  return ctx.ints('kernel_shape') ?? ctx.fail('kernel_shape is missing');
}

const poolings = {
  max: ['maxPool1d', 'maxPool2d', 'maxPool3d'],
  avg: ['avgPool1d', 'avgPool2d', 'avgPool3d'],
} as const;

function maxPool(ctx: NodeContext): Result | readonly Result[] {
  const given = ctx.tensor(0);
  const extents = spaceOf(ctx);
  const slides = slidesOf(ctx, windowOf(ctx), extents);
  const name = poolings.max[extents.length - 1] ?? ctx.refuse(`${extents.length} axes of space`);
  const ceil = ctx.flag('ceil_mode') ? { ceilMode: true } : {};
  // Where a step is left out it is 1 there, and as long as the window here.
  const options = { ...slideOptions(slides, slides.window), ...ceil };
  const window = short(slides.window);
  if (!ctx.asks(1)) return ctx.nn[name](given, window, options);
  const { output, indices } = ctx.nn[name](given, window, { ...options, indices: true });
  return [output, ctx.typed(overall(ctx, indices, extents), elem.int64)];
}

/** Numbers of elements of the whole tensor, of those within the space of a channel. */
function overall(ctx: NodeContext, indices: Tensor, extents: readonly number[]): Tensor {
  const space = extents.reduce((a, b) => a * b, 1);
  const turned = ctx.int('storage_order', 0) === 0 ? indices : columnMajor(ctx, indices, extents);
  const channel = indices.iotaLike(0).mul(ctx.extent(0, 1)).add(indices.iotaLike(1));
  return channel.mul(space).add(turned);
}

function columnMajor(ctx: NodeContext, indices: Tensor, extents: readonly number[]): Tensor {
  const [height = 1, width] = extents;
  if (width === undefined) return indices;
  if (extents.length > 2) return ctx.refuse('columns first in three axes of space');
  return indices.mod(width).mul(height).add(indices.floorDiv(width));
}

function averagePool(ctx: NodeContext): Tensor {
  const x = ctx.tensor(0);
  const extents = spaceOf(ctx);
  const slides = slidesOf(ctx, windowOf(ctx), extents);
  const countIncludePad = ctx.flag('count_include_pad');
  const ceilMode = ctx.flag('ceil_mode');
  const isPadded = slides.pads.some(([low, high]) => low > 0 || high > 0);
  if (slides.dilation.every((n) => n === 1)) {
    const { dilation: _, ...options } = slideOptions(slides, slides.window);
    const name = poolings.avg[extents.length - 1] ?? ctx.refuse(`${extents.length} axes of space`);
    return ctx.nn[name](x, short(slides.window), {
      ...options,
      ...(ceilMode ? { ceilMode } : {}),
      ...(countIncludePad || !(isPadded || ceilMode) ? {} : { countIncludePad: false }),
    });
  }
  // Sums of windows, divided by how many elements they have.
  const { window, stride, dilation, pads } = slides;
  const high = pads.map(([low, own], d) => {
    const span = ((window[d] ?? 1) - 1) * (dilation[d] ?? 1) + 1;
    const left = ((extents[d] ?? 0) + low + own - span) % (stride[d] ?? 1);
    return ceilMode && left > 0 ? own + (stride[d] ?? 1) - left : own;
  });
  const windows = {
    axes: extents.map((_, d) => d + 2),
    window,
    stride,
    dilation,
    low: pads.map(([low]) => low),
    high,
  };
  const inside = extents.map((_, d) => x.shape.length + d);
  const sums = x.windows(windows).sum(inside);
  if (countIncludePad && !ceilMode) return sums.div(window.reduce((a, b) => a * b, 1));
  if (countIncludePad) return ctx.refuse('ceil_mode, dilations and counted padding together');
  const ones = ctx.s.full(ctx.where, [1, 1, ...extents], 1);
  return sums.div(ones.windows(windows).sum(inside));
}
