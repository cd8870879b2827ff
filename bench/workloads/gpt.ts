import {
  defineModule,
  evaluation,
  type Module,
  type ModuleBuilder,
  nn,
  optim,
  type Tensor,
} from '../../src/index.ts';

const BATCH = 16;
const TOKENS = 64;
const VOCABULARY = 65;
const WIDTH = 128;
const HEADS = 4;
const LAYERS = 2;

/**
 * W5: a GPT of characters (Radford et al. 2019) on `[batch, tokens, width]`: vocabulary 65, 64 tokens, width 128, four
 * heads, two layers with the norm first, learned positions; AdamW 1e-3 over all states, batch 16.
 */
export const w5: Module = characters('w5', 0);

/** W5 with dropout of a tenth: of the sum of embeddings, of what attention weighs with, and of both branches of each layer. */
export const w5Dropout: Module = characters('w5-dropout', 0.1);

function characters(name: string, rate: number): Module {
  return defineModule(name, (m) => {
    const batch = m.size('batch', { max: BATCH });
    const x = m.input('x', { shape: [batch, TOKENS], dtype: 'i32' });
    const y = m.input('y', { shape: [batch, TOKENS], dtype: 'i32' });
    const logits = gpt(m, x, rate);
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optim.adamw({ lr: 1e-3 }).minimize(loss) });
    m.entry('predict', { label: evaluation(logits).argmax(-1) });
  });
}

/**
 * The logits of the next character at each place. It declares its weights in the order in which they are used.
 *
 * @param x    `[batch, 64]`, i32, below 65
 * @param rate of dropout
 * @returns `[batch, 64, 65]`
 */
export function gpt(m: ModuleBuilder, x: Tensor, rate = 0): Tensor {
  const init = nn.init.normal(0, 0.02);
  const token = m.state('token', { shape: [VOCABULARY, WIDTH], init });
  const position = m.state('position', { shape: [TOKENS, WIDTH], init });
  let h = nn.dropout(token.take(x).add(position), rate);
  for (let layer = 1; layer <= LAYERS; layer++) h = block(m, h, `block${layer}`, rate);
  return nn.dense(layerNorm(m, h, 'norm'), VOCABULARY, { name: 'output' });
}

/** Attention and a perceptron, each added to what it reads. `x: [batch, tokens, width]` */
function block(m: ModuleBuilder, x: Tensor<'f32'>, name: string, rate: number): Tensor<'f32'> {
  const h = x.add(nn.dropout(attention(layerNorm(m, x, `${name}.norm1`), name, rate), rate));
  const up = nn.dense(layerNorm(m, h, `${name}.norm2`), 4 * WIDTH, {
    activation: 'geluTanh',
    name: `${name}.up`,
  });
  return h.add(nn.dropout(nn.dense(up, WIDTH, { name: `${name}.down` }), rate));
}

/** Causal attention of all heads (Vaswani et al. 2017). `x: [batch, tokens, width]` */
function attention(x: Tensor, name: string, rate: number): Tensor {
  const [batch = 0] = x.shape;
  const each = WIDTH / HEADS;
  const all = nn.dense(x, 3 * WIDTH, { name: `${name}.qkv` }).reshape([batch, TOKENS, 3, HEADS, each]);
  const part = (k: number): Tensor =>
    all
      .slice([0, 0, k], [undefined, undefined, k + 1])
      .squeeze(2)
      .permute([0, 2, 1, 3]);
  const [queries, keys, values] = [part(0), part(1), part(2)];
  const scores = queries.matmul(keys.transpose()).div(Math.sqrt(each));
  const isSeen = scores.iotaLike(-1).le(scores.iotaLike(-2));
  const weights = nn.dropout(isSeen.where(scores, -Infinity).softmax(), rate);
  const mixed = weights.matmul(values);
  return nn.dense(mixed.permute([0, 2, 1, 3]).reshape(x.shape), WIDTH, { name: `${name}.projection` });
}

/** Layer normalisation (Ba, Kiros and Hinton 2016) over the last axis, with a gain and a bias. */
function layerNorm(m: ModuleBuilder, x: Tensor, name: string): Tensor {
  const gain = m.state(`${name}.weight`, { shape: [WIDTH], init: nn.init.ones() });
  const bias = m.state(`${name}.bias`, { shape: [WIDTH] });
  return nn.standardize(x, -1).mul(gain).add(bias).named(name);
}
