export {
  type Activation,
  activations,
  elu,
  gelu,
  hardswish,
  leakyRelu,
  mish,
  silu,
  softplus,
} from './activations.ts';
export { type DenseOptions, dense } from './dense.ts';
export * as init from './init.ts';
export { bceWithLogits, crossEntropy, huber, type LossOptions, mse } from './losses.ts';
