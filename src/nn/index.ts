export {
  type Activation,
  activations,
  celu,
  elu,
  gelu,
  hardswish,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from './activations.ts';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from './conv.ts';
export {
  type ConvolutionOptions,
  convolve,
  convolveTransposed,
  type TransposedOptions,
} from './convolve.ts';
export { type DenseOptions, dense } from './dense.ts';
export * as init from './init.ts';
export { bceWithLogits, crossEntropy, huber, type LossOptions, mse } from './losses.ts';
export {
  type BatchNorm,
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  instanceNorm,
  type NormOptions,
  standardize,
} from './normalize.ts';
export {
  type AvgPoolOptions,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  globalAvgPool,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type PoolOptions,
} from './pool.ts';
export { type ResizeOptions, resize } from './resize.ts';
export type { Layout, Padding, PerAxis } from './space.ts';
