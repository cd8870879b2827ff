import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';

type Special = number | 'inf' | '-inf' | 'nan';
type Kink = Record<'x' | 'y' | 'g' | 'h', readonly Special[]> & { readonly name: string };

const fixture = new URL('../fixtures/kinks.0.json', import.meta.url);
const kinks: readonly Kink[] = JSON.parse(readFileSync(fixture, 'utf8'));

const numbers = (list: readonly Special[]): number[] =>
  list.map((value) => (typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity'))));

const weights = (x: Tensor): Tensor => x.iotaLike(0).cast('f32').add(1);
const label = (x: Tensor): Tensor => x.iota([1], 0).add(1);
const none = { reduction: 'none' } as const;

/** Functions of single elements. */
const pointwise: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  abs: (x) => x.abs(),
  relu: (x) => x.relu(),
  leakyRelu: (x) => nn.leakyRelu(x),
  hardswish: nn.hardswish,
  elu: (x) => nn.elu(x),
  celu: (x) => nn.celu(x),
  selu: nn.selu,
  geluTanh: (x) => nn.gelu(x, { approximate: 'tanh' }),
  silu: nn.silu,
  mish: nn.mish,
  softplus: nn.softplus,
  logSigmoid: nn.logSigmoid,
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  square: (x) => x.square(),
  sqrt: (x) => x.sqrt(),
  rsqrt: (x) => x.rsqrt(),
  reciprocal: (x) => x.reciprocal(),
  exp: (x) => x.exp(),
  log: (x) => x.log(),
  erf: (x) => x.erf(),
  maximum0: (x) => x.maximum(0),
  minimum1: (x) => x.minimum(1),
  huber: (x) => nn.huber(x, x.fullLike(0), none),
  mse: (x) => nn.mse(x, x.fullLike(0), none),
};

/** Functions of three elements together. */
const reductions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  max: (x) => x.max(),
  min: (x) => x.min(),
  prod: (x) => x.prod(),
  logSumExp: (x) => x.logSumExp(),
  variance: (x) => x.variance(),
  std: (x) => x.variance().sqrt(),
  norm: (x) => x.square().sum().sqrt(),
  mean: (x) => x.mean(),
  softmax: (x) => x.softmax().mul(weights(x)).sum(),
  logSoftmax: (x) => x.logSoftmax().mul(weights(x)).sum(),
  crossEntropy: (x) => nn.crossEntropy(x.expandDims(0), label(x)),
  crossEntropyS: (x) => nn.crossEntropy(x.expandDims(0), label(x), { labelSmoothing: 0.1 }),
};

const functions = { ...pointwise, ...reductions };

/** All functions as entries of one module, with their first and second derivatives. */
function moduleOfAll(): Module {
  return defineModule('kinks', (m: ModuleBuilder) => {
    const [wide, narrow] = [m.input('wide', { shape: [15] }), m.input('narrow', { shape: [3] })];
    for (const [name, build] of Object.entries(functions)) {
      const x = name in pointwise ? wide : narrow;
      const y = build(x);
      const [g = x] = gradients(y.sum(), [x]);
      const [h = x] = gradients((name in pointwise ? g : g.mul(weights(x))).sum(), [x]);
      m.entry(name, { y, g, h });
    }
  });
}

const targets: readonly Target[] = [reference, wasm(1)];

describe.each(targets)('on $name', (target) => {
  it('values, gradients and their gradients at kinks and infinities are those of PyTorch', async () => {
    const session = await target.start(moduleOfAll());
    const wrong: string[] = [];
    for (const { name, x, ...wanted } of kinks) {
      const data = numbers(x);
      const input = name in pointwise ? 'wide' : 'narrow';
      const found = await session.step(name, { inputs: { [input]: { shape: [data.length], data } } });
      for (const what of ['y', 'g', 'h'] as const) {
        const actual = Array.from(found[what]?.data ?? []);
        for (const [k, want] of numbers(wanted[what]).entries()) {
          const is = actual[k] ?? 0;
          if (Object.is(is, want) || Math.abs(is - want) <= 1e-4 * (1 + Math.abs(want)) || is === want)
            continue;
          const place = actual.length > 1 && input === 'wide' ? `${data[k]}` : `[${data}] at ${k}`;
          wrong.push(`${what} of ${name} of ${place} is ${is}, PyTorch has ${want}`);
        }
      }
    }
    await session.dispose();
    expect(wrong).toEqual([]);
    expect(new Set(kinks.map(({ name }) => name))).toEqual(new Set(Object.keys(functions)));
  });
});
