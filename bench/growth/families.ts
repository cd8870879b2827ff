import { defineModule, type Module, type ModuleBuilder, nn, optim, type Tensor } from '../../src/index.ts';

/** Modules of one kind that users make large. */
export interface Family {
  readonly name: string;
  /** What its size counts. */
  readonly counts: string;
  readonly module: (size: number) => Module;
  /** Sizes to measure, ascending. */
  readonly sizes: readonly number[];
  /** Processor seconds that the last size may take on each target. */
  readonly seconds: number;
}

const small = nn.init.constant(0.01);

/** Pointwise operations and, each fourth, a product: `[8, 16]`. */
function mixed(size: number): Module {
  return defineModule('mixed', (m) => {
    let h = m.input('x', { shape: [8, 16] });
    const w = m.state('w', { shape: [16, 16], init: small });
    for (let k = 0; k < size; k++) h = k % 4 === 3 ? h.matmul(w) : k % 2 === 1 ? h.tanh() : h.add(0.1);
    m.entry('run', { y: h.sum() });
  });
}

/** Pointwise operations, each on what the one before made. */
function chain(size: number): Module {
  return defineModule('chain', (m) => {
    let h = m.input('x', { shape: [64] });
    for (let k = 0; k < size; k++) h = k % 2 === 1 ? h.add(1) : h.mul(0.5);
    m.entry('run', { y: h });
  });
}

/** A recurrent net unrolled over so many steps, trained by Adam. */
function recurrence(size: number): Module {
  return defineModule('recurrence', (m) => {
    const x = m.input('x', { shape: [size, 8, 16] });
    const u = m.state('u', { shape: [16, 16], init: small });
    const at = (t: number): Tensor => x.slice([t], [t + 1]).squeeze(0);
    let h = at(0);
    for (let t = 1; t < size; t++) h = at(t).add(h.matmul(u)).tanh();
    const loss = h.square().mean();
    m.entry('train', { loss, updates: optim.adam({ lr: 1e-3 }).minimize(loss) });
  });
}

/** A neural ODE (Chen et al. 2018): a perceptron of 8-32-8 as the field, so many steps of Runge and Kutta's fourth order. */
function neuralOde(size: number): Module {
  return defineModule('neural-ode', (m) => {
    const x = m.input('x', { shape: [16, 8] });
    const target = m.input('target', { shape: [16, 8] });
    const into = m.state('into', { shape: [8, 32], init: small });
    const out = m.state('out', { shape: [32, 8], init: small });
    const field = (y: Tensor): Tensor => y.matmul(into).tanh().matmul(out);
    const dt = 1 / size;
    let y = x;
    for (let step = 0; step < size; step++) {
      const k1 = field(y);
      const k2 = field(y.add(k1.mul(dt / 2)));
      const k3 = field(y.add(k2.mul(dt / 2)));
      const k4 = field(y.add(k3.mul(dt)));
      y = y.add(
        k1
          .add(k2.mul(2))
          .add(k3.mul(2))
          .add(k4)
          .mul(dt / 6),
      );
    }
    const loss = nn.mse(y, target);
    m.entry('train', { loss, updates: optim.adam({ lr: 1e-3 }).minimize(loss) });
  });
}

/** So many small states, their gradients clipped by the norm of all of them. */
function clipped(size: number): Module {
  return defineModule('clipped', (m) => {
    let loss: Tensor | undefined;
    for (let k = 0; k < size; k++) {
      const w = m.state(`w${k}`, { shape: [(k % 5) + 1], init: nn.init.constant(k) });
      const square = w.square().sum();
      loss = loss === undefined ? square : loss.add(square);
    }
    if (loss === undefined) throw new RangeError('a family needs a size from 1 on');
    m.entry('train', { loss, updates: optim.adam({ lr: 0.5 }).minimize(loss, { clipGlobalNorm: 1 }) });
  });
}

/** So many states, each multiplied with an input and added up; their updates have one gradient in common. */
function states(size: number): Module {
  return defineModule('states', (m) => {
    const x = m.input('x', { shape: [4, 8] });
    let loss = x.sum();
    for (let k = 0; k < size; k++) {
      const w = m.state(`w${k}`, { shape: [8], init: small });
      loss = loss.add(x.mul(w).sum());
    }
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  });
}

/** A perceptron of so many layers of width 16, plain gradient descent: each update waits for who passes the gradient on. */
function layers(size: number): Module {
  return defineModule('layers', (m) => {
    let h = m.input('x', { shape: [8, 16] });
    for (let k = 0; k < size; k++) h = h.matmul(m.state(`w${k}`, { shape: [16, 16], init: small })).tanh();
    const loss = h.square().mean();
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  });
}

/** A residual perceptron of so many layers with layer norm, clipped by the global norm, Adam. */
function residualLayers(size: number): Module {
  return defineModule('residual-layers', (m) => {
    const x = m.input('x', { shape: [32, 64] });
    const y = m.input('y', { shape: [32], dtype: 'i32' });
    let h = x;
    for (let layer = 0; layer < size; layer++) {
      const inner = nn.dense(normalised(m, h, 64, `norm${layer}`), 64, {
        activation: 'relu',
        name: `up${layer}`,
      });
      h = h.add(nn.dense(inner, 64, { name: `down${layer}` }));
    }
    const loss = nn.crossEntropy(nn.dense(h, 10, { name: 'head' }), y);
    m.entry('train', { loss, updates: optim.adam({ lr: 1e-3 }).minimize(loss, { clipGlobalNorm: 1 }) });
  });
}

/** A GPT of so many layers of width 64: 32 tokens, four heads, 65 characters, AdamW. */
function gptLayers(size: number): Module {
  const [tokens, width, heads, vocabulary] = [32, 64, 4, 65];
  return defineModule('gpt-layers', (m) => {
    const x = m.input('x', { shape: [4, tokens], dtype: 'i32' });
    const y = m.input('y', { shape: [4, tokens], dtype: 'i32' });
    let h = m.state('token', { shape: [vocabulary, width], init: nn.init.normal(0, 0.02) }).take(x);
    for (let layer = 0; layer < size; layer++) {
      const name = `block${layer}`;
      h = h.add(attention(normalised(m, h, width, `${name}.norm1`), heads, name));
      const up = nn.dense(normalised(m, h, width, `${name}.norm2`), 4 * width, {
        activation: 'geluTanh',
        name: `${name}.up`,
      });
      h = h.add(nn.dense(up, width, { name: `${name}.down` }));
    }
    const logits = nn.dense(normalised(m, h, width, 'norm'), vocabulary, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optim.adamw({ lr: 1e-3 }).minimize(loss) });
  });
}

/** Layer norm over the last axis. */
function normalised(m: ModuleBuilder, x: Tensor, width: number, name: string): Tensor {
  const gain = m.state(`${name}.weight`, { shape: [width], init: nn.init.ones() });
  return nn
    .standardize(x, -1)
    .mul(gain)
    .add(m.state(`${name}.bias`, { shape: [width] }));
}

/** Causal attention. `x: [batch, tokens, width]` */
function attention(x: Tensor, heads: number, name: string): Tensor {
  const [batch = 0, tokens = 0, width] = x.shape;
  if (typeof width !== 'number') throw new RangeError('the width is a number');
  const all = nn.dense(x, 3 * width, { name: `${name}.qkv` });
  const parts = all.reshape([batch, tokens, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
  const part = (k: number): Tensor => parts.slice([k], [k + 1]).squeeze(0);
  const scores = part(0)
    .matmul(part(1).transpose())
    .div(Math.sqrt(width / heads));
  const isSeen = scores.iotaLike(-1).le(scores.iotaLike(-2));
  const mixed = isSeen.where(scores, -Infinity).softmax().matmul(part(2));
  return nn.dense(mixed.permute([0, 2, 1, 3]).reshape(x.shape), width, { name: `${name}.projection` });
}

/** All that grows, with what each may take. */
export const families: readonly Family[] = [
  {
    name: 'mixed',
    counts: 'pointwise and product nodes',
    module: mixed,
    sizes: [1250, 2500, 5000, 10_000],
    seconds: 2.5,
  },
  {
    name: 'chain',
    counts: 'pointwise nodes of a chain',
    module: chain,
    sizes: [2500, 5000, 10_000, 20_000],
    seconds: 5,
  },
  {
    name: 'recurrence',
    counts: 'steps of a recurrence',
    module: recurrence,
    sizes: [10, 20, 40, 80],
    seconds: 3,
  },
  {
    name: 'neural-ode',
    counts: 'steps of a neural ODE',
    module: neuralOde,
    sizes: [5, 10, 20],
    seconds: 3,
  },
  {
    name: 'clipped',
    counts: 'states clipped by their norm',
    module: clipped,
    sizes: [10, 20, 40, 80],
    seconds: 1.5,
  },
  {
    name: 'states',
    counts: 'states of one gradient',
    module: states,
    sizes: [250, 500, 1000, 2000],
    seconds: 20,
  },
  {
    name: 'layers',
    counts: 'layers of a perceptron',
    module: layers,
    sizes: [64, 128, 256, 512],
    seconds: 20,
  },
  {
    name: 'residual-layers',
    counts: 'layers of a residual perceptron',
    module: residualLayers,
    sizes: [6, 12, 24],
    seconds: 3,
  },
  { name: 'gpt-layers', counts: 'layers of a GPT', module: gptLayers, sizes: [3, 6, 12], seconds: 12 },
];

/** What makes modules of a family. @throws RangeError for a name that is not there */
export function familyNamed(name: string): Family['module'] {
  const family = families.find((each) => each.name === name);
  if (family === undefined) throw new RangeError(`no family of modules is called ${name}`);
  return family.module;
}
