import { concat, einsum, stack, Tensor, wordsOf } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import type { FixtureAttrs } from '../fixtures/load.ts';
import { attention, batchNorm, groupNorm, layerNorm, rmsNorm } from './composites.ts';

/** How a fixture's operation is written here: its float inputs come first, then integers and truth values. */
export type OpBuilder = (inputs: readonly Tensor[], attrs: FixtureAttrs) => Tensor;

/** The operations by the names of the fixtures. */
export const builders: Readonly<Record<string, OpBuilder>> = {
  neg: unary((x) => x.neg()),
  exp: unary((x) => x.exp()),
  tanh: unary((x) => x.tanh()),
  sigmoid: unary((x) => x.sigmoid()),
  relu: unary((x) => x.relu()),
  gelu_erf: unary((x) => nn.gelu(x)),
  gelu_tanh: unary((x) => nn.gelu(x, { approximate: 'tanh' })),
  silu: unary(nn.silu),
  softplus: unary(nn.softplus),
  abs: unary((x) => x.abs()),
  square: unary((x) => x.square()),
  erf: unary((x) => x.erf()),
  elu: unary((x) => nn.elu(x)),
  hardswish: unary(nn.hardswish),
  mish: unary(nn.mish),
  leaky_relu: unary((x, attrs) => nn.leakyRelu(x, number(attrs, 'slope'))),
  log: unary((x) => x.log()),
  log1p: unary((x) => x.log1p()),
  expm1: unary((x) => x.expm1()),
  sin: unary((x) => x.sin()),
  cos: unary((x) => x.cos()),
  atan: unary((x) => x.atan()),
  log2: unary((x) => x.log2()),
  pow: (inputs, attrs) =>
    input(inputs, 0).pow('exponent' in attrs ? number(attrs, 'exponent') : input(inputs, 1)),
  atan2: binary((y, x) => y.atan2(x)),
  sqrt: unary((x) => x.sqrt()),
  rsqrt: unary((x) => x.rsqrt()),
  reciprocal: unary((x) => x.reciprocal()),
  floor: unary((x) => x.floor()),
  ceil: unary((x) => x.ceil()),
  round: unary((x) => x.round()),
  sign: unary((x) => x.sign()),
  trunc: unary((x) => x.trunc()),
  add: binary((a, b) => a.add(b)),
  sub: binary((a, b) => a.sub(b)),
  mul: binary((a, b) => a.mul(b)),
  div: binary((a, b) => a.div(b)),
  max: binary((a, b) => a.maximum(b)),
  min: binary((a, b) => a.minimum(b)),
  lt: binary((a, b) => a.lt(b)),
  le: binary((a, b) => a.le(b)),
  gt: binary((a, b) => a.gt(b)),
  ge: binary((a, b) => a.ge(b)),
  eq: binary((a, b) => a.eq(b)),
  ne: binary((a, b) => a.ne(b)),
  where: (inputs) => input(inputs, 2).where(input(inputs, 0), input(inputs, 1)),
  clamp: unary((x, attrs) => x.clamp(number(attrs, 'min'), number(attrs, 'max'))),
  sum: reduction((x, axes, keep) => x.sum(axes, keep)),
  mean: reduction((x, axes, keep) => x.mean(axes, keep)),
  reduce_max: reduction((x, axes, keep) => x.max(axes, keep)),
  reduce_min: reduction((x, axes, keep) => x.min(axes, keep)),
  logsumexp: reduction((x, axes, keep) => x.logSumExp(axes, keep)),
  variance: reduction((x, axes, keep) => x.variance(axes, keep)),
  prod: reduction((x, axes, keep) => x.prod(axes, keep)),
  cumsum: unary((x, attrs) => x.cumsum(number(attrs, 'axis'))),
  argmax: unary((x, attrs) => x.argmax(number(attrs, 'axis'))),
  argmin: unary((x, attrs) => x.argmin(number(attrs, 'axis'))),
  reshape: unary((x, attrs) => x.reshape(numbers(attrs, 'shape'))),
  transpose: unary((x, attrs) => x.permute(numbers(attrs, 'perm'))),
  broadcast_to: unary((x, attrs) => x.broadcastTo(numbers(attrs, 'shape'))),
  flip: unary((x, attrs) => x.flip(numbers(attrs, 'axes'))),
  slice: unary((x, attrs) =>
    x.slice(numbers(attrs, 'starts'), numbers(attrs, 'stops'), numbers(attrs, 'steps')),
  ),
  pad: unary((x, attrs) => x.pad(numbers(attrs, 'low'), numbers(attrs, 'high'), number(attrs, 'value'))),
  concat: (inputs, attrs) => concat(inputs, number(attrs, 'axis')),
  stack: (inputs, attrs) => stack(inputs, number(attrs, 'axis')),
  tril: unary((x) => x.tril()),
  matmul: binary((a, b) => a.matmul(b)),
  einsum: (inputs, attrs) => einsum(text(attrs, 'equation'), ...inputs),
  softmax: unary((x, attrs) => x.softmax(number(attrs, 'axis'))),
  log_softmax: unary((x, attrs) => x.logSoftmax(number(attrs, 'axis'))),
  layer_norm: (inputs, attrs) =>
    layerNorm(
      input(inputs, 0),
      input(inputs, 1),
      input(inputs, 2),
      numbers(attrs, 'axes'),
      number(attrs, 'eps'),
    ),
  rms_norm: binary((x, gain, attrs) => rmsNorm(x, gain, numbers(attrs, 'axes'), number(attrs, 'eps'))),
  group_norm_nchw: (inputs, attrs) =>
    groupNorm(
      input(inputs, 0),
      input(inputs, 1),
      input(inputs, 2),
      number(attrs, 'groups'),
      number(attrs, 'eps'),
    ),
  batch_norm_train_nchw: (inputs, attrs) =>
    batchNorm(input(inputs, 0), input(inputs, 1), input(inputs, 2), number(attrs, 'eps')),
  conv1d_ncw: binary((x, weight, attrs) => nn.convolve(x, weight, slides(attrs))),
  conv2d_nchw: binary((x, weight, attrs) => nn.convolve(x, weight, slides(attrs))),
  conv_transpose2d_nchw: binary((x, weight, attrs) =>
    nn.convolveTransposed(x, weight, { stride: number(attrs, 'stride'), padding: number(attrs, 'padding') }),
  ),
  max_pool2d_nchw: unary((x, attrs) =>
    nn.maxPool2d(x, number(attrs, 'kernel'), {
      stride: number(attrs, 'stride'),
      padding: number(attrs, 'padding'),
    }),
  ),
  avg_pool2d_nchw: unary((x, attrs) =>
    nn.avgPool2d(x, number(attrs, 'kernel'), {
      stride: number(attrs, 'stride'),
      padding: number(attrs, 'padding'),
      countIncludePad: attrs.count_include_pad === true,
    }),
  ),
  cross_entropy: binary((logits, labels, attrs) =>
    nn.crossEntropy(logits, labels, {
      labelSmoothing: 'label_smoothing' in attrs ? number(attrs, 'label_smoothing') : 0,
      reduction: text(attrs, 'reduction') === 'mean' ? 'mean' : 'none',
    }),
  ),
  mse: binary((a, b) => nn.mse(a, b)),
  huber: binary((a, b, attrs) => nn.huber(a, b, { delta: number(attrs, 'delta') })),
  bce_with_logits: unary((x, attrs) => nn.bceWithLogits(x, valuesLike(x, numbers(attrs, 'targets')))),
  gather_rows: binary((x, indices, attrs) => x.take(indices, number(attrs, 'axis'))),
  take_along_axis: binary((x, indices, attrs) => x.takeAlongAxis(indices, number(attrs, 'axis'))),
  scatter_add: (inputs, attrs) =>
    input(inputs, 0).scatterAdd(number(attrs, 'axis'), input(inputs, 2), input(inputs, 1)),
  attention: (inputs, attrs) =>
    attention(input(inputs, 0), input(inputs, 1), input(inputs, 2), attrs.causal === true),
};

function slides(attrs: FixtureAttrs): nn.ConvolutionOptions {
  return {
    stride: number(attrs, 'stride'),
    padding: number(attrs, 'padding'),
    dilation: number(attrs, 'dilation'),
    groups: number(attrs, 'groups'),
  };
}

/** Given values in the shape of a tensor. */
function valuesLike(x: Tensor, values: readonly number[]): Tensor {
  const { graph, shape, dtype } = x;
  return new Tensor(graph, graph.build('literal', [], { words: wordsOf(values, 'f32'), shape, dtype }));
}

function unary(build: (x: Tensor, attrs: FixtureAttrs) => Tensor): OpBuilder {
  return (inputs, attrs) => build(input(inputs, 0), attrs);
}

function binary(build: (a: Tensor, b: Tensor, attrs: FixtureAttrs) => Tensor): OpBuilder {
  return (inputs, attrs) => build(input(inputs, 0), input(inputs, 1), attrs);
}

function reduction(
  build: (x: Tensor, axes: readonly number[], keep: { keepDims: boolean }) => Tensor,
): OpBuilder {
  return (inputs, attrs) =>
    build(input(inputs, 0), numbers(attrs, 'axes'), { keepDims: attrs.keepdims === true });
}

function input(inputs: readonly Tensor[], k: number): Tensor {
  const tensor = inputs[k];
  if (tensor === undefined) throw new RangeError(`the case has no input ${k}`);
  return tensor;
}

function number(attrs: FixtureAttrs, name: string): number {
  const value = attrs[name];
  return typeof value === 'number' ? value : missing(name);
}

function text(attrs: FixtureAttrs, name: string): string {
  const value = attrs[name];
  return typeof value === 'string' ? value : missing(name);
}

function numbers(attrs: FixtureAttrs, name: string): readonly number[] {
  const value = attrs[name];
  return typeof value === 'object' ? value : missing(name);
}

function missing(name: string): never {
  throw new TypeError(`the case's attribute ${name} is missing or of another kind`);
}
