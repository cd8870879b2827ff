import { requireFlag, requireOneOf, shown } from '../graph/arguments.ts';
import { GraphError, type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { floats } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { type Activation, activations, applied } from './activations.ts';
import { withinFanIn } from './fanIn.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { Weights } from './weights.ts';

/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
  /** What follows, by its name: `relu`; nothing where it is left out. */
  readonly activation?: Activation | undefined;
  /** First weights `[in, units]`; uniform within `±1/sqrt(in)` where it is left out, as PyTorch's. */
  readonly kernelInit?: Initializer;
  /** First bias `[units]`; uniform within the same bounds where it is left out. */
  readonly biasInit?: Initializer;
  /** Whether a bias is added; it is where it is left out. */
  readonly bias?: boolean;
  /** A given tensor `[in, units]` in place of a weight of its own: `embedding.weight.transpose()` ties it. */
  readonly weight?: Tensor;
}

/** A fully connected layer without a bias. */
export interface BiaslessDense extends Layer {
  /** `[in, units]` */
  readonly weight: Tensor<'f32'>;
  clone(options?: LayerOptions): BiaslessDense;
}

/** A fully connected layer. */
export interface Dense extends BiaslessDense {
  /** `[units]`. It throws a GraphError `layer` where the layer has none. */
  readonly bias: Tensor<'f32'>;
  clone(options?: LayerOptions): Dense;
}

type DenseArgs = [units: number, options?: DenseOptions | undefined];

/**
 * A fully connected layer, `activation(x · W + b)`, with weights `NAME.weight` and `NAME.bias`: as a layer, or applied to `x`
 * at once.
 *
 * ```ts
 * const hidden = nn.dense(128, { activation: 'relu', name: 'hidden' });
 * const h = hidden(x); // nn.dense(x, 128, { activation: 'relu', name: 'hidden' })
 * ```
 *
 * @param x `[..., in]`, f32; the last dimension is not bounded
 * @returns `[..., units]`
 * @throws ShapeError where `x` has no fixed last dimension, or another one than the weights have; GraphError where an option is
 *   unknown or out of range
 */
export function dense(units: number, options: DenseOptions & { readonly bias: false }): BiaslessDense;
export function dense(units: number, options?: DenseOptions): Dense;
export function dense(x: Tensor, units: number, options?: DenseOptions): Tensor<'f32'>;
export function dense(...args: EitherForm<DenseArgs>): Dense | BiaslessDense | Tensor<'f32'> {
  return inEitherForm<DenseArgs, Dense>('dense', 1, args, denseLayer);
}

function denseLayer(units: number, options: DenseOptions = {}): Dense {
  requireLayerOptions('dense', options, ['activation', 'kernelInit', 'biasInit', 'bias', 'weight']);
  const { activation, kernelInit, biasInit, bias = true, weight } = options;
  if (activation !== undefined) requireOneOf('dense', 'activation', activation, Object.keys(activations));
  requireFlag('dense', 'bias', bias);
  if (!Number.isSafeInteger(units) || units < 0) {
    throw new ShapeError('dimension', 'dense', `units must be a whole number from 0 on, not ${shown(units)}`);
  }
  const given = weight === undefined ? undefined : floats('dense', weight);
  if (given !== undefined) {
    if (kernelInit !== undefined)
      throw new GraphError('option', 'dense', 'takes a weight or a kernelInit, not both');
  }
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    own.at(x);
    const inputs = x.shape.at(-1);
    if (typeof inputs !== 'number') {
      throw new ShapeError(
        'rank',
        'dense',
        `${x} needs a last dimension that is a number: it is that of the weights`,
      );
    }
    const name = own.label();
    const shape = [inputs, units];
    const usual = withinFanIn(inputs);
    const kernel = given ?? own.weight('weight', { shape, init: kernelInit ?? usual, kernel: 'dense' });
    if (!sameShape(kernel.shape, shape)) {
      const text = `weight is ${shapeText(kernel.shape)}: for ${shapeText(x.shape)} and ${units} units it must be ${shapeText(shape)}`;
      throw new ShapeError('layer', 'dense', text);
    }
    const product = x.matmul(kernel);
    const result = bias
      ? product.add(own.weight('bias', { shape: [units], init: biasInit ?? usual }))
      : product;
    return applied(activation, floats('dense', result)).named(name);
  };
  return layerOf(new Weights('dense', options), apply, (own) => ({
    weight: { get: () => given ?? own.of('weight') },
    bias: { get: () => own.of('bias') },
  }));
}
