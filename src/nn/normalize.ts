import { requireFlag, requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { ShapeError, type Tensor, type Update, whileTraining } from '../graph/index.ts';
import { dimAt } from '../graph/shape.ts';
import { type Axes, floats, requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { groupsOf } from './convolve.ts';
import { ones, zeros } from './init.ts';
import {
  type EitherForm,
  inEitherForm,
  isShort,
  type Layer,
  type LayerOptions,
  layerOf,
  type Members,
  requireLayerOptions,
} from './layer.ts';
import { channelsFirst, inLayout, type Layout, perChannel, type Space, spaceOf } from './space.ts';
import { Weights } from './weights.ts';

/** What every normalisation of channels takes. */
export interface NormOptions extends LayerOptions {
  /** Added to the variance; 1e-5 where it is left out. */
  readonly eps?: number;
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
  /** Whether a gain and a bias for each channel follow, as states `NAME.weight` and `NAME.bias`. */
  readonly affine?: boolean;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
  /** Share of the batch in the next running statistics; 0.1 where it is left out. */
  readonly momentum?: number;
}

/** A normalisation's layer with a gain and without a bias. */
export interface BiaslessNorm extends Layer {
  /** The gain: `[channels]`, or the last axes of a `layerNorm` or `rmsNorm`. It throws a GraphError `layer` where there is none. */
  readonly weight: Tensor<'f32'>;
  clone(options?: LayerOptions): BiaslessNorm;
}

/** A normalisation's layer with a gain and a bias; one that is declared with `affine: false` is a {@link Layer} alone. */
export interface Norm extends BiaslessNorm {
  /** Of the gain's shape. It throws a GraphError `layer` where there is none. */
  readonly bias: Tensor<'f32'>;
  clone(options?: LayerOptions): Norm;
}

type GroupArgs = [groups: number, options?: NormOptions | undefined];
type NormArgs = [options?: NormOptions | undefined];

/** A batch normalisation's layer without a gain and a bias, whose `updates()` a training entry makes. */
export interface AffinelessBatchNormLayer extends Layer {
  /** `[channels]` */
  readonly runningMean: Tensor<'f32'>;
  /** `[channels]` */
  readonly runningVar: Tensor<'f32'>;
  clone(options?: LayerOptions): AffinelessBatchNormLayer;
}

/** A batch normalisation's layer, whose `updates()` a training entry makes. */
export interface BatchNormLayer extends AffinelessBatchNormLayer, Norm {
  clone(options?: LayerOptions): BatchNormLayer;
}

/** A batch normalisation: its result, and the next running statistics, which a training entry updates. */
export interface BatchNorm {
  readonly output: Tensor<'f32'>;
  readonly updates: readonly Update[];
}

/** `(x - mean) / sqrt(variance + eps)` over some axes, whose live elements the statistics see. */
export function standardize(x: Tensor, axes: Axes, options: { readonly eps?: number } = {}): Tensor<'f32'> {
  requireTensor('standardize', x);
  requireOptions('standardize', options, ['eps']);
  const eps = epsOf('standardize', options.eps);
  const centred = floats('standardize', x).sub(x.mean(axes, { keepDims: true }));
  return centred.mul(x.variance(axes, { keepDims: true }).add(eps).rsqrt());
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015): each channel by its mean and variance over the live rows and all of
 * space while training; by the running ones, states `NAME.runningMean` and `NAME.runningVar`, in the
 * {@link evaluation} of what is made of it.
 *
 * ```ts
 * const norm = nn.batchNorm();
 * const h = norm(nn.conv2d(x, 32, 3));
 * m.entry('train', { loss, updates: [...optimizer.minimize(loss), ...norm.updates()] });
 * m.entry('predict', { label: evaluation(logits).argmax(1) });
 * ```
 *
 * Without a tensor first it is a layer, whose `updates()` are those of all of its applications, one after the other. With one,
 * `nn.batchNorm(x, options)`, it is applied at once, and gives its result as `output`, and the `updates`. Its running statistics
 * move if it is frozen, too.
 *
 * As in PyTorch the running variance is that of the population, `n / (n - 1)` times the batch's; of one element it
 * is 0, where PyTorch refuses.
 *
 * @param x `[batch, channels]` or `[batch, channels, ...space]`, f32, or the channels last; the batch may be bounded
 * @throws ShapeError where `x` has another shape, GraphError where an option is unknown or out of range
 */
export function batchNorm(options: BatchNormOptions & { readonly affine: false }): AffinelessBatchNormLayer;
export function batchNorm(options?: BatchNormOptions): BatchNormLayer;
export function batchNorm(x: Tensor, options?: BatchNormOptions): BatchNorm;
export function batchNorm(
  ...args: EitherForm<[options?: BatchNormOptions | undefined]>
): AffinelessBatchNormLayer | BatchNormLayer | BatchNorm {
  if (!isShort('batchNorm', 0, args)) return batchNormLayer(...args);
  const [x, options] = args;
  const layer = batchNormLayer(options);
  const output = layer(x);
  return { output, updates: layer.updates() };
}

function batchNormLayer(options: BatchNormOptions = {}): BatchNormLayer {
  const op = 'batchNorm';
  requireLayerOptions(op, options, ['eps', 'momentum', 'layout', 'affine']);
  const { momentum = 0.1, affine = true } = options;
  requireFlag(op, 'affine', affine);
  requireOption(op, 'momentum', momentum, momentum >= 0 && momentum <= 1, 'from 0 to 1');
  const eps = epsOf(op, options.eps);
  const apply = (own: Weights, given: Tensor): Tensor<'f32'> => {
    const space = channelsOf(op, given, options.layout);
    const x = floats(op, given);
    const name = own.at(x).label();
    const running = (what: string, init = zeros()): Tensor<'f32'> =>
      own.statistic(what, { shape: [space.channels], init });
    const [runningMean, runningVar] = [running('runningMean'), running('runningVar', ones())];
    const axes = [0, ...space.axes];
    const [mean, variance] = [x.mean(axes), x.variance(axes)];
    const spread = (vector: Tensor<'f32'>): Tensor<'f32'> => perChannel(vector, space);
    const centred = x.sub(spread(whileTraining(mean, runningMean)));
    const scale = spread(whileTraining(variance, runningVar)).add(eps).rsqrt();
    const result = centred.mul(scale);
    const count = x.liveCount(axes);
    const population = variance.mul(count.div(count.sub(1).maximum(1)));
    const output = (affine ? scaled(own, result, space) : result).named(name);
    own.move('runningMean', (before) => before.mul(1 - momentum).add(mean.mul(momentum)));
    own.move('runningVar', (before) => before.mul(1 - momentum).add(population.mul(momentum)));
    return output;
  };
  return layerOf(new Weights(op, options), apply, (own) => ({
    ...gainAndBias(own),
    runningMean: { get: () => own.of('runningMean') },
    runningVar: { get: () => own.of('runningVar') },
  }));
}

/**
 * Group normalisation (Wu and He 2018): each sample by the mean and variance of each group of its channels. As a layer, or
 * applied to `x` at once.
 *
 * ```ts
 * nn.groupNorm(4)(x);
 * ```
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @param groups that divide the channels
 * @throws ShapeError where they do not, GraphError where an option is unknown or out of range
 */
export function groupNorm(groups: number, options: NormOptions & { readonly affine: false }): Layer;
export function groupNorm(groups: number, options?: NormOptions): Norm;
export function groupNorm(x: Tensor, groups: number, options?: NormOptions): Tensor<'f32'>;
export function groupNorm(...args: EitherForm<GroupArgs>): Layer | Norm | Tensor<'f32'> {
  const op = 'groupNorm';
  return inEitherForm<GroupArgs, Norm>(op, 1, args, (groups, options = {}) =>
    byGroups(op, options, true, (channels) => groupsOf(op, groups, channels, channels)),
  );
}

/**
 * Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016): each channel of each sample by its own mean and
 * variance. As in PyTorch it has no gain and bias unless `affine` is asked for. As a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.instanceNorm({ affine: true })(x);
 * ```
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last
 * @throws as {@link groupNorm}
 */
export function instanceNorm(options?: NormOptions & { readonly affine?: false }): Layer;
export function instanceNorm(options: NormOptions): Norm;
export function instanceNorm(x: Tensor, options?: NormOptions): Tensor<'f32'>;
export function instanceNorm(...args: EitherForm<NormArgs>): Layer | Norm | Tensor<'f32'> {
  // No channels are one group of none.
  return inEitherForm<NormArgs, Norm>('instanceNorm', 0, args, (options = {}) =>
    byGroups('instanceNorm', options, false, (channels) => Math.max(1, channels)),
  );
}

function byGroups(
  op: string,
  options: NormOptions,
  isAffine: boolean,
  groupsFor: (channels: number) => number,
): Norm {
  requireLayerOptions(op, options, ['eps', 'layout', 'affine']);
  const eps = epsOf(op, options.eps);
  const { layout, affine = isAffine } = options;
  requireFlag(op, 'affine', affine);
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    const space = channelsOf(op, x, layout);
    own.at(x);
    const { channels, extents } = space;
    const count = groupsFor(channels);
    const batch = dimAt(x.shape, 0);
    const apart = channelsFirst(x, space).reshape([batch, count, channels / count, ...extents]);
    const axes = apart.shape.flatMap((_, k) => (k < 2 ? [] : [k]));
    const result = inLayout(standardize(apart, axes, { eps }).reshape([batch, channels, ...extents]), space);
    if (!affine) return own.name === undefined ? result : result.named(own.name);
    return scaled(own, result, space).named(own.label());
  };
  return layerOf(new Weights(op, options), apply, gainAndBias);
}

/** A gain and a bias for each channel, weights of the layer. */
function scaled(own: Weights, x: Tensor<'f32'>, space: Space): Tensor<'f32'> {
  const shape = [space.channels];
  const gain = own.weight('weight', { shape, init: ones() });
  const bias = own.weight('bias', { shape, init: zeros() });
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

/** The members of a norm's layer. */
export function gainAndBias(own: Weights): Members<Pick<Norm, 'weight' | 'bias'>> {
  return { weight: { get: () => own.of('weight') }, bias: { get: () => own.of('bias') } };
}

/** What is added to a variance. @throws GraphError where it is not a finite number from 0 on */
export function epsOf(op: string, eps = 1e-5): number {
  requireOption(op, 'eps', eps, eps >= 0 && Number.isFinite(eps), 'a finite number from 0 on');
  return eps;
}
