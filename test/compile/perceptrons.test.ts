import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { Decisions, partition } from '../../src/fuse/index.ts';
import { timeOfGroups } from '../../src/fuse/price.ts';
import { defineModule, type Module, type Tensor, type Update } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { type Activation, crossEntropy, dense, mse } from '../../src/nn/index.ts';
import { adam, adamw, sgd } from '../../src/optim/index.ts';
import { singletons } from '../../src/schedule/group.ts';

const optimizers = {
  sgd: (loss: Tensor, clip?: number) => sgd({ lr: 0.1 }).minimize(loss, clipped(clip)),
  momentum: (loss: Tensor, clip?: number) => sgd({ lr: 0.1, momentum: 0.9 }).minimize(loss, clipped(clip)),
  adam: (loss: Tensor, clip?: number) => adam({ lr: 1e-3 }).minimize(loss, clipped(clip)),
  adamw: (loss: Tensor, clip?: number) => adamw({ lr: 1e-3 }).minimize(loss, clipped(clip)),
} satisfies Record<string, (loss: Tensor, clip?: number) => readonly Update[]>;

const clipped = (max?: number): { clipGlobalNorm?: number } =>
  max === undefined ? {} : { clipGlobalNorm: max };

interface Perceptron {
  readonly widths: readonly number[];
  readonly rows: number;
  readonly activation: Activation;
  readonly optimizer: keyof typeof optimizers;
  readonly loss: 'crossEntropy' | 'mse';
  readonly clip: boolean;
}

function perceptron({ widths, rows, activation, optimizer, loss: kind, clip }: Perceptron): Module {
  return defineModule('perceptron', (m) => {
    const batch = m.size('batch', { max: rows });
    const [inputs = 1, ...layers] = widths;
    const classes = layers.pop() ?? 1;
    let h = m.input('x', { shape: [batch, inputs], dtype: 'f32' });
    for (const [k, width] of layers.entries()) h = dense(h, width, { activation, name: `layer${k}` });
    const output = dense(h, classes, { name: 'output' });
    const loss =
      kind === 'mse'
        ? mse(output, m.input('y', { shape: [batch, classes], dtype: 'f32' }))
        : crossEntropy(output, m.input('y', { shape: [batch], dtype: 'i32' }));
    m.entry('train', { loss, updates: optimizers[optimizer](loss, clip ? 1 : undefined) });
  });
}

/** 2L - 1 for L dense layers (2 for one), one more for clipping by the global norm. */
function bound({ widths, clip }: Perceptron): number {
  return Math.max(2, 2 * (widths.length - 1) - 1) + (clip ? 1 : 0);
}

const perceptrons = fc.record<Perceptron>({
  widths: fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 900 })), {
    minLength: 2,
    maxLength: 6,
  }),
  rows: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(64, 128, 256)),
  activation: fc.constantFrom<Activation[]>('relu', 'gelu', 'tanh', 'sigmoid', 'silu'),
  optimizer: fc.constantFrom(...(Object.keys(optimizers) as (keyof typeof optimizers)[])),
  loss: fc.constantFrom<Perceptron['loss'][]>('crossEntropy', 'mse'),
  clip: fc.boolean(),
});

describe.each(['webgpu', 'webgpu-software'] as const)('a training step of a perceptron for %s', (name) => {
  const machine = machines[name];

  it('takes no longer than its loops apart, by the model of time, and little more memory than it must', () => {
    fc.assert(
      fc.property(perceptrons, (p) => {
        const { program, entries } = compileModule(perceptron(p), machine);
        const loops = entries.get('train')?.loops ?? [];
        const apart = timeOfGroups(singletons(loops), machine);
        const joined = timeOfGroups(partition(loops, machine, new Decisions()), machine);
        expect(joined).toBeLessThanOrEqual(apart * (1 + 1e-9));
        expect(program.buffers.peakBytes / program.buffers.lowerBoundBytes).toBeLessThanOrEqual(1.2);
      }),
      { numRuns: 15, seed: 20 },
    );
  });
});

it('takes at most 2L - 1 dispatches where all is small, whatever activations and optimizer, and clipping adds one', () => {
  fc.assert(
    fc.property(perceptrons, ({ widths, ...rest }) => {
      const p = { ...rest, widths: widths.map((width) => 1 + (width % 40)) };
      const { program } = compileModule(perceptron(p), machines.webgpu);
      expect(program.entries.train?.steps.length).toBeLessThanOrEqual(bound(p));
    }),
    { numRuns: 15, seed: 20 },
  );
});
