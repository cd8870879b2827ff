import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { perChannel } from './channels.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

/** Normalisations, dropout among them, which is for training alone. */
export const normalizations = {
  BatchNormalization: { since: 7, unfolded: true, import: (ctx) => batchNorm(ctx) },
  InstanceNormalization: {
    since: 6,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axes = x.shape.flatMap((_, k) => (k < 2 ? [] : [k]));
      const normal = ctx.nn.standardize(x, axes, { eps: ctx.float('epsilon', 1e-5) });
      return scaledByChannel(ctx, normal, 1, 2);
    },
  },
  LayerNormalization: {
    since: 17,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const rank = x.shape.length;
      const axis = ctx.axis(ctx.int('axis', -1), rank);
      const axes = Array.from({ length: rank - axis }, (_, k) => k - (rank - axis));
      const eps = ctx.float('epsilon', 1e-5);
      const normal = ctx.nn.standardize(x, axes.length === 1 ? -1 : axes, { eps }).mul(numberOr(ctx, 1, 0));
      const output = ctx.has(2) ? normal.add(numberOr(ctx, 2, 0)) : normal;
      if (!ctx.asks(1) && !ctx.asks(2)) return output;
      const keep = { keepDims: true } as const;
      return [output, x.mean(axes, keep), x.variance(axes, keep).add(eps).rsqrt()];
    },
  },
  RMSNormalization: {
    since: 23,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const rank = x.shape.length;
      const axis = ctx.axis(ctx.int('axis', -1), rank);
      const axes = Array.from({ length: rank - axis }, (_, k) => axis + k);
      const squares = x.square().mean(axes, { keepDims: true });
      return x.mul(squares.add(ctx.float('epsilon', 1e-5)).rsqrt()).mul(numberOr(ctx, 1, 0));
    },
  },
  GroupNormalization: {
    since: 18,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const groups = ctx.int('num_groups');
      const [batch = 1] = x.shape;
      const [channels = 1, ...space] = x.shape.flatMap((_, k) => (k === 0 ? [] : [ctx.extent(0, k)]));
      if (groups < 1 || channels % groups !== 0)
        return ctx.fail(`${groups} groups do not divide ${channels} channels`);
      const apart = x.reshape([batch, groups, channels / groups, ...space]);
      const axes = apart.shape.flatMap((_, k) => (k < 2 ? [] : [k]));
      const normal = ctx.nn.standardize(apart, axes, { eps: ctx.float('epsilon', 1e-5) });
      if (ctx.opset >= 21) return scaledByChannel(ctx, normal.reshape(x.shape), 1, 2);
      const each = (k: number): Tensor => perChannel(ctx.tensor(k), space.length + 1);
      return normal.mul(each(1)).add(each(2)).reshape(x.shape);
    },
  },
  LpNormalization: {
    since: 1,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.int('axis', -1), x.shape.length);
      const norm = x.norm(ctx.int('p', 2), axis, { keepDims: true });
      return norm.eq(0).where(0, x.div(norm.eq(0).where(1, norm)));
    },
  },
  MeanVarianceNormalization: {
    since: 9,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axes = (ctx.ints('axes') ?? [0, 2, 3]).map((axis) => ctx.axis(axis, x.shape.length));
      const centred = x.sub(x.mean(axes, { keepDims: true }));
      return centred.div(x.variance(axes, { keepDims: true }).sqrt().add(1e-9));
    },
  },
  LRN: {
    since: 1,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const size = ctx.int('size');
      const [low, high] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
      if (size < 1) return ctx.fail(`size ${size}`);
      const sums = x
        .square()
        .windows({ axes: [1], window: [size], low: [low], high: [high] })
        .sum(-1);
      const [alpha, beta, bias] = [ctx.float('alpha', 0.0001), ctx.float('beta', 0.75), ctx.float('bias', 1)];
      return x.div(
        sums
          .mul(alpha / size)
          .add(bias)
          .pow(beta),
      );
    },
  },
  Dropout: {
    since: 7,
    unfolded: true,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const rate = ctx.opset < 12 ? ctx.float('ratio', 0.5) : ctx.number(1, 'the ratio', 0.5);
      const isTraining = ctx.opset >= 12 && ctx.number(2, 'training_mode', 0) !== 0;
      const isRandom = (ctx.around.training || isTraining) && rate > 0;
      if (isRandom && ctx.asks(1)) return ctx.refuse('its mask while training');
      const output = isRandom ? ctx.nn.dropout(x, rate) : x;
      return ctx.asks(1) ? [output, ctx.typed(x.fullLike(1, 'bool'), elem.bool)] : output;
    },
  },
} satisfies Operators;

/** By channels: a gain of operand `k`, and a bias of another. */
function scaledByChannel(ctx: NodeContext, x: Tensor, gain: number, bias: number): Tensor {
  const space = x.shape.length - 2;
  return x.mul(perChannel(ctx.tensor(gain), space)).add(perChannel(ctx.tensor(bias), space));
}

/** By the running statistics, or, where the node says so, by those of the batch. */
function batchNorm(ctx: NodeContext): Tensor | readonly Tensor[] {
  const x = ctx.tensor(0);
  const space = x.shape.length - 2;
  if (ctx.opset < 9 && !ctx.flag('spatial', true))
    return ctx.refuse('spatial = 0: statistics of each place of a channel');
  if (space < -1) return ctx.fail('takes [batch, channels, …]');
  const spread = (vector: Tensor): Tensor => (space < 0 ? vector : perChannel(vector, space));
  const eps = ctx.float('epsilon', 1e-5);
  const isTraining = ctx.opset >= 14 && ctx.flag('training_mode');
  const [mean, variance] = [ctx.buffer(3), ctx.buffer(4)];
  const axes = x.shape.flatMap((_, k) => (k === 1 ? [] : [k]));
  const [ownMean, ownVariance] = isTraining ? [x.mean(axes), x.variance(axes)] : [mean, variance];
  const normal = x.sub(spread(ownMean)).mul(spread(ownVariance.add(eps).rsqrt()));
  const output = normal.mul(spread(ctx.tensor(1))).add(spread(ctx.tensor(2)));
  if (!isTraining) return output;
  const momentum = ctx.float('momentum', 0.9);
  const moved = (before: Tensor, now: Tensor): Tensor => before.mul(momentum).add(now.mul(1 - momentum));
  return [output, moved(mean, ownMean), moved(variance, ownVariance)];
}
