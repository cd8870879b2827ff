import { afterAll, describe, expect, test } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';
import { type Trajectory, trajectories } from '../fixtures/load.ts';
import type { Target } from './targets.ts';

/** Trajectories whose models this library cannot express yet. */
const notBuiltYet: readonly string[] = ['W5'];

/** Milliseconds that a run may take: a software driver needs ten seconds for a step of the larger models. */
const PATIENCE = 300_000;

/** The models: `x` as their first layer takes it, and the optimizer that trains them. */
const models: Readonly<Record<string, Model>> = {
  W1: { image: [784], logits: perceptron, optimizer: () => optim.sgd({ lr: 0.1 }), cost: 1 },
  W2: { image: [784], logits: perceptron, optimizer: () => optim.adam({ lr: 1e-3 }), cost: 1 },
  W3: {
    image: [1, 28, 28],
    logits: convolutional,
    optimizer: () => optim.adam({ lr: 1e-3 }),
    cost: 40,
  },
};

interface Model {
  readonly image: readonly number[];
  readonly logits: (x: Tensor, run: Trajectory) => Tensor;
  readonly optimizer: () => optim.Optimizer;
  /** How many steps of a small perceptron take as long as one of its own, roughly. */
  readonly cost: number;
}

/** Whole training runs on a target, step by step: the losses and the final parameters are PyTorch's. */
export function trajectorySuite(target: Target): void {
  describe(`training on ${target.name} follows PyTorch's trajectory`, () => {
    for (const run of trajectories()) {
      if (!notBuiltYet.includes(run.name)) test(`of ${run.name}`, () => follow(target, run), PATIENCE);
    }
    afterAll(() => {
      console.log(`${target.name}: trajectories not built yet: ${notBuiltYet.join(', ')}`);
    });
  });
}

async function follow(target: Target, run: Trajectory): Promise<void> {
  const model = modelOf(run);
  const module = moduleOf(model, run);
  const weights = module.states.filter(({ trainable }) => trainable);
  const session = await target.start(module, firstWeights(module, run.seed));
  const largest = Math.max(...run.losses);
  // The second loss is the first that gradients have changed.
  const steps = Math.min(run.losses.length, Math.max(2, (target.steps ?? Infinity) / model.cost));
  for (const [t, expected] of run.losses.slice(0, steps).entries()) {
    const { loss } = await session.step('train', { inputs: batchOf(model, run, t) });
    // In float32 rounding errors grow from step to step: tight at first, wide for the last losses.
    const tolerance = target.floats === 'f64' ? 1e-7 : t < run.losses.length / 2 ? 1e-4 : 2e-3;
    const found = loss?.data[0] ?? Number.NaN;
    expect(Math.abs(found - expected), `loss of step ${t}: ${found}, not ${expected}`).toBeLessThanOrEqual(
      tolerance * largest,
    );
  }
  expect(weights.length).toBe(run.param_sums.length);
  for (const [k, { name }] of (steps === run.losses.length ? weights : []).entries()) {
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

function modelOf({ name }: Trajectory): Model {
  const model = models[name];
  if (model === undefined) throw new Error(`unknown trajectory ${name}: build it, or list it as not built`);
  return model;
}

function moduleOf({ image, logits, optimizer }: Model, run: Trajectory): Module {
  return defineModule(run.name, (m) => {
    const x = m.input('x', { shape: [run.batch, ...image] });
    const y = m.input('y', { shape: [run.batch], dtype: 'i32' });
    const loss = nn.crossEntropy(logits(x, run), y);
    m.entry('train', { loss, updates: optimizer().minimize(loss) });
  });
}

/** A multilayer perceptron with ReLU. */
function perceptron(x: Tensor, { dims = [] }: Trajectory): Tensor {
  const units = dims.slice(1);
  return units.reduce(
    (h, width, k) =>
      nn.dense(h, width, { name: `layer${k}`, activation: k + 1 < units.length ? 'relu' : undefined }),
    x,
  );
}

/** Two convolutions with pooling, and two dense layers. */
function convolutional(x: Tensor, { batch }: Trajectory): Tensor {
  const options = { padding: 'same', activation: 'relu' } as const;
  const first = nn.maxPool2d(nn.conv2d(x, 32, 3, options), 2);
  const second = nn.maxPool2d(nn.conv2d(first, 64, 3, options), 2);
  return nn.dense(nn.dense(second.reshape([batch, -1]), 128, { activation: 'relu' }), 10);
}

/** Weight i uniform in ±sqrt(6 / fan in) of seed + 2i; biases zero. */
function firstWeights(module: Module, seed: number): Record<string, Given> {
  const weights = module.states.filter(({ trainable }) => trainable);
  return Object.fromEntries(
    weights.map(({ name, node }, k) => {
      const shape = node.shape.filter((dim) => typeof dim === 'number');
      const count = shape.reduce((a, b) => a * b, 1);
      // Filters are [out, in, ...window], other weights [in, out].
      const fanIn = shape.length > 2 ? count / (shape[0] ?? 1) : (shape[0] ?? 1);
      const bound = Math.sqrt(6 / fanIn);
      const isBias = shape.length === 1;
      const data = isBias ? new Float64Array(count) : uniform(seed + k, -bound, bound, count);
      return [name, { shape, data }];
    }),
  );
}

/** Four batches, over and over. */
function batchOf({ image }: Model, { batch }: Trajectory, t: number): Record<string, Given> {
  const width = image.reduce((a, b) => a * b, 1);
  return {
    x: { shape: [batch, ...image], data: uniform(9000 + (t % 4), 0, 1, batch * width) },
    y: { shape: [batch], data: integers(9500 + (t % 4), 10, batch) },
  };
}
