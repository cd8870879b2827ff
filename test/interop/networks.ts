import type { Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { type Call, unsupported } from './call.ts';
import type { Build } from './elementwise.ts';

/** A batch of one around what PyTorch takes without a batch. */
function batched(x: Tensor, axes: number, f: (x: Tensor) => Tensor): Tensor {
  if (x.dtype !== 'f32') return unsupported(x.dtype);
  return x.shape.length === axes + 2 ? f(x) : f(x.expandDims(0)).squeeze(0);
}

type Axes = 1 | 2 | 3;
const spaces = (call: Call, name: string, place: number, otherwise: number): number[] => [
  ...call.numbers(name, place, [otherwise]),
];
const perAxis = (list: readonly number[], axes: Axes): number | number[] => {
  const [only = 1] = list;
  return list.length === axes && axes > 1 ? [...list] : only;
};

function convolution(axes: Axes): Build {
  return (call) => {
    const at = (name: string, place: number, otherwise: number): number | number[] =>
      perAxis(spaces(call, name, place, otherwise), axes);
    const padding = call.isText('padding', 4)
      ? call.text('padding') === 'same'
        ? ('same' as const)
        : 0
      : at('padding', 4, 0);
    const options = {
      stride: at('stride', 3, 1),
      padding,
      dilation: at('dilation', 5, 1),
      groups: call.number('groups', 6, 1),
    };
    const bias = call.optionalTensor('bias', 2);
    return batched(call.tensor(0), axes, (x) =>
      withBias(nn.convolve(x, call.tensor(1), options), bias, axes),
    );
  };
}

function transposedConvolution(axes: Axes): Build {
  return (call) => {
    const at = (name: string, place: number, otherwise: number): number | number[] =>
      perAxis(spaces(call, name, place, otherwise), axes);
    const options = {
      stride: at('stride', 3, 1),
      padding: at('padding', 4, 0),
      outputPadding: at('output_padding', 5, 0),
      groups: call.number('groups', 6, 1),
      dilation: at('dilation', 7, 1),
    };
    const bias = call.optionalTensor('bias', 2);
    return batched(call.tensor(0), axes, (x) =>
      withBias(nn.convolveTransposed(x, call.tensor(1), options), bias, axes),
    );
  };
}

function withBias(x: Tensor, bias: Tensor | undefined, axes: Axes): Tensor {
  return bias === undefined ? x : x.add(bias.reshape([-1, ...Array.from({ length: axes }, () => 1)]));
}

/** How windows slide, of arguments that begin at a place: stride, then padding. */
function windowsOf(
  call: Call,
  axes: Axes,
): { readonly window: number | number[]; readonly options: nn.PoolOptions } {
  const kernel = spaces(call, 'kernel_size', 1, 1);
  const strides = call.has('stride', 2) ? spaces(call, 'stride', 2, 1) : kernel;
  return {
    window: perAxis(kernel, axes),
    options: {
      stride: perAxis(strides.length === 0 ? kernel : strides, axes),
      padding: perAxis(spaces(call, 'padding', 3, 0), axes),
    },
  };
}

function averagePooling(axes: Axes): Build {
  return (call) => {
    const { window, options } = windowsOf(call, axes);
    const ceilMode = call.flag('ceil_mode', 4);
    if (call.has('divisor_override', 6)) return unsupported('divisor_override');
    const all = { ...options, ceilMode, countIncludePad: call.flag('count_include_pad', 5, true) };
    const pool = { 1: nn.avgPool1d, 2: nn.avgPool2d, 3: nn.avgPool3d }[axes];
    return batched(call.tensor(0), axes, (x) => pool(x, window, all));
  };
}

function maximumPooling(axes: Axes): Build {
  return (call) => {
    const { window, options } = windowsOf(call, axes);
    const dilation = perAxis(spaces(call, 'dilation', 4, 1), axes);
    const all = { ...options, dilation, ceilMode: call.flag('ceil_mode', 5), indices: true as const };
    const x = call.tensor(0);
    if (x.dtype !== 'f32') return unsupported(x.dtype);
    const pool = { 1: nn.maxPool1d, 2: nn.maxPool2d, 3: nn.maxPool3d }[axes];
    const isBatch = x.shape.length === axes + 2;
    const { output, indices } = pool(isBatch ? x : x.expandDims(0), window, all);
    const found = call.flag('return_indices', 6) ? [output, indices] : [output];
    return found.map((y) => (isBatch ? y : y.squeeze(0)));
  };
}

function adaptivePooling(axes: 1 | 2, kind: 'Avg' | 'Max'): Build {
  const pool = {
    Avg: [nn.adaptiveAvgPool1d, nn.adaptiveAvgPool2d],
    Max: [nn.adaptiveMaxPool1d, nn.adaptiveMaxPool2d],
  }[kind][axes - 1];
  return (call) => {
    if (pool === undefined) return unsupported('so many axes');
    if (call.flag('return_indices', 2)) return unsupported('indices');
    const size = perAxis(spaces(call, 'output_size', 1, 1), axes);
    return batched(call.tensor(0), axes, (x) => pool(x, size));
  };
}

const reductionOf = (call: Call): { readonly reduction: nn.Reduction } => {
  const found = call.text('reduction', undefined, 'mean');
  if (found === 'mean' || found === 'sum' || found === 'none') return { reduction: found };
  return unsupported(`reduction ${found}`);
};
/** A loss of two floats. PyTorch broadcasts them. */
const loss =
  (f: (a: Tensor, b: Tensor, call: Call) => Tensor): Build =>
  (call) =>
    f(call.floats(0), call.floats(1), call);

/** Classes are PyTorch's axis 1, and the last one here. */
function classesLast(x: Tensor): Tensor {
  return x.shape.length > 2 ? x.moveAxis(1, -1) : x;
}

/** What a loss by classes is given besides: weights, and the label that is left out. */
function classOptions(call: Call): nn.ClassOptions {
  const weight = call.optionalTensor('weight');
  return {
    ...reductionOf(call),
    ...(weight === undefined ? {} : { weight }),
    ...(call.has('ignore_index') ? { ignoreIndex: call.number('ignore_index') } : {}),
  };
}

/** The last axes, as many as a shape has. */
const lastAxes = (call: Call): number[] => call.numbers('normalized_shape', 1).map((_, k) => -1 - k);

/** A gain and a bias, where there are some, spread over some axes behind that of channels. */
function scaled(call: Call, x: Tensor, weightPlace: number | undefined, space: number): Tensor {
  const spread = (t: Tensor): Tensor => t.reshape([...t.shape, ...Array.from({ length: space }, () => 1)]);
  const [weight, bias] = [
    call.optionalTensor('weight', weightPlace),
    call.optionalTensor('bias', weightPlace === undefined ? undefined : weightPlace + 1),
  ];
  const gained = weight === undefined ? x : x.mul(spread(weight));
  return bias === undefined ? gained : gained.add(spread(bias));
}

export const networks: Readonly<Record<string, Build>> = {
  'nn.functional.layer_norm': (call) =>
    scaled(call, nn.standardize(call.tensor(0), lastAxes(call), { eps: call.number('eps', 4, 1e-5) }), 2, 0),
  'nn.functional.rms_norm': (call) => {
    const axes = lastAxes(call).length;
    // PyTorch's epsilon is that of the type, float64's in its samples.
    const x = nn.rmsNorm(call.tensor(0), { axes, affine: false, eps: call.number('eps', 3, 2 ** -52) });
    return scaled(call, x, 2, 0);
  },
  'nn.functional.group_norm': (call) => {
    const x = call.tensor(0);
    if (x.shape.length < 3) return unsupported('no space');
    const options = { affine: false, eps: call.number('eps', 4, 1e-5) };
    return scaled(call, nn.groupNorm(x, call.number('num_groups', 1), options), 2, x.shape.length - 2);
  },
  'nn.functional.instance_norm': (call) => {
    const x = call.tensor(0);
    if (!call.flag('use_input_stats', 5, true)) return unsupported('running statistics');
    for (const name of ['running_mean', 'running_var', 'momentum']) call.has(name);
    const options = { affine: false, eps: call.number('eps', 7, 1e-5) };
    return scaled(call, nn.instanceNorm(x, options), 3, x.shape.length - 2);
  },
  'nn.functional.interpolate': (call) => {
    const method = call.text('mode', 3, 'nearest');
    const known = {
      nearest: 'nearest',
      linear: 'bilinear',
      bilinear: 'bilinear',
      trilinear: 'bilinear',
      bicubic: 'bicubic',
    } as const;
    if (!isOne(known, method)) return unsupported(method);
    if (!call.has('size', 1)) return unsupported('a scale in place of a size');
    if (call.flag('antialias')) return unsupported('antialias');
    const sizes = spaces(call, 'size', 1, 1);
    const alignCorners = call.flag('align_corners', 4);
    const [only = 1] = sizes;
    const size = sizes.length === 1 ? only : sizes;
    return nn.resize(call.tensor(0), size, {
      method: known[method],
      ...(method === 'nearest' ? {} : { alignCorners }),
    });
  },
  'nn.functional.scaled_dot_product_attention': (call) => {
    const [queries, keys, values] = [call.tensor(0), call.tensor(1), call.tensor(2)];
    if (call.number('dropout_p', 4, 0) > 0 || call.flag('enable_gqa')) return unsupported('dropout, groups');
    const width = Number(queries.shape.at(-1));
    const scale = call.has('scale') ? call.number('scale') : 1 / Math.sqrt(width);
    const scores = queries.matmul(keys.transpose()).mul(scale);
    const mask = call.optionalTensor('attn_mask', 3);
    const masked =
      mask === undefined ? scores : mask.dtype === 'bool' ? mask.where(scores, -Infinity) : scores.add(mask);
    const seen = call.flag('is_causal', 5)
      ? masked.iotaLike(-1).le(masked.iotaLike(-2)).where(masked, -Infinity)
      : masked;
    return seen.softmax().matmul(values);
  },
  'nn.functional.linear': (call) => {
    const bias = call.optionalTensor('bias', 2);
    const weight = call.tensor(1);
    if (weight.shape.length < 2) return unsupported('weights of one axis');
    const x = call.tensor(0).matmul(weight.transpose());
    return bias === undefined ? x : x.add(bias);
  },
  'nn.functional.embedding': (call) => {
    if (call.has('max_norm')) return unsupported('max_norm');
    if (call.has('padding_idx', 2)) return unsupported('padding_idx');
    if (call.flag('scale_grad_by_freq')) return unsupported('scale_grad_by_freq');
    return call.tensor(0).take(call.indices(1));
  },
  'nn.functional.conv1d': convolution(1),
  'nn.functional.conv2d': convolution(2),
  'nn.functional.conv3d': convolution(3),
  'nn.functional.conv_transpose1d': transposedConvolution(1),
  'nn.functional.conv_transpose2d': transposedConvolution(2),
  'nn.functional.conv_transpose3d': transposedConvolution(3),
  'nn.functional.avg_pool1d': averagePooling(1),
  'nn.functional.avg_pool2d': averagePooling(2),
  'nn.functional.avg_pool3d': averagePooling(3),
  'nn.functional.max_pool1d': maximumPooling(1),
  'nn.functional.max_pool2d': maximumPooling(2),
  'nn.functional.max_pool3d': maximumPooling(3),
  'nn.functional.adaptive_avg_pool1d': adaptivePooling(1, 'Avg'),
  'nn.functional.adaptive_avg_pool2d': adaptivePooling(2, 'Avg'),
  'nn.functional.adaptive_max_pool1d': adaptivePooling(1, 'Max'),
  'nn.functional.adaptive_max_pool2d': adaptivePooling(2, 'Max'),
  'nn.functional.grid_sample': (call) => {
    const [method, padding] = [call.text('mode', 2, 'bilinear'), call.text('padding_mode', 3, 'zeros')];
    if (method !== 'bilinear' && method !== 'nearest') return unsupported(method);
    if (padding !== 'zeros' && padding !== 'border' && padding !== 'reflection') return unsupported(padding);
    const alignCorners = call.flag('align_corners', 4);
    const options: nn.GridSampleOptions = { method, padding, alignCorners };
    const [x, grid] = [call.tensor(0), call.tensor(1)];
    return x.shape.length === 4 ? nn.gridSample(x, grid, options) : unsupported('three axes');
  },
  'nn.functional.mse_loss': loss((a, b, call) => nn.mse(a, b, reductionOf(call))),
  'nn.functional.l1_loss': loss((a, b, call) => nn.l1(a, b, reductionOf(call))),
  'nn.functional.huber_loss': loss((a, b, call) =>
    nn.huber(a, b, { ...reductionOf(call), delta: call.number('delta', undefined, 1) }),
  ),
  'nn.functional.smooth_l1_loss': loss((a, b, call) =>
    nn.smoothL1(a, b, { ...reductionOf(call), beta: call.number('beta', undefined, 1) }),
  ),
  'nn.functional.kl_div': loss((a, b, call) =>
    nn.klDivergence(a, b, { ...reductionOf(call), logTarget: call.flag('log_target') }),
  ),
  'nn.functional.binary_cross_entropy_with_logits': loss((a, b, call) => {
    for (const name of ['weight', 'pos_weight']) if (call.has(name)) return unsupported(name);
    return nn.bceWithLogits(a, b, reductionOf(call));
  }),
  'nn.functional.cross_entropy': (call) => {
    const [logits, target] = [call.tensor(0), call.tensor(1)];
    const labels = target.dtype === 'f32' ? classesLast(target) : target;
    const labelSmoothing = call.number('label_smoothing', undefined, 0);
    return nn.crossEntropy(classesLast(logits), labels, { ...classOptions(call), labelSmoothing });
  },
  'nn.functional.nll_loss': (call) => nn.nll(classesLast(call.tensor(0)), call.tensor(1), classOptions(call)),
  'nn.functional.cosine_embedding_loss': (call) =>
    nn.cosineEmbedding(call.floats(0), call.floats(1), call.tensor(2), {
      ...reductionOf(call),
      margin: call.number('margin', undefined, 0),
    }),
  'nn.functional.cosine_similarity': loss((a, b, call) =>
    nn.cosineSimilarity(a, b, { axis: call.number('dim', 2, 1), eps: call.number('eps', 3, 1e-8) }),
  ),
  'nn.functional.triplet_margin_loss': (call) => {
    const p = call.number('p', undefined, 2);
    if (p !== 1 && p !== 2) return unsupported(`p ${p}`);
    return nn.tripletMargin(call.floats(0), call.floats(1), call.floats(2), {
      ...reductionOf(call),
      margin: call.number('margin', undefined, 1),
      p,
      eps: call.number('eps', undefined, 1e-6),
      swap: call.flag('swap'),
    });
  },
};

function isOne<T extends object>(known: T, name: string): name is Extract<keyof T, string> {
  return name in known;
}
