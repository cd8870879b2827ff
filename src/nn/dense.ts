import { requireFlag, requireOneOf, requireOptions, shown } from '../graph/arguments.ts';
import { declarationsOf, type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { type Activation, activations } from './activations.ts';
import { glorotUniform, zeros } from './init.ts';
import { layerName } from './layer.ts';

export interface DenseOptions {
  readonly activation?: Activation | undefined;
  /** Names the layer, its states `NAME.weight` and `NAME.bias`, and its result; `dense` where it is left out. */
  readonly name?: string;
  /** First weights `[in, units]`; Glorot's uniform ones where it is left out. */
  readonly kernelInit?: Initializer;
  /** First bias `[units]`; zeros where it is left out. */
  readonly biasInit?: Initializer;
  readonly bias?: boolean;
}

/**
 * A fully connected layer, `activation(x · W + b)`, that declares its weights as states of the module.
 *
 * @param x `[..., in]`, f32; the last dimension is not bounded
 * @returns `[..., units]`
 * @throws ShapeError where `x` has no fixed last dimension, GraphError where an option is none that there is
 */
export function dense(x: Tensor, units: number, options: DenseOptions = {}): Tensor {
  requireOptions('dense', options, ['activation', 'name', 'kernelInit', 'biasInit', 'bias']);
  const { activation, name, kernelInit = glorotUniform(), biasInit = zeros(), bias = true } = options;
  if (activation !== undefined) requireOneOf('dense', 'activation', activation, Object.keys(activations));
  requireFlag('dense', 'bias', bias);
  const declarations = declarationsOf('dense', x);
  const inputs = x.shape.at(-1);
  if (typeof inputs !== 'number') {
    throw new ShapeError(
      'rank',
      'dense',
      `${x} needs a last dimension that is a number: it is that of the weights`,
    );
  }
  if (!Number.isSafeInteger(units) || units < 0) {
    throw new ShapeError('dimension', 'dense', `units must be a whole number from 0 on, not ${shown(units)}`);
  }
  const layer = layerName('dense', x, name);
  const weight = declarations.state(`${layer}.weight`, { shape: [inputs, units], init: kernelInit });
  let result = x.matmul(weight);
  if (bias) result = result.add(declarations.state(`${layer}.bias`, { shape: [units], init: biasInit }));
  return (activation === undefined ? result : activations[activation](result)).named(layer);
}
