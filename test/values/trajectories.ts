import { describe, expect, test } from 'vitest';
import { gpt } from '../../bench/workloads/gpt.ts';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';
import { type Trajectory, trajectories } from '../fixtures/load.ts';
import type { Target } from './targets.ts';

/** Milliseconds that a run may take: a software driver needs ten seconds for a step of the larger models. */
const PATIENCE = 300_000;

/** The models, with what they are fed and the optimizer that trains them. */
const models: Readonly<Record<string, Model>> = {
  W1: { ...digits([784]), logits: perceptron, optimizer: () => optim.sgd({ lr: 0.1 }), cost: 1 },
  W2: { ...digits([784]), logits: perceptron, optimizer: () => optim.adam({ lr: 1e-3 }), cost: 1 },
  W3: {
    ...digits([1, 28, 28]),
    logits: convolutional,
    optimizer: () => optim.adam({ lr: 1e-3 }),
    cost: 40,
  },
  W5: {
    x: { shape: [64], dtype: 'i32', values: (t, count) => integers(9700 + t, 65, count) },
    y: { shape: [64], dtype: 'i32', values: (t, count) => integers(9800 + t, 65, count) },
    weights: gptWeights,
    logits: (m, x) => gpt(m, x),
    optimizer: () => optim.adamw({ lr: 1e-3, weightDecay: 0.1 }),
    // At most (1 - b1) / sqrt(1 - b2) times the learning rate.
    roundingStep: (name, k) => (name.endsWith('.qkv.bias') && k >= 128 && k < 256 ? 3.17e-3 : undefined),
    cost: 80,
  },
};

interface Model {
  readonly x: Feed;
  /** The labels. */
  readonly y: Feed;
  /** First values of the states that have others than those that the model declares. */
  readonly weights: (module: Module, seed: number) => Record<string, Given>;
  readonly logits: (m: ModuleBuilder, x: Tensor, run: Trajectory) => Tensor;
  readonly optimizer: () => optim.Optimizer;
  /**
   * How far a step can take an element whose gradient is zero except for rounding, as that of the keys' biases, which move all
   * scores of a query alike: float64 leaves it at zero, and Adam makes whole steps of float32's rounding.
   */
  readonly roundingStep?: (state: string, element: number) => number | undefined;
  /** How many steps of a small perceptron take as long as one of its own, roughly. */
  readonly cost: number;
}

/** An input, `[batch, ...shape]`. */
interface Feed {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';
  /** `count` values of batch `t`. */
  readonly values: (t: number, count: number) => Float64Array;
}

/** Whole training runs on a target, step by step: the losses and the final parameters are PyTorch's. */
export function trajectorySuite(target: Target): void {
  describe(`training on ${target.name} follows PyTorch's trajectory`, () => {
    for (const run of trajectories()) {
      if (modelOf(run).cost > (target.largest ?? Infinity)) continue;
      test(`of ${run.name}`, () => follow(target, run), PATIENCE);
    }
  });
}

async function follow(target: Target, run: Trajectory): Promise<void> {
  const model = modelOf(run);
  const module = moduleOf(model, run);
  const weights = module.states.filter(({ trainable }) => trainable);
  const session = await target.start(module, model.weights(module, run.seed));
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
    const values = Array.from((await session.read(name)).data, (value, element) => {
      const step = target.floats === 'f32' ? model.roundingStep?.(name, element) : undefined;
      if (step === undefined) return value;
      expect(Math.abs(value), `${name}[${element}]`).toBeLessThanOrEqual(step * steps);
      return 0;
    });
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
  if (model === undefined) throw new Error(`unknown trajectory ${name}: build it`);
  return model;
}

function moduleOf({ x, y, logits, optimizer }: Model, run: Trajectory): Module {
  return defineModule(run.name, (m) => {
    const input = (name: string, { shape, dtype }: Feed): Tensor =>
      m.input(name, { shape: [run.batch, ...shape], dtype });
    const [given, labels] = [input('x', x), input('y', y)];
    const loss = nn.crossEntropy(logits(m, given, run), labels);
    m.entry('train', { loss, updates: optimizer().minimize(loss) });
  });
}

/** Random pictures with random labels, and weights that fit what they go through. */
function digits(image: readonly number[]): Pick<Model, 'x' | 'y' | 'weights'> {
  return {
    x: { shape: image, dtype: 'f32', values: (t, count) => uniform(9000 + t, 0, 1, count) },
    y: { shape: [], dtype: 'i32', values: (t, count) => integers(9500 + t, 10, count) },
    weights: firstWeights,
  };
}

/** A multilayer perceptron with ReLU. */
function perceptron(_m: ModuleBuilder, x: Tensor, { dims = [] }: Trajectory): Tensor {
  const units = dims.slice(1);
  return units.reduce(
    (h, width, k) =>
      nn.dense(h, width, { name: `layer${k}`, activation: k + 1 < units.length ? 'relu' : undefined }),
    x,
  );
}

/** Two convolutions with pooling, and two dense layers. */
function convolutional(_m: ModuleBuilder, x: Tensor, { batch }: Trajectory): Tensor {
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

/** Matrices uniform in ±sqrt(3 / fan in), each of a seed of its own; tables in ±0.05; biases 0; gains 1 as declared. */
function gptWeights(module: Module, seed: number): Record<string, Given> {
  const seeds: Readonly<Record<string, number>> = { token: 0, position: 1, output: 5 };
  const layers = ['qkv', 'projection', 'up', 'down'];
  return Object.fromEntries(
    module.states.flatMap(({ name, node, trainable }) => {
      const shape = node.shape.filter((dim) => typeof dim === 'number');
      if (name.endsWith('.bias')) return [[name, { shape, data: new Float64Array(shape[0] ?? 0) }]];
      if (!trainable || shape.length < 2) return [];
      const [block, layer = ''] = name.replace(/\.weight$/, '').split('.');
      const own = seeds[block ?? ''] ?? 10 * Number(block?.replace('block', '')) + layers.indexOf(layer);
      const bound = name.endsWith('.weight') ? Math.sqrt(3 / (shape[0] ?? 1)) : 0.05;
      const count = shape.reduce((a, b) => a * b, 1);
      return [[name, { shape, data: uniform(seed + own, -bound, bound, count) }]];
    }),
  );
}

/** Four batches, over and over. */
function batchOf({ x, y }: Model, { batch }: Trajectory, t: number): Record<string, Given> {
  const given = ({ shape, values }: Feed): Given => {
    const full = [batch, ...shape];
    return {
      shape: full,
      data: values(
        t % 4,
        full.reduce((a, b) => a * b, 1),
      ),
    };
  };
  return { x: given(x), y: given(y) };
}
