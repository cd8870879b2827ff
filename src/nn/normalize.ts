import { requireFlag, requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { declarationsOf, ShapeError, type Tensor, type Update, whileTraining } from '../graph/index.ts';
import { dimAt } from '../graph/shape.ts';
import { type Axes, requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { groupsOf } from './convolve.ts';
import { ones, zeros } from './init.ts';
import { layerName } from './layer.ts';
import { channelsFirst, inLayout, type Layout, perChannel, type Space, spaceOf } from './space.ts';

/** What every normalisation takes. */
export interface NormOptions {
  /** Added to the variance; 1e-5 where it is left out. */
  readonly eps?: number;
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
  /** Whether a gain and a bias for each channel follow, as states `NAME.weight` and `NAME.bias`. */
  readonly affine?: boolean;
  /** Names the layer, its states and its result. */
  readonly name?: string;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
  /** Share of the batch in the next running statistics; 0.1 where it is left out. */
  readonly momentum?: number;
}

/** A batch normalisation: its result, and the next running statistics, which a training entry updates. */
export interface BatchNorm {
  readonly output: Tensor;
  readonly updates: readonly Update[];
}

/** `(x - mean) / sqrt(variance + eps)` over some axes, whose live elements the statistics see. */
export function standardize(x: Tensor, axes: Axes, options: { readonly eps?: number } = {}): Tensor {
  requireTensor('standardize', x);
  requireOptions('standardize', options, ['eps']);
  requireFloat('standardize', x.node);
  const eps = epsOf('standardize', options.eps);
  const centred = x.sub(x.mean(axes, { keepDims: true }));
  return centred.mul(x.variance(axes, { keepDims: true }).add(eps).rsqrt());
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015): each channel by its mean and variance over the live rows and all of
 * space while training; by the running ones, states `NAME.runningMean` and `NAME.runningVar`, in the
 * {@link evaluation} of what is made of it.
 *
 * ```ts
 * const { output, updates } = nn.batchNorm(nn.conv2d(x, 32, 3));
 * m.entry('train', { loss, updates: [...optimizer.minimize(loss), ...updates] });
 * m.entry('predict', { label: evaluation(logits).argmax(1) });
 * ```
 *
 * As in PyTorch the running variance is that of the population, `n / (n - 1)` times the batch's; of one element it
 * is 0, where PyTorch refuses.
 *
 * @param x `[batch, channels]` or `[batch, channels, ...space]`, f32, or the channels last; the batch may be bounded
 * @throws ShapeError where `x` has another shape, GraphError where an option is none that there is
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): BatchNorm {
  const op = 'batchNorm';
  requireOptions(op, options, ['eps', 'momentum', 'layout', 'affine', 'name']);
  const { momentum = 0.1, affine = true } = options;
  requireFlag(op, 'affine', affine);
  requireOption(op, 'momentum', momentum, momentum >= 0 && momentum <= 1, 'from 0 to 1');
  const eps = epsOf(op, options.eps);
  const space = channelsOf(op, x, options.layout);
  const declarations = declarationsOf(op, x);
  const name = layerName(op, x, options.name);
  const running = (what: string, init = zeros()): Tensor =>
    declarations.state(`${name}.${what}`, { shape: [space.channels], init, trainable: false });
  const [runningMean, runningVar] = [running('runningMean'), running('runningVar', ones())];
  const axes = [0, ...space.axes];
  const [mean, variance] = [x.mean(axes), x.variance(axes)];
  const spread = (vector: Tensor): Tensor => perChannel(vector, space);
  const centred = x.sub(spread(whileTraining(mean, runningMean)));
  const scale = spread(whileTraining(variance, runningVar)).add(eps).rsqrt();
  const own = centred.mul(scale);
  const count = x.liveCount(axes);
  const population = variance.mul(count.div(count.sub(1).maximum(1)));
  const next = (state: Tensor, batch: Tensor): Update => ({
    state,
    next: state.mul(1 - momentum).add(batch.mul(momentum)),
  });
  return {
    output: (affine ? scaled(op, own, space, name) : own).named(name),
    updates: [next(runningMean, mean), next(runningVar, population)],
  };
}

/**
 * Group normalisation (Wu and He 2018): each sample by the mean and variance of each group of its channels.
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @param groups that divide the channels
 * @throws ShapeError where they do not, GraphError where an option is none that there is
 */
export function groupNorm(x: Tensor, groups: number, options: NormOptions = {}): Tensor {
  const op = 'groupNorm';
  return byGroups(op, x, options, true, (channels) => groupsOf(op, groups, channels, channels));
}

/**
 * Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016): each channel of each sample by its own mean and
 * variance. As in PyTorch it has no gain and bias unless `affine` is asked for.
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @throws as {@link groupNorm}
 */
export function instanceNorm(x: Tensor, options: NormOptions = {}): Tensor {
  // No channels are one group of none.
  return byGroups('instanceNorm', x, options, false, (channels) => Math.max(1, channels));
}

function byGroups(
  op: string,
  x: Tensor,
  options: NormOptions,
  isAffine: boolean,
  groupsFor: (channels: number) => number,
): Tensor {
  requireOptions(op, options, ['eps', 'layout', 'affine', 'name']);
  const eps = epsOf(op, options.eps);
  const space = channelsOf(op, x, options.layout);
  const { channels, extents } = space;
  const count = groupsFor(channels);
  const batch = dimAt(x.shape, 0);
  const apart = channelsFirst(x, space).reshape([batch, count, channels / count, ...extents]);
  const axes = apart.shape.flatMap((_, k) => (k < 2 ? [] : [k]));
  const own = inLayout(standardize(apart, axes, { eps }).reshape([batch, channels, ...extents]), space);
  const { affine = isAffine, name } = options;
  requireFlag(op, 'affine', affine);
  if (!affine) return name === undefined ? own : own.named(layerName(op, x, name));
  const layer = layerName(op, x, name);
  return scaled(op, own, space, layer).named(layer);
}

/** A gain and a bias for each channel, states of the layer. */
function scaled(op: string, x: Tensor, space: Space, name: string): Tensor {
  const declarations = declarationsOf(op, x);
  const shape = [space.channels];
  const gain = declarations.state(`${name}.weight`, { shape, init: ones() });
  const bias = declarations.state(`${name}.bias`, { shape, init: zeros() });
  return x.mul(perChannel(gain, space)).add(perChannel(bias, space));
}

/** As {@link spaceOf}, also of operands without space. */
function channelsOf(op: string, x: Tensor, layout: Layout | undefined): Space {
  requireTensor(op, x);
  requireFloat(op, x.node);
  if (x.shape.length !== 2) return spaceOf(op, x, layout);
  const channels = dimAt(x.shape, 1);
  if (typeof channels === 'number') return { channelAxis: 1, axes: [], extents: [], channels, isLast: false };
  const text = `axis 1 of ${shapeText(x.shape)} is bounded: only the batch may be`;
  throw new ShapeError('bounded-range', op, text);
}

function epsOf(op: string, eps = 1e-5): number {
  requireOption(op, 'eps', eps, eps >= 0 && Number.isFinite(eps), 'a finite number from 0 on');
  return eps;
}
