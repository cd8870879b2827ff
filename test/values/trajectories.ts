import { afterAll, describe, expect, test } from 'vitest';
import { defineModule, type Module } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';
import { type Trajectory, trajectories } from '../fixtures/load.ts';
import type { Target } from './targets.ts';

/** Trajectories whose models this library cannot express yet. */
const notBuiltYet: readonly string[] = ['W3', 'W5'];

const optimizers: Readonly<Record<string, () => optim.Optimizer>> = {
  W1: () => optim.sgd({ lr: 0.1 }),
  W2: () => optim.adam({ lr: 1e-3 }),
};

/** Whole training runs on a target, step by step: the losses and the final parameters are PyTorch's. */
export function trajectorySuite(target: Target): void {
  describe(`training on ${target.name} follows PyTorch's trajectory`, () => {
    for (const run of trajectories()) {
      if (!notBuiltYet.includes(run.name)) test(`of ${run.name}`, () => follow(target, run));
    }
    afterAll(() => {
      console.log(`${target.name}: trajectories not built yet: ${notBuiltYet.join(', ')}`);
    });
  });
}

async function follow(target: Target, run: Trajectory): Promise<void> {
  const module = perceptron(run);
  const weights = module.states.filter(({ trainable }) => trainable);
  const session = await target.start(module, firstWeights(module, run.seed));
  const largest = Math.max(...run.losses);
  for (const [t, expected] of run.losses.slice(0, target.steps).entries()) {
    const { loss } = await session.step('train', { inputs: batchOf(run, t) });
    // In float32 rounding errors grow from step to step: tight at first, wide for the last losses.
    const tolerance = target.floats === 'f64' ? 1e-7 : t < run.losses.length / 2 ? 1e-4 : 2e-3;
    const found = loss?.data[0] ?? Number.NaN;
    expect(Math.abs(found - expected), `loss of step ${t}: ${found}, not ${expected}`).toBeLessThanOrEqual(
      tolerance * largest,
    );
  }
  expect(weights.length).toBe(run.param_sums.length);
  const isWhole = (target.steps ?? run.losses.length) >= run.losses.length;
  for (const [k, { name }] of (isWhole ? weights : []).entries()) {
    const values = Array.from((await session.read(name)).data);
    const size = run.param_abs_sums[k] ?? Number.NaN;
    const tolerance = (target.floats === 'f64' ? 1e-7 : 2e-3) * size;
    const sum = values.reduce((a, b) => a + b, 0);
    const absolute = values.reduce((a, b) => a + Math.abs(b), 0);
    expect(Math.abs(sum - (run.param_sums[k] ?? Number.NaN)), `sum of ${name}`).toBeLessThanOrEqual(
      tolerance,
    );
    expect(Math.abs(absolute - size), `sum of absolute values of ${name}`).toBeLessThanOrEqual(tolerance);
  }
  await session.dispose();
}

/** A multilayer perceptron with ReLU and the mean cross-entropy of its softmax. */
function perceptron({ name, batch, dims }: Trajectory): Module {
  const make = optimizers[name];
  if (make === undefined || dims === undefined) throw new Error(`unknown trajectory ${name}`);
  const [inputs = 0, ...units] = dims;
  return defineModule(name, (m) => {
    const x = m.input('x', { shape: [batch, inputs] });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const logits = units.reduce(
      (h, width, k) =>
        nn.dense(h, width, { name: `layer${k}`, activation: k + 1 < units.length ? 'relu' : undefined }),
      x,
    );
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: make().minimize(loss) });
  });
}

/** Weight i uniform in ±sqrt(6 / in) of seed + 2i; biases zero. */
function firstWeights(module: Module, seed: number): Record<string, Given> {
  const weights = module.states.filter(({ trainable }) => trainable);
  return Object.fromEntries(
    weights.map(({ name, node }, k) => {
      const shape = node.shape.filter((dim) => typeof dim === 'number');
      const count = shape.reduce((a, b) => a * b, 1);
      const bound = Math.sqrt(6 / (shape[0] ?? 1));
      const isBias = shape.length === 1;
      const data = isBias ? new Float64Array(count) : uniform(seed + k, -bound, bound, count);
      return [name, { shape, data }];
    }),
  );
}

/** Four batches, over and over. */
function batchOf({ batch, dims }: Trajectory, t: number): Record<string, Given> {
  const width = dims?.[0] ?? 0;
  return {
    x: { shape: [batch, width], data: uniform(9000 + (t % 4), 0, 1, batch * width) },
    y: { shape: [batch], data: integers(9500 + (t % 4), 10, batch) },
  };
}
