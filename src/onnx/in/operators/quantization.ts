import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext, Result } from '../context.ts';
import { elem, elementType } from '../elementTypes.ts';
import { countOf, isNumeric } from '../value.ts';
import { perChannel, perOutput } from './channels.ts';
import { convolved } from './convolutions.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

/** Numbers of few bits: weights become floats again, and so does what is computed. */
export const quantization = {
  DequantizeLinear: { since: 10, unfolded: true, import: (ctx) => dequantized(ctx) },
  QuantizeLinear: {
    since: 10,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const scale = alongAxis(ctx, 1);
      const type = ctx.has(2) ? ctx.value(2).elem : ctx.int('output_dtype', elem.uint8);
      const zero = ctx.has(2) ? alongAxis(ctx, 2) : undefined;
      return quantized(
        ctx,
        x.cast('f32').div(typeof scale === 'number' ? scale : scale.cast('f32')),
        zero,
        type,
      );
    },
  },
  DynamicQuantizeLinear: {
    since: 11,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [low, high] = [x.min().minimum(0), x.max().maximum(0)];
      const scale = high.sub(low).div(255);
      const zero = low.neg().div(scale).clamp(0, 255).round();
      const y = x.div(scale).round().add(zero).clamp(0, 255).cast('i32');
      return [ctx.typed(y, elem.uint8), scale, ctx.typed(zero.cast('i32'), elem.uint8)];
    },
  },
  QLinearMatMul: {
    since: 10,
    unfolded: true,
    import: (ctx) => {
      const a = centred(ctx, 0, 2, false);
      const b = centred(ctx, 3, 5, true);
      const product = a
        .matmul(b)
        .mul(scaleOf(ctx, 1, false))
        .mul(scaleOf(ctx, 4, true));
      return requantized(ctx, product, 6, 7);
    },
  },
  QLinearConv: {
    since: 10,
    unfolded: true,
    import: (ctx) => {
      const x = centred(ctx, 0, 2, false);
      const w = ctx
        .tensor(3)
        .sub(perOutput(ctx.tensor(5), ctx.shape(3).length))
        .cast('f32');
      const sums = qconvolved(ctx, x, w);
      const space = sums.shape.length - 2;
      const biased = ctx.has(8) ? sums.add(perChannel(ctx.tensor(8).cast('f32'), space)) : sums;
      const scaled = biased.mul(scaleOf(ctx, 1, false)).mul(perChannel(ctx.tensor(4), space));
      return requantized(ctx, scaled, 6, 7);
    },
  },
} satisfies Operators;

/** A scale or zero point beside operand 0: one number, one for each element of an axis, or one for each block. */
function alongAxis(ctx: NodeContext, k: number): Tensor | number {
  const own = numberOr(ctx, k, 0);
  if (typeof own === 'number') return own;
  const rank = ctx.shape(0).length;
  if (own.shape.length === 0 || rank === 0) return own;
  if (own.shape.length === 1) {
    if (own.shape[0] === 1) return own.reshape([]);
    const axis = ctx.axis(ctx.int('axis', 1), rank);
    return own.reshape(Array.from({ length: rank }, (_, d) => (d === axis ? -1 : 1)));
  }
  const axis = ctx.axis(ctx.int('axis', 1), rank);
  const [extent, blocks] = [ctx.extent(0, axis), ctx.fixed(own, axis)];
  const each = Math.ceil(extent / blocks);
  const spread = own.repeatInterleave(each, axis);
  return each * blocks === extent
    ? spread
    : spread.slice(
        [],
        ctx.shape(0).map((_, d) => (d === axis ? extent : undefined)),
      );
}

function dequantized(ctx: NodeContext): Result {
  const known = ctx.value(0).kind === 'known' ? ctx.known(0) : undefined;
  const scale = ctx.known(1);
  const zero = ctx.has(2) ? ctx.known(2) : undefined;
  const isFixed = known !== undefined && scale !== undefined && (!ctx.has(2) || zero !== undefined);
  if (isFixed && isNumeric(known.elements) && isNumeric(scale.elements) && scale.shape.length <= 1) {
    const { shape, elements } = known;
    const axis = scale.elements.length === 1 ? 0 : ctx.axis(ctx.int('axis', 1), shape.length);
    const inner = countOf(shape.slice(axis + 1));
    const extent = shape[axis] ?? 1;
    const [scales, numbers] = [scale.elements, elements];
    const points = zero === undefined ? undefined : Array.from(zero.elements, Number);
    if (scales.length !== 1 && scales.length !== extent)
      return ctx.fail(`the scale has ${scales.length} elements for axis ${axis}, which is ${extent}`);
    if (points !== undefined && points.length !== scales.length)
      return ctx.fail(`the zero point has ${points.length} elements, and the scale ${scales.length}`);
    // Weights: floats that can be trained.
    return ctx.around.weight(known.name, shape, () =>
      Float32Array.from(numbers, (value, k) => {
        const at = scales.length === 1 ? 0 : Math.floor(k / inner) % extent;
        return (value - (points?.[at] ?? 0)) * (scales[at] ?? 1);
      }),
    );
  }
  const x = ctx.tensor(0);
  const point = ctx.has(2) ? alongAxis(ctx, 2) : 0;
  const centred = point === 0 ? x : x.sub(point);
  const factor = alongAxis(ctx, 1);
  const type = ctx.int('output_dtype', 0);
  return ctx.typed(centred.cast('f32').mul(factor), type === 0 ? ctx.value(1).elem : type);
}

/** Rounded, moved by a zero point, and cut to what the type has values. */
function quantized(ctx: NodeContext, x: Tensor, zero: Tensor | number | undefined, type: number): Result {
  const { narrow } = elementType(type, 'the quantised value');
  if (narrow === undefined) return ctx.refuse('a type of more than 16 bits');
  const moved =
    zero === undefined || zero === 0
      ? x.round()
      : x.round().add(typeof zero === 'number' ? zero : zero.cast('f32'));
  return ctx.typed(moved.clamp(...narrow).cast('i32'), type);
}

function requantized(ctx: NodeContext, x: Tensor, scale: number, zero: number): Result {
  return quantized(ctx, x.div(scaleOf(ctx, scale, false)), ctx.tensor(zero), ctx.value(zero).elem);
}

/** Scales and zero points of rows stand in a column. */
function scaleOf(ctx: NodeContext, k: number, isColumns: boolean): Tensor {
  const own = ctx.tensor(k);
  return isColumns || own.shape.length !== 1 || own.shape[0] === 1 ? own : own.expandDims(1);
}

function centred(ctx: NodeContext, k: number, zero: number, isColumns: boolean): Tensor {
  return ctx
    .tensor(k)
    .sub(scaleOf(ctx, zero, isColumns))
    .cast('f32');
}

/** The convolution of operand 0 by operand 3, where others have it by operand 1. */
function qconvolved(ctx: NodeContext, x: Tensor, weight: Tensor): Tensor {
  return convolved(ctx.withOperands([ctx.value(0), ctx.value(3)]), x, weight);
}
