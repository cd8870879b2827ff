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
  type AdaptivePoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
} from './adaptivePool.ts';
export { type AttentionOptions, type MultiHeadAttention, multiHeadAttention } from './attention.ts';
export { bceWithLogits, type FocalOptions, focal } from './binaryLosses.ts';
export {
  type Composite,
  compose,
  type Part,
  type Residual,
  type ResidualOptions,
  residual,
  type Sequential,
  sequential,
} from './compose.ts';
export {
  type BiaslessConv,
  type Conv,
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './conv.ts';
export {
  type ConvolutionOptions,
  convolve,
  convolveTransposed,
  type TransposedOptions,
} from './convolve.ts';
export { type CopyOptions, copyWeights } from './copyWeights.ts';
export {
  type ClassOptions,
  type CrossEntropyOptions,
  crossEntropy,
  nll,
} from './crossEntropy.ts';
export { type BiaslessDense, type Dense, type DenseOptions, dense } from './dense.ts';
export { dropout, dropPath } from './dropout.ts';
export {
  type Embedding,
  type EmbeddingOptions,
  embedding,
  type Positions,
  type PositionsOptions,
  positions,
} from './embedding.ts';
export { type GridSampleOptions, gridSample } from './gridSample.ts';
export { type Gru, type GruResult, gru } from './gru.ts';
export * as init from './init.ts';
export type { Layer, LayerOptions, LayerStates } from './layer.ts';
export { type LayerNormOptions, layerNorm, type RmsNormOptions, rmsNorm } from './layerNorm.ts';
export type { LossOptions, Reduction } from './loss.ts';
export {
  type HingeOptions,
  hinge,
  huber,
  type KlDivergenceOptions,
  klDivergence,
  l1,
  mse,
  smoothL1,
} from './losses.ts';
export { type Lstm, type LstmResult, type LstmState, lstm } from './lstm.ts';
export {
  type CosineOptions,
  contrastive,
  cosineEmbedding,
  cosineSimilarity,
  type MarginOptions,
  type TripletMarginOptions,
  tripletMargin,
} from './metricLosses.ts';
export {
  type AffinelessBatchNormLayer,
  type BatchNorm,
  type BatchNormLayer,
  type BatchNormOptions,
  type BiaslessNorm,
  batchNorm,
  groupNorm,
  instanceNorm,
  type Norm,
  type NormOptions,
  standardize,
} from './normalize.ts';
export {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  globalAvgPool,
  type IndexedPoolOptions,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Pooled,
  type PoolOptions,
} from './pool.ts';
export type { RecurrentOptions, SequenceOptions } from './recurrent.ts';
export { type ResizeOptions, resize } from './resize.ts';
export type { RotaryOptions } from './rotary.ts';
export type { Layout, Padding, PerAxis } from './space.ts';
export { type SqueezeExcite, type SqueezeExciteOptions, squeezeExcite } from './squeezeExcite.ts';
export {
  type TransformerBlock,
  type TransformerBlockOptions,
  transformerBlock,
} from './transformerBlock.ts';
export { maxUnpool2d } from './unpool.ts';
