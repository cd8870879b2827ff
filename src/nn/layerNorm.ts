import { requireFlag, requireOption } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { floats, requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { ones, zeros } from './init.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { type BiaslessNorm, epsOf, gainAndBias, type Norm, standardize } from './normalize.ts';
import { Weights } from './weights.ts';

/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends LayerOptions {
  /** How many of the last axes a mean and a variance are of; 1 where it is left out. */
  readonly axes?: number;
  /** Added to the variance; 1e-5 where it is left out. */
  readonly eps?: number;
  /** Whether a gain and a bias for each element of those axes follow; they do where it is left out. */
  readonly affine?: boolean;
  /** Whether a bias follows the gain; one does where it is left out. */
  readonly bias?: boolean;
}

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions extends LayerOptions {
  /** How many of the last axes a mean is of; 1 where it is left out. */
  readonly axes?: number;
  /** Added to the mean of squares; float32's epsilon, 2⁻²³, where it is left out, as in PyTorch. */
  readonly eps?: number;
  /** Whether a gain for each element of those axes follows; one does where it is left out. */
  readonly affine?: boolean;
}

type LayerNormArgs = [options?: LayerNormOptions | undefined];
type RmsNormArgs = [options?: RmsNormOptions | undefined];

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016): `(x - mean) / sqrt(variance + eps)` over the last axis, or some of the last
 * ones, then a gain and a bias. As a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.layerNorm({ name: 'norm' })(x); // nn.layerNorm(x, { name: 'norm' })
 * ```
 *
 * @param x `[..., n]`, f32; the axes that it is over are not bounded
 * @throws ShapeError where `x` has fewer axes, GraphError where an option is unknown or out of range
 */
export function layerNorm(options: LayerNormOptions & { readonly affine: false }): Layer;
export function layerNorm(options: LayerNormOptions & { readonly bias: false }): BiaslessNorm;
export function layerNorm(options?: LayerNormOptions): Norm;
export function layerNorm(x: Tensor, options?: LayerNormOptions): Tensor<'f32'>;
export function layerNorm(...args: EitherForm<LayerNormArgs>): Layer | BiaslessNorm | Norm | Tensor<'f32'> {
  return inEitherForm<LayerNormArgs, Norm>('layerNorm', 0, args, layerNormLayer);
}

/**
 * Normalisation by the root mean square (Zhang and Sennrich 2019): `x / sqrt(mean(x²) + eps)` over the last axis, or some of the
 * last ones, then a gain. As a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.rmsNorm({ name: 'norm' })(x); // nn.rmsNorm(x, { name: 'norm' })
 * ```
 *
 * @param x `[..., n]`, f32; the axes that it is over are not bounded
 * @throws as {@link layerNorm}
 */
export function rmsNorm(options: RmsNormOptions & { readonly affine: false }): Layer;
export function rmsNorm(options?: RmsNormOptions): BiaslessNorm;
export function rmsNorm(x: Tensor, options?: RmsNormOptions): Tensor<'f32'>;
export function rmsNorm(...args: EitherForm<RmsNormArgs>): Layer | BiaslessNorm | Tensor<'f32'> {
  return inEitherForm<RmsNormArgs, BiaslessNorm>('rmsNorm', 0, args, rmsNormLayer);
}

function layerNormLayer(options: LayerNormOptions = {}): Norm {
  const op = 'layerNorm';
  requireLayerOptions(op, options, ['axes', 'eps', 'affine', 'bias']);
  const { affine = true, bias = true } = options;
  requireFlag(op, 'affine', affine);
  requireFlag(op, 'bias', bias);
  const eps = epsOf(op, options.eps);
  const count = axesOf(op, options.axes);
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    const shape = lastExtents(op, x, count);
    const name = own.at(x).label();
    const axes = shape.map((_, k) => k - count);
    const normal = standardize(x, axes, { eps });
    const scaled = affine ? normal.mul(own.weight('weight', { shape, init: ones() })) : normal;
    const moved = affine && bias ? scaled.add(own.weight('bias', { shape, init: zeros() })) : scaled;
    return moved.named(name);
  };
  return layerOf(new Weights(op, options), apply, gainAndBias);
}

function rmsNormLayer(options: RmsNormOptions = {}): BiaslessNorm {
  const op = 'rmsNorm';
  requireLayerOptions(op, options, ['axes', 'eps', 'affine']);
  const { affine = true } = options;
  requireFlag(op, 'affine', affine);
  const eps = epsOf(op, options.eps ?? 2 ** -23);
  const count = axesOf(op, options.axes);
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    const shape = lastExtents(op, x, count);
    const name = own.at(x).label();
    const axes = shape.map((_, k) => k - count);
    const float = floats(op, x);
    const scale = float.square().mean(axes, { keepDims: true }).add(eps).rsqrt();
    const normal = float.mul(scale);
    return (affine ? normal.mul(own.weight('weight', { shape, init: ones() })) : normal).named(name);
  };
  return layerOf(new Weights(op, options), apply, (own) => ({ weight: { get: () => own.of('weight') } }));
}

function axesOf(op: string, axes = 1): number {
  requireOption(op, 'axes', axes, Number.isSafeInteger(axes) && axes >= 1, 'a whole number from 1 on');
  return axes;
}

/** The extents of the last axes of an operand. @throws ShapeError where there are fewer, or one is bounded */
function lastExtents(op: string, x: Tensor, count: number): number[] {
  requireTensor(op, x);
  requireFloat(op, x.node);
  const extents = x.shape.slice(-count).filter((dim) => typeof dim === 'number');
  if (extents.length === count) return extents;
  const what = count === 1 ? 'a last axis that is' : `${count} last axes that are`;
  throw new ShapeError('rank', op, `needs ${what} not bounded, which ${shapeText(x.shape)} does not have`);
}
