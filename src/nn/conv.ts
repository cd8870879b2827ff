import { requireFlag, requireOneOf, requireOptions, shown } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { declarationsOf, GraphError, type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { type Activation, activations } from './activations.ts';
import {
  type ConvolutionOptions,
  convolutionOptions,
  convolved,
  groupsOf,
  type TransposedOptions,
  transposed,
  transposedOptions,
} from './convolve.ts';
import { uniform } from './init.ts';
import { layerName } from './layer.ts';
import { type PerAxis, perAxis, perChannel, spaceOf } from './space.ts';

/** What layers of weights have besides how they slide. */
interface LayerOptions {
  readonly activation?: Activation | undefined;
  /** Names the layer, its states `NAME.weight` and `NAME.bias`, and its result. */
  readonly name?: string;
  /**
   * First weights; where it is left out uniform ones within `±1/sqrt(fan in)`, as PyTorch's. It sees them as
   * `[...window, in, out]`, as those of a dense layer, and gives as many in the order in which they are stored.
   */
  readonly kernelInit?: Initializer;
  /** First bias `[filters]`; uniform within the same bounds where it is left out. */
  readonly biasInit?: Initializer;
  readonly bias?: boolean;
}

/** Options of {@link conv1d} and {@link conv2d}. */
export interface ConvOptions extends ConvolutionOptions, LayerOptions {}

/** Options of {@link convTranspose1d} and {@link convTranspose2d}. */
export interface ConvTransposeOptions extends TransposedOptions, LayerOptions {}

const layerOptions: readonly (keyof LayerOptions)[] = [
  'activation',
  'name',
  'kernelInit',
  'biasInit',
  'bias',
];

/**
 * A convolution over one axis of space, `activation(x * W + b)`, that declares its weights
 * `[filters, channels / groups, kernel]` as states of the module.
 *
 * @param x `[batch, channels, width]`, or the channels last; only the batch may be bounded
 * @returns `[batch, filters, positions]`, or the filters last
 * @throws ShapeError where the window fits nowhere or groups do not divide, GraphError where an option is none that
 *   there is
 */
export function conv1d(x: Tensor, filters: number, kernel: PerAxis, options: ConvOptions = {}): Tensor {
  return conv('conv1d', 1, x, filters, kernel, options);
}

/**
 * A convolution over two axes of space, `activation(x * W + b)`, that declares its weights
 * `[filters, channels / groups, ...kernel]` as states of the module.
 *
 * @param x `[batch, channels, height, width]`, or the channels last; only the batch may be bounded
 * @returns `[batch, filters, ...positions]`, or the filters last
 * @throws as {@link conv1d}
 */
export function conv2d(x: Tensor, filters: number, kernel: PerAxis, options: ConvOptions = {}): Tensor {
  return conv('conv2d', 2, x, filters, kernel, options);
}

/**
 * A transposed convolution over one axis of space that declares its weights `[channels, filters / groups, kernel]` as
 * states of the module.
 *
 * @param x as of {@link conv1d}
 * @returns `[batch, filters, larger]`, or the filters last
 * @throws as {@link conv1d}
 */
export function convTranspose1d(
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTranspose('convTranspose1d', 1, x, filters, kernel, options);
}

/**
 * A transposed convolution over two axes of space that declares its weights `[channels, filters / groups, ...kernel]`
 * as states of the module.
 *
 * @param x as of {@link conv2d}
 * @returns `[batch, filters, ...larger]`, or the filters last
 * @throws as {@link conv1d}
 */
export function convTranspose2d(
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions = {},
): Tensor {
  return convTranspose('convTranspose2d', 2, x, filters, kernel, options);
}

function convTranspose(
  op: string,
  rank: number,
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options: ConvTransposeOptions,
): Tensor {
  requireOptions(op, options, [...transposedOptions, ...layerOptions]);
  const space = spaceOf(op, x, options.layout, rank);
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  const { groups: count = 1 } = options;
  const groups = groupsOf(op, count, space.channels, requireFilters(op, filters));
  const [inputs, outputs] = [space.channels, filters / groups];
  const weights = { shape: [inputs, outputs, ...window], seen: [...window, inputs, outputs] };
  return layer(op, x, filters, weights, options, (weight) => transposed(op, x, weight, space, options));
}

function conv(
  op: string,
  rank: number,
  x: Tensor,
  filters: number,
  kernel: PerAxis,
  options: ConvOptions,
): Tensor {
  requireOptions(op, options, [...convolutionOptions, ...layerOptions]);
  const space = spaceOf(op, x, options.layout, rank);
  const window = perAxis(op, 'kernel', kernel, rank, 1);
  const { groups: count = 1 } = options;
  const groups = groupsOf(op, count, space.channels, requireFilters(op, filters));
  const [inputs, outputs] = [space.channels / groups, filters];
  const weights = { shape: [outputs, inputs, ...window], seen: [...window, inputs, outputs] };
  return layer(op, x, filters, weights, options, (weight) => convolved(op, x, weight, space, options));
}

function requireFilters(op: string, filters: number): number {
  if (Number.isSafeInteger(filters) && filters >= 1) return filters;
  const text = `filters must be a whole number from 1 on, not ${shown(filters)}`;
  throw new ShapeError('dimension', op, text);
}

/** Shape of a layer's weights, as they are stored and as an initialiser sees them. */
interface Weights {
  readonly shape: readonly number[];
  readonly seen: readonly number[];
}

/** Weights and bias as states, what they make of the operand, and the activation. */
function layer(
  op: string,
  x: Tensor,
  filters: number,
  { shape, seen }: Weights,
  { activation, name, kernelInit, biasInit, bias = true, layout }: ConvOptions,
  apply: (weight: Tensor) => Tensor,
): Tensor {
  if (activation !== undefined) requireOneOf(op, 'activation', activation, Object.keys(activations));
  if (kernelInit !== undefined && typeof kernelInit !== 'function') {
    const text = `kernelInit is ${shown(kernelInit)}: it must be what nn.init.zeros() and the like give`;
    throw new GraphError('option', op, text);
  }
  requireFlag(op, 'bias', bias);
  requireFloat(op, x.node);
  const declarations = declarationsOf(op, x);
  const own = layerName(op, x, name);
  // PyTorch's default (He et al. 2015 with a = √5): the fan in is that of the second dimension and the window.
  const fanIn = shape.slice(1).reduce((n, extent) => n * extent, 1);
  const bound = 1 / Math.sqrt(Math.max(1, fanIn));
  const usual = uniform(-bound, bound);
  const init: Initializer = (_, stream, dtype, name) => (kernelInit ?? usual)(seen, stream, dtype, name);
  const result = apply(declarations.state(`${own}.weight`, { shape, init }));
  const biased = bias
    ? result.add(
        perChannel(
          declarations.state(`${own}.bias`, { shape: [filters], init: biasInit ?? usual }),
          spaceOf(op, result, layout),
        ),
      )
    : result;
  return (activation === undefined ? biased : activations[activation](biased)).named(own);
}
