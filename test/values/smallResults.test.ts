import { describe, expect, it } from 'vitest';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { reference } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets = [reference, wasm(1), wgsl('webgpu'), wgsl('webgpu-software')];

const { exp, expm1, log1p } = Math;
const softplus = (x: number): number => Math.max(x, 0) + log1p(exp(-Math.abs(x)));
const sigmoid = (x: number): number => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));
const slope = (x: number): number => sigmoid(x) * sigmoid(-x);
const tanhOfSmall = (x: number): number => expm1(2 * x) / (expm1(2 * x) + 2);

const first = (y: Tensor, x: Tensor): Tensor => gradients(y.sum(), [x])[0] ?? x;
const second = (y: Tensor, x: Tensor): Tensor => first(first(y, x), x);

/** Functions with small results, and what they are in float64. */
const functions: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (x: number) => number]>> = {
  log1p: [(x) => x.exp().log1p(), (x) => log1p(exp(x))],
  expm1: [(x) => x.expm1(), expm1],
  softplus: [nn.softplus, softplus],
  'log of softplus': [(x) => nn.softplus(x).log(), (x) => Math.log(softplus(x))],
  logSigmoid: [(x) => nn.logSigmoid(x.neg()), (x) => -softplus(x)],
  mish: [nn.mish, (x) => x * tanhOfSmall(softplus(x))],
  elu: [(x) => nn.elu(x, 0.5), (x) => (x > 0 ? x : 0.5 * expm1(x))],
  celu: [(x) => nn.celu(x, 2), (x) => (x > 0 ? x : 2 * expm1(x / 2))],
  selu: [nn.selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))],
  'binary cross-entropy of 0': [(x) => cross(x, 0), softplus],
  'binary cross-entropy of 1': [(x) => cross(x.neg(), 1), softplus],
  "softplus'": [(x) => first(nn.softplus(x), x), sigmoid],
  "softplus''": [(x) => second(nn.softplus(x), x), slope],
  "logSigmoid'": [(x) => first(nn.logSigmoid(x), x), (x) => sigmoid(-x)],
  "elu'": [(x) => first(nn.elu(x), x), (x) => (x > 0 ? 1 : exp(x))],
  "log1p'": [(x) => first(x.exp().log1p(), x), sigmoid],
  "expm1'": [(x) => first(x.expm1(), x), exp],
  "binary cross-entropy's gradient at 0": [(x) => first(cross(x, 0), x), sigmoid],
  "binary cross-entropy's gradient at 1": [(x) => first(cross(x, 1), x), (x) => -sigmoid(-x)],
  "binary cross-entropy''": [(x) => second(cross(x, 0.25), x), slope],
};

function cross(x: Tensor, target: number): Tensor {
  return nn.bceWithLogits(x, x.fullLike(target), { reduction: 'none' });
}

describe.each(targets)('on $name', (target) => {
  it('small results of exponentials and logarithms have a small relative error, and no kink at 0', async () => {
    // From 8 on sigmoid(x) (1 - sigmoid(x)) has lost digits, as PyTorch's.
    const xs = [-80, -40, -20, -18, -10, -3.5, -1, -0.3, -1e-3, -1e-20, 0, 1e-20, 1e-4, 0.4, 1, 5].map(
      Math.fround,
    );
    const module = defineModule('small', (m) => {
      const x = m.input('x', { shape: [xs.length] });
      m.entry(
        'run',
        Object.fromEntries(Object.entries(functions).map(([name, [build]]) => [name, build(x)])),
      );
    });
    const session = await target.start(module);
    const outputs = await session.step('run', { inputs: { x: { shape: [xs.length], data: xs } } });
    await session.dispose();
    const wrong = Object.entries(functions).flatMap(([name, [, exact]]) =>
      xs.flatMap((x, k) => {
        const [found, wanted] = [outputs[name]?.data[k] ?? Number.NaN, exact(x)];
        const near = Math.abs(found - wanted) <= 2e-5 * Math.abs(wanted);
        return near ? [] : [`${name} of ${x} is ${found}, not ${wanted}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('a Huber loss is infinite at infinities, where its gradient has their sign', async () => {
    const module = defineModule('huber', (m) => {
      const x = m.input('x', { shape: [6] });
      const loss = nn.huber(x, x.fullLike(0), { delta: 2, reduction: 'none' });
      m.entry('run', { loss, gradient: first(loss, x), curvature: second(loss, x) });
    });
    const session = await target.start(module);
    const data = [Infinity, -Infinity, 0.5, -1, 3, -(2 ** 100)];
    const outputs = await session.step('run', { inputs: { x: { shape: [6], data } } });
    await session.dispose();
    expect(Array.from(outputs.loss?.data ?? [])).toEqual([Infinity, Infinity, 0.125, 0.5, 4, 2 ** 101]);
    expect(Array.from(outputs.gradient?.data ?? [])).toEqual([2, -2, 0.5, -1, 2, -2]);
    expect(
      Array.from(outputs.curvature?.data ?? [])
        .slice(2)
        .map(Math.abs),
    ).toEqual([1, 1, 0, 0]);
  });
});
