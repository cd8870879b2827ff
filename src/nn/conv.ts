import { requireFlag, requireOneOf, shown } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { GraphError, type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { floats } from '../graph/tensor/value.ts';
import { type Activation, activations, applied } from './activations.ts';
import {
  type ConvolutionOptions,
  convolutionOptions,
  convolved,
  groupsOf,
  type TransposedOptions,
  transposed,
  transposedOptions,
} from './convolve.ts';
import { withinFanIn } from './fanIn.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { type PerAxis, perAxis, perChannel, spaceOf } from './space.ts';
import { Weights } from './weights.ts';

/** What layers of weights have besides how they slide. */
interface KernelOptions extends LayerOptions {
  /** What follows, by its name: `relu`; nothing where it is left out. */
  readonly activation?: Activation | undefined;
  /**
   * First weights; where it is left out uniform ones within `±1/sqrt(fan in)`, as PyTorch's. It sees them as
   * `[...window, in, out]`, as those of a dense layer, and gives as many in the order in which they are stored.
   */
  readonly kernelInit?: Initializer;
  /** First bias `[filters]`; uniform within the same bounds where it is left out. */
  readonly biasInit?: Initializer;
  /** Whether a bias is added; it is where it is left out. */
  readonly bias?: boolean;
}

/** Options of {@link conv1d}, {@link conv2d} and {@link conv3d}. */
export interface ConvOptions extends ConvolutionOptions, KernelOptions {}

/** Options of {@link convTranspose1d}, {@link convTranspose2d} and {@link convTranspose3d}. */
export interface ConvTransposeOptions extends TransposedOptions, KernelOptions {}

/** A convolution's layer without a bias. */
export interface BiaslessConv extends Layer {
  /** `[filters, channels / groups, ...kernel]`, or `[channels, filters / groups, ...kernel]` of a transposed one. */
  readonly weight: Tensor<'f32'>;
  clone(options?: LayerOptions): BiaslessConv;
}

/** A convolution's layer. */
export interface Conv extends BiaslessConv {
  /** `[filters]`. It throws a GraphError `layer` where the layer has none. */
  readonly bias: Tensor<'f32'>;
  clone(options?: LayerOptions): Conv;
}

const kernelOptions: readonly (keyof KernelOptions)[] = ['activation', 'kernelInit', 'biasInit', 'bias'];

type ConvArgs = [filters: number, kernel: PerAxis, options?: ConvOptions | undefined];
type TransposedArgs = [filters: number, kernel: PerAxis, options?: ConvTransposeOptions | undefined];

/**
 * A convolution over one axis of space, `activation(x * W + b)`, with weights `NAME.weight`
 * `[filters, channels / groups, kernel]` and `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.conv1d(16, 3, { padding: 'same' })(x);
 * ```
 *
 * @param x `[batch, channels, width]`, or the channels last; only the batch may be bounded
 * @returns `[batch, filters, positions]`, or the filters last
 * @throws ShapeError where the window fits nowhere or groups do not divide, GraphError where an option is unknown or
 *   out of range
 */
export function conv1d(
  filters: number,
  kernel: PerAxis,
  options: ConvOptions & { readonly bias: false },
): BiaslessConv;
export function conv1d(filters: number, kernel: PerAxis, options?: ConvOptions): Conv;
export function conv1d(x: Tensor, filters: number, kernel: PerAxis, options?: ConvOptions): Tensor<'f32'>;
export function conv1d(...args: EitherForm<ConvArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<ConvArgs, Conv>('conv1d', 2, args, (...own) => conv('conv1d', 1, ...own));
}

/**
 * A convolution over two axes of space, `activation(x * W + b)`, with weights `NAME.weight`
 * `[filters, channels / groups, ...kernel]` and `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.conv2d(32, 3, { padding: 'same', activation: 'relu' })(x);
 * ```
 *
 * @param x `[batch, channels, height, width]`, or the channels last; only the batch may be bounded
 * @returns `[batch, filters, ...positions]`, or the filters last
 * @throws as {@link conv1d}
 */
export function conv2d(
  filters: number,
  kernel: PerAxis,
  options: ConvOptions & { readonly bias: false },
): BiaslessConv;
export function conv2d(filters: number, kernel: PerAxis, options?: ConvOptions): Conv;
export function conv2d(x: Tensor, filters: number, kernel: PerAxis, options?: ConvOptions): Tensor<'f32'>;
export function conv2d(...args: EitherForm<ConvArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<ConvArgs, Conv>('conv2d', 2, args, (...own) => conv('conv2d', 2, ...own));
}

/**
 * A convolution over three axes of space, `activation(x * W + b)`, with weights `NAME.weight`
 * `[filters, channels / groups, ...kernel]` and `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.conv3d(8, 3, { padding: 'same' })(x);
 * ```
 *
 * @param x `[batch, channels, depth, height, width]`, or the channels last; only the batch may be bounded
 * @returns `[batch, filters, ...positions]`, or the filters last
 * @throws as {@link conv1d}
 */
export function conv3d(
  filters: number,
  kernel: PerAxis,
  options: ConvOptions & { readonly bias: false },
): BiaslessConv;
export function conv3d(filters: number, kernel: PerAxis, options?: ConvOptions): Conv;
export function conv3d(x: Tensor, filters: number, kernel: PerAxis, options?: ConvOptions): Tensor<'f32'>;
export function conv3d(...args: EitherForm<ConvArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<ConvArgs, Conv>('conv3d', 2, args, (...own) => conv('conv3d', 3, ...own));
}

/**
 * A transposed convolution over one axis of space with weights `NAME.weight` `[channels, filters / groups, kernel]` and
 * `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.convTranspose1d(16, 2, { stride: 2 })(x);
 * ```
 *
 * @param x as of {@link conv1d}
 * @returns `[batch, filters, larger]`, or the filters last
 * @throws as {@link conv1d}
 */
export function convTranspose1d(
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions & { readonly bias: false },
): BiaslessConv;
export function convTranspose1d(filters: number, kernel: PerAxis, options?: ConvTransposeOptions): Conv;
export function convTranspose1d(
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options?: ConvTransposeOptions,
): Tensor<'f32'>;
export function convTranspose1d(...args: EitherForm<TransposedArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<TransposedArgs, Conv>('convTranspose1d', 2, args, (...own) =>
    convTranspose('convTranspose1d', 1, ...own),
  );
}

/**
 * A transposed convolution over two axes of space with weights `NAME.weight` `[channels, filters / groups, ...kernel]` and
 * `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.convTranspose2d(16, 2, { stride: 2 })(x);
 * ```
 *
 * @param x as of {@link conv2d}
 * @returns `[batch, filters, ...larger]`, or the filters last
 * @throws as {@link conv1d}
 */
export function convTranspose2d(
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions & { readonly bias: false },
): BiaslessConv;
export function convTranspose2d(filters: number, kernel: PerAxis, options?: ConvTransposeOptions): Conv;
export function convTranspose2d(
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options?: ConvTransposeOptions,
): Tensor<'f32'>;
export function convTranspose2d(...args: EitherForm<TransposedArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<TransposedArgs, Conv>('convTranspose2d', 2, args, (...own) =>
    convTranspose('convTranspose2d', 2, ...own),
  );
}

/**
 * A transposed convolution over three axes of space with weights `NAME.weight` `[channels, filters / groups, ...kernel]` and
 * `NAME.bias`: as a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.convTranspose3d(8, 2, { stride: 2 })(x);
 * ```
 *
 * @param x as of {@link conv3d}
 * @returns `[batch, filters, ...larger]`, or the filters last
 * @throws as {@link conv1d}
 */
export function convTranspose3d(
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions & { readonly bias: false },
): BiaslessConv;
export function convTranspose3d(filters: number, kernel: PerAxis, options?: ConvTransposeOptions): Conv;
export function convTranspose3d(
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options?: ConvTransposeOptions,
): Tensor<'f32'>;
export function convTranspose3d(...args: EitherForm<TransposedArgs>): Conv | BiaslessConv | Tensor<'f32'> {
  return inEitherForm<TransposedArgs, Conv>('convTranspose3d', 2, args, (...own) =>
    convTranspose('convTranspose3d', 3, ...own),
  );
}

function convTranspose(
  op: string,
  rank: number,
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions = {},
): Conv {
  requireLayerOptions(op, options, [...transposedOptions, ...kernelOptions]);
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  requireFilters(op, filters);
  return slidingLayer(op, filters, options, (x) => {
    const space = spaceOf(op, x, options.layout, rank);
    const { groups: count = 1 } = options;
    const groups = groupsOf(op, count, space.channels, filters);
    const [inputs, outputs] = [space.channels, filters / groups];
    const weights = { shape: [inputs, outputs, ...window], seen: [...window, inputs, outputs] };
    return { weights, apply: (weight) => floats(op, transposed(op, x, weight, space, options)) };
  });
}

function conv(op: string, rank: number, filters: number, kernel: PerAxis, options: ConvOptions = {}): Conv {
  requireLayerOptions(op, options, [...convolutionOptions, ...kernelOptions]);
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  requireFilters(op, filters);
  return slidingLayer(op, filters, options, (x) => {
    const space = spaceOf(op, x, options.layout, rank);
    const { groups: count = 1 } = options;
    const groups = groupsOf(op, count, space.channels, filters);
    const [inputs, outputs] = [space.channels / groups, filters];
    const weights = { shape: [outputs, inputs, ...window], seen: [...window, inputs, outputs] };
    return { weights, apply: (weight) => floats(op, convolved(op, x, weight, space, options)) };
  });
}

function requireFilters(op: string, filters: number): void {
  if (Number.isSafeInteger(filters) && filters >= 1) return;
  const text = `filters must be a whole number from 1 on, not ${shown(filters)}`;
  throw new ShapeError('dimension', op, text);
}

/** Shape of a layer's weights, as they are stored and as an initialiser sees them. */
interface KernelShape {
  readonly shape: readonly number[];
  readonly seen: readonly number[];
}

/** The weights that an operand asks for, and what is made of it with them. */
interface Sliding {
  readonly weights: KernelShape;
  readonly apply: (weight: Tensor<'f32'>) => Tensor<'f32'>;
}

/** Weights and bias, what they make of the operand, and the activation. */
function slidingLayer(
  op: string,
  filters: number,
  options: ConvOptions,
  slidingOver: (x: Tensor) => Sliding,
): Conv {
  const { activation, kernelInit, biasInit, bias = true, layout } = options;
  if (activation !== undefined) requireOneOf(op, 'activation', activation, Object.keys(activations));
  if (kernelInit !== undefined && typeof kernelInit !== 'function') {
    const text = `kernelInit is ${shown(kernelInit)}: it must be what nn.init.zeros() and the like give`;
    throw new GraphError('option', op, text);
  }
  requireFlag(op, 'bias', bias);
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    const { weights, apply: slide } = slidingOver(x);
    const { shape, seen } = weights;
    requireFloat(op, x.node);
    const name = own.at(x).label();
    // The fan in is that of the second dimension and the window, as PyTorch counts it, transposed or not.
    const usual = withinFanIn(shape.slice(1).reduce((n, extent) => n * extent, 1));
    const init: Initializer = (_, stream, dtype, state) => (kernelInit ?? usual)(seen, stream, dtype, state);
    const result = slide(own.weight('weight', { shape, init, kernel: 'convolution' }));
    const biased = bias
      ? result.add(
          perChannel(
            own.weight('bias', { shape: [filters], init: biasInit ?? usual }),
            spaceOf(op, result, layout),
          ),
        )
      : result;
    return applied(activation, biased).named(name);
  };
  return layerOf(new Weights(op, options), apply, (own) => ({
    weight: { get: () => own.of('weight') },
    bias: { get: () => own.of('bias') },
  }));
}
