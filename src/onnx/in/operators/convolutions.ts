import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { perChannel, perOutput } from './channels.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';
import { slideOptions, slidesOf } from './windows.ts';

/** Convolutions, and their way back. */
export const convolutions = {
  Conv: {
    since: 1,
    unfolded: true,
    import: (ctx) => withBias(convolved(ctx, ctx.tensor(0), ctx.tensor(1)), ctx.optional(2)),
  },
  ConvInteger: {
    since: 10,
    unfolded: true,
    import: (ctx) => {
      const x = ctx.has(2) ? ctx.tensor(0).sub(numberOr(ctx, 2, 0)) : ctx.tensor(0);
      const w = ctx.has(3) ? ctx.tensor(1).sub(byOutput(ctx, 3)) : ctx.tensor(1);
      return ctx.typed(convolved(ctx, x.cast('f32'), w.cast('f32')).cast('i32'), elem.int32);
    },
  },
  ConvTranspose: {
    since: 1,
    unfolded: true,
    import: (ctx) => withBias(convolvedTransposed(ctx), ctx.optional(2)),
  },
} satisfies Operators;

/** One number for all weights, or one for each output. */
function byOutput(ctx: NodeContext, k: number): Tensor | number {
  const own = numberOr(ctx, k, 1);
  return typeof own === 'number' ? own : perOutput(own, ctx.shape(1).length);
}

function withBias(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? x : x.add(perChannel(bias, x.shape.length - 2));
}

/** A convolution of `x` by `weight`, which stand for operands 0 and 1. */
export function convolved(ctx: NodeContext, x: Tensor, weight: Tensor): Tensor {
  const extents = spaceOf(ctx);
  const slides = slidesOf(ctx, ctx.ints('kernel_shape') ?? ctx.extents(1).slice(2), extents);
  const groups = ctx.int('group', 1);
  const ones = extents.map(() => 1);
  return ctx.nn.convolve(x, weight, { ...slideOptions(slides, ones), ...(groups === 1 ? {} : { groups }) });
}

/** Extents of the axes behind the channels. */
export function spaceOf(ctx: NodeContext): number[] {
  return ctx.shape(0).flatMap((_, axis) => (axis < 2 ? [] : [ctx.extent(0, axis)]));
}

function convolvedTransposed(ctx: NodeContext): Tensor {
  const extents = spaceOf(ctx);
  const window = ctx.ints('kernel_shape') ?? ctx.extents(1).slice(2);
  const more = ctx.ints('output_padding') ?? extents.map(() => 0);
  const asked = ctx.ints('output_shape');
  const auto = ctx.text('auto_pad', 'NOTSET');
  const base = slidesOf(ctx, window, extents);
  const pads = extents.map((extent, d): readonly [number, number] => {
    const [stride = 1, dilation = 1] = [base.stride[d], base.dilation[d]];
    const whole = stride * (extent - 1) + (more[d] ?? 0) + ((window[d] ?? 1) - 1) * dilation + 1;
    const wanted = asked?.at(d - extents.length) ?? (auto.startsWith('SAME') ? extent * stride : undefined);
    if (wanted === undefined) return base.pads[d] ?? [0, 0];
    const total = Math.max(0, whole - wanted);
    const half = Math.floor(total / 2);
    return auto === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  // Where more is asked for than there is, the rest stands behind.
  const extra = extents.map((extent, d) => {
    const [stride = 1, dilation = 1] = [base.stride[d], base.dilation[d]];
    const whole = stride * (extent - 1) + (more[d] ?? 0) + ((window[d] ?? 1) - 1) * dilation + 1;
    return (more[d] ?? 0) + Math.max(0, (asked?.at(d - extents.length) ?? 0) - whole);
  });
  const groups = ctx.int('group', 1);
  const ones = extents.map(() => 1);
  return ctx.nn.convolveTransposed(ctx.tensor(0), ctx.tensor(1), {
    ...slideOptions({ ...base, pads }, ones),
    ...(groups === 1 ? {} : { groups }),
    ...(extra.every((n) => n === 0) ? {} : { outputPadding: extra }),
  });
}
