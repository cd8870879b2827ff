import { section } from './row.ts';

export const activations = section(
  'Activations',
  'Functions of a tensor, element by element; their names are what the option `activation` of layers takes.',
  `
nn.relu(x) ¦ max(x, 0) ¦ […] → […] ¦ c where x > 0 ¦ a NaN stays ¦ nn.functional.relu ¦ jax.nn.relu
nn.leakyRelu(x, slope) ¦ x, or slope x below 0 ¦ […] → […] ¦ c, or slope c ¦ slope 0.01 ¦ nn.functional.leaky_relu ¦ jax.nn.leaky_relu
nn.elu(x, alpha) ¦ x, or alpha (eˣ - 1) below 0 ¦ […] → […] ¦ c, or c alpha eˣ ¦ ¦ nn.functional.elu ¦ jax.nn.elu
nn.celu(x, alpha) ¦ x, or alpha (e^(x/alpha) - 1) below 0 ¦ […] → […] ¦ c, or c e^(x/alpha) ¦ ¦ nn.functional.celu ¦ jax.nn.celu
nn.selu(x) ¦ 1.0507 elu(x, 1.6733) ¦ […] → […] ¦ as of its pieces ¦ ¦ nn.functional.selu ¦ jax.nn.selu
nn.gelu(x) ¦ x Φ(x) ¦ […] → […] ¦ c (Φ(x) + x φ(x)) ¦ or by tanh ¦ nn.functional.gelu ¦ jax.nn.gelu
nn.silu(x) ¦ x sigmoid(x) ¦ […] → […] ¦ as of its pieces ¦ ¦ nn.functional.silu ¦ jax.nn.silu
nn.mish(x) ¦ x tanh(softplus(x)) ¦ […] → […] ¦ as of its pieces ¦ ¦ nn.functional.mish ¦ jax.nn.mish
nn.hardswish(x) ¦ x clamp(x + 3, 0, 6) / 6 ¦ […] → […] ¦ as of its pieces ¦ ¦ nn.functional.hardswish ¦ jax.nn.hard_swish
nn.softplus(x) ¦ log(1 + eˣ) ¦ […] → […] ¦ c sigmoid(x) ¦ no overflow; its second derivative has no kink ¦ nn.functional.softplus ¦ jax.nn.softplus
nn.sigmoid(x) ¦ 1 / (1 + e⁻ˣ) ¦ […] → […] ¦ c s (1 - s) ¦ no overflow ¦ sigmoid ¦ jax.nn.sigmoid
nn.logSigmoid(x) ¦ -softplus(-x) ¦ […] → […] ¦ c sigmoid(-x) ¦ no overflow ¦ nn.functional.logsigmoid ¦ jax.nn.log_sigmoid
nn.tanh(x) ¦ tanh x ¦ […] → […] ¦ c (1 - t²) ¦ ±1 at ±∞ ¦ tanh ¦ jnp.tanh
`,
);

export const layers = section(
  'Layers',
  'Each is a layer, `nn.dense(128)`, which is then applied as often as wanted, or is applied at once, `nn.dense(x, 128)`. First values are PyTorch’s.',
  `
nn.dense(units) ¦ activation(x W + b) ¦ […, in] → […, units] ¦ as of its pieces ¦ ¦ nn.Linear ¦ flax Dense
nn.conv1d(filters, kernel) ¦ activation(x * W + b) ¦ [b, c, w] → [b, f, w′] ¦ as of its pieces ¦ ¦ nn.Conv1d ¦ flax Conv
nn.conv2d(filters, kernel) ¦ activation(x * W + b) ¦ [b, c, h, w] → [b, f, h′, w′] ¦ as of its pieces ¦ ¦ nn.Conv2d ¦ flax Conv
nn.conv3d(filters, kernel) ¦ activation(x * W + b) ¦ [b, c, d, h, w] → [b, f, d′, h′, w′] ¦ as of its pieces ¦ ¦ nn.Conv3d ¦ flax Conv
nn.convTranspose1d(filters, kernel) ¦ activation(x *ᵀ W + b) ¦ [b, c, w] → [b, f, w′] ¦ as of its pieces ¦ ¦ nn.ConvTranspose1d ¦ flax ConvTranspose
nn.convTranspose2d(filters, kernel) ¦ activation(x *ᵀ W + b) ¦ [b, c, h, w] → [b, f, h′, w′] ¦ as of its pieces ¦ ¦ nn.ConvTranspose2d ¦ flax ConvTranspose
nn.convTranspose3d(filters, kernel) ¦ activation(x *ᵀ W + b) ¦ [b, c, d, h, w] → [b, f, d′, h′, w′] ¦ as of its pieces ¦ ¦ nn.ConvTranspose3d ¦ flax ConvTranspose
nn.batchNorm() ¦ (x - mean) / √(variance + eps) gain + bias, by channel over the batch ¦ [b, c, …] → [b, c, …] ¦ as of its pieces ¦ running statistics in evaluation ¦ nn.BatchNorm2d ¦ flax BatchNorm
nn.groupNorm(groups) ¦ the same by sample and group of channels ¦ [b, c, …] → [b, c, …] ¦ as of its pieces ¦ ¦ nn.GroupNorm ¦ flax GroupNorm
nn.instanceNorm() ¦ the same by sample and channel ¦ [b, c, …] → [b, c, …] ¦ as of its pieces ¦ no gain and bias unless asked for ¦ nn.InstanceNorm2d ¦ flax InstanceNorm
nn.layerNorm() ¦ the same over the last axes, with a gain and a bias for each element of them ¦ […, n] → […, n] ¦ as of its pieces ¦ ¦ nn.LayerNorm ¦ flax LayerNorm
nn.rmsNorm() ¦ x / √(mean(x²) + eps) gain, over the last axes ¦ […, n] → […, n] ¦ as of its pieces ¦ ¦ nn.RMSNorm ¦ flax RMSNorm
nn.standardize(x, axes) ¦ (x - mean) / √(variance + eps) ¦ […] → […] ¦ as of its pieces ¦ ¦  ¦ jax.nn.standardize
nn.dropout(x, rate) ¦ 0 with probability rate, else x / (1 - rate) ¦ […] → […] ¦ the same mask ¦ x in evaluation; the mask is computed again, not stored ¦ nn.functional.dropout ¦ flax Dropout
nn.dropPath(x, rate) ¦ the same, for whole samples ¦ [b, …] → [b, …] ¦ the same mask ¦ x in evaluation ¦ torchvision stochastic_depth ¦
nn.embedding(vocabulary, width) ¦ rows of a table by number ¦ […] → […, width] ¦ summed by row ¦ padding is read as zeros ¦ nn.Embedding ¦ flax Embed
nn.positions(tokens, width) ¦ x + row t of a table at place t ¦ […, t, width] → […, t, width] ¦ as of its pieces ¦ ¦  ¦
nn.multiHeadAttention(width, heads) ¦ softmax(Q Kᵀ / √d) V by heads, projected ¦ [b, t, width] → [b, t, width] ¦ as of its pieces ¦ where a mask leaves no key, the bias of the projection, or 0 ¦ nn.MultiheadAttention ¦ flax MultiHeadDotProductAttention
nn.transformerBlock(width, heads) ¦ attention and two dense layers, each added to what it reads ¦ [b, t, width] → [b, t, width] ¦ as of its pieces ¦ ¦ nn.TransformerEncoderLayer ¦
nn.lstm(width) ¦ long short-term memory over steps: an output for each, and a state ¦ [b, t, in] → { output: […, width], state } ¦ as of its pieces ¦ a row ends with its length ¦ nn.LSTM ¦ flax LSTMCell
nn.gru(width) ¦ gated recurrent units over steps: an output for each, and a state ¦ [b, t, in] → { output: […, width], state } ¦ as of its pieces ¦ a row ends with its length ¦ nn.GRU ¦ flax GRUCell
nn.squeezeExcite() ¦ x sigmoid(relu(means W + b) V + c), by channel ¦ [b, c, …] → [b, c, …] ¦ as of its pieces ¦ ¦ torchvision SqueezeExcitation ¦
nn.sequential(layers) ¦ one after another ¦ those of its parts ¦ as of its pieces ¦ ¦ nn.Sequential ¦ flax Sequential
nn.residual(body) ¦ body(x) + x, or + shortcut(x) ¦ […] → […] ¦ as of its pieces ¦ nothing is broadcast ¦ ¦
nn.compose(parts, body) ¦ what a function makes of named parts ¦ those of the function ¦ as of its pieces ¦ ¦ nn.Module ¦ flax Module
nn.copyWeights(from, to) ¦ share · from + (1 - share) · to ¦ updates ¦ none ¦ ¦ load_state_dict ¦
`,
);

export const pooling = section(
  'Pooling and size',
  'Over one, two or three axes of space, channels first or last. Poolings take `ceilMode`.',
  `
nn.maxPool1d(x, kernel) ¦ the largest of each window ¦ [b, c, w] → [b, c, w′] ¦ c to the first of them ¦ NaN if any is; { indices } ¦ nn.functional.max_pool1d ¦ flax max_pool
nn.maxPool2d(x, kernel) ¦ the largest of each window ¦ [b, c, h, w] → [b, c, h′, w′] ¦ c to the first of them ¦ NaN if any is; { indices } ¦ nn.functional.max_pool2d ¦ flax max_pool
nn.maxPool3d(x, kernel) ¦ the largest of each window ¦ [b, c, d, h, w] → [b, c, d′, h′, w′] ¦ c to the first of them ¦ NaN if any is; { indices } ¦ nn.functional.max_pool3d ¦ flax max_pool
nn.maxUnpool2d(x, indices, size) ¦ elements at their places, else 0 ¦ [b, c, h, w] → [b, c, …size] ¦ c where they are ¦ of several at one place the last stays ¦ nn.functional.max_unpool2d ¦
nn.avgPool1d(x, kernel) ¦ the mean of each window ¦ [b, c, w] → [b, c, w′] ¦ c / n to all ¦ padding counts, unless asked ¦ nn.functional.avg_pool1d ¦ flax avg_pool
nn.avgPool2d(x, kernel) ¦ the mean of each window ¦ [b, c, h, w] → [b, c, h′, w′] ¦ c / n to all ¦ padding counts, unless asked ¦ nn.functional.avg_pool2d ¦ flax avg_pool
nn.avgPool3d(x, kernel) ¦ the mean of each window ¦ [b, c, d, h, w] → [b, c, d′, h′, w′] ¦ c / n to all ¦ padding counts, unless asked ¦ nn.functional.avg_pool3d ¦ flax avg_pool
nn.adaptiveAvgPool1d(x, size) ¦ means of so many windows ¦ [b, c, w] → [b, c, size] ¦ c / n to all ¦ ¦ nn.functional.adaptive_avg_pool1d ¦
nn.adaptiveAvgPool2d(x, size) ¦ means of so many windows ¦ [b, c, h, w] → [b, c, …size] ¦ c / n to all ¦ ¦ nn.functional.adaptive_avg_pool2d ¦
nn.adaptiveMaxPool1d(x, size) ¦ the largest of so many windows ¦ [b, c, w] → [b, c, size] ¦ c to the first of them; of -∞ alone, it may be to none ¦ NaN if any is ¦ nn.functional.adaptive_max_pool1d ¦
nn.adaptiveMaxPool2d(x, size) ¦ the largest of so many windows ¦ [b, c, h, w] → [b, c, …size] ¦ c to the first of them; of -∞ alone, it may be to none ¦ NaN if any is ¦ nn.functional.adaptive_max_pool2d ¦
nn.globalAvgPool(x) ¦ the mean of each channel ¦ [b, c, …] → [b, c] ¦ c / n to all ¦ ¦ nn.functional.adaptive_avg_pool2d ¦
nn.resize(x, size) ¦ another size, by the nearest, bilinear or bicubic ¦ [b, c, h, w] → [b, c, …size] ¦ summed ¦ { alignCorners } ¦ nn.functional.interpolate ¦ jax.image.resize
nn.gridSample(x, grid) ¦ x at places from -1 to 1 ¦ [b, c, h, w], [b, h′, w′, 2] → [b, c, h′, w′] ¦ summed; by the slopes between elements ¦ zeros, border or reflection outside; at NaN, and at ∞ without border, NaN, or 0 if nearest ¦ nn.functional.grid_sample ¦
`,
);

export const losses = section(
  'Losses',
  'Each takes `reduction`: `mean` over what is live, `sum`, or `none`. Classes are the last axis. Gradients are said for the prediction; targets that are floats have theirs, too.',
  `
nn.mse(x, y) ¦ (x - y)² ¦ broadcast → [] ¦ 2 c (x - y) / n ¦ ¦ nn.functional.mse_loss ¦ optax.squared_error
nn.l1(x, y) ¦ |x - y| ¦ broadcast → [] ¦ c sign(x - y) / n ¦ gradient 0 at 0 ¦ nn.functional.l1_loss ¦
nn.smoothL1(x, y) ¦ (x - y)² / (2 beta), |x - y| - beta/2 beyond beta ¦ broadcast → [] ¦ as of its pieces ¦ ¦ nn.functional.smooth_l1_loss ¦
nn.huber(x, y) ¦ (x - y)² / 2, delta (|x - y| - delta/2) beyond delta ¦ broadcast → [] ¦ as of its pieces ¦ finite gradient at infinite distance ¦ nn.functional.huber_loss ¦ optax.huber_loss
nn.hinge(x, y) ¦ max(0, 1 - y x) ¦ broadcast → [] ¦ -c y where it is positive ¦ ¦  ¦ optax.hinge_loss
nn.crossEntropy(logits, labels) ¦ -log softmax(logits)[label] ¦ […, n], […] → [] ¦ c (softmax - one hot) ¦ no overflow; ignored labels reach nothing ¦ nn.functional.cross_entropy ¦ optax.softmax_cross_entropy_with_integer_labels
nn.nll(logs, labels) ¦ -logs[label] ¦ […, n], […] → [] ¦ -c at the label ¦ ignored labels reach nothing ¦ nn.functional.nll_loss ¦
nn.bceWithLogits(logits, target) ¦ log(1 + eˣ) - t x ¦ broadcast → [] ¦ c (sigmoid(x) - t) ¦ no overflow ¦ nn.functional.binary_cross_entropy_with_logits ¦ optax.sigmoid_binary_cross_entropy
nn.focal(logits, target) ¦ alphaₜ (1 - pₜ)^gamma bce ¦ broadcast → [] ¦ as of its pieces ¦ ¦ torchvision sigmoid_focal_loss ¦ optax.sigmoid_focal_loss
nn.klDivergence(logs, target) ¦ t (log t - logs) ¦ broadcast → [] ¦ -c t ¦ 0 where t is 0 ¦ nn.functional.kl_div ¦ optax.kl_divergence
nn.cosineSimilarity(a, b) ¦ a · b / (|a| |b|) ¦ […, n], […, n] → […] ¦ as of its pieces ¦ 0 of zeros ¦ nn.functional.cosine_similarity ¦ optax.cosine_similarity
nn.cosineEmbedding(a, b, target) ¦ 1 - cos, or max(0, cos - margin) ¦ […, n], […, n], […] → [] ¦ as of its pieces ¦ ¦ nn.functional.cosine_embedding_loss ¦
nn.tripletMargin(anchor, positive, negative) ¦ max(0, d(a, p) - d(a, n) + margin) ¦ […, n] thrice → [] ¦ as of its pieces ¦ ¦ nn.functional.triplet_margin_loss ¦ optax.triplet_margin_loss
nn.contrastive(a, b, dissimilar) ¦ ½ d², or ½ max(0, margin - d)² ¦ […, n], […, n], […] → [] ¦ as of its pieces ¦ ¦  ¦
`,
);

export const initialisers = section(
  'First values',
  'Of states, drawn from the session’s seed when it starts; each state has a stream of its own.',
  `
nn.init.zeros() ¦ 0 ¦ → shape ¦ none ¦ ¦ nn.init.zeros_ ¦ jax.nn.initializers.zeros
nn.init.ones() ¦ 1 ¦ → shape ¦ none ¦ ¦ nn.init.ones_ ¦ jax.nn.initializers.ones
nn.init.constant(value) ¦ one value ¦ → shape ¦ none ¦ ¦ nn.init.constant_ ¦ jax.nn.initializers.constant
nn.init.uniform(low, high) ¦ evenly from low to high ¦ → shape ¦ none ¦ ¦ nn.init.uniform_ ¦ jax.nn.initializers.uniform
nn.init.normal(mean, deviation) ¦ normally ¦ → shape ¦ none ¦ ¦ nn.init.normal_ ¦ jax.nn.initializers.normal
nn.init.glorotUniform() ¦ ± √(6 / (in + out)) ¦ → shape ¦ none ¦ ¦ nn.init.xavier_uniform_ ¦ jax.nn.initializers.glorot_uniform
nn.init.glorotNormal() ¦ variance 2 / (in + out) ¦ → shape ¦ none ¦ ¦ nn.init.xavier_normal_ ¦ jax.nn.initializers.glorot_normal
nn.init.heUniform() ¦ ± √(6 / in) ¦ → shape ¦ none ¦ ¦ nn.init.kaiming_uniform_ ¦ jax.nn.initializers.he_uniform
nn.init.heNormal() ¦ variance 2 / in ¦ → shape ¦ none ¦ ¦ nn.init.kaiming_normal_ ¦ jax.nn.initializers.he_normal
nn.init.values(values) ¦ given ones ¦ → shape ¦ none ¦ ¦  ¦
`,
);
