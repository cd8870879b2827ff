import { describe, expect, it } from 'vitest';
import { defineModule, type GraphIssue, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { uniform } from '../fixtures/generator.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const FILE = 'accumulate.test.ts';
const [ROUND, ROWS, ROUNDS] = [3, 2, 3];

const optimizer = (): optim.Optimizer =>
  optim.adamw({ lr: optim.schedule.step({ lr: 0.1, every: 2, gamma: 0.5 }), weightDecay: 0.1 });

/** A line that is fitted to batches of some rows. */
function moduleOf(own: optim.Optimizer, rows: number): Module {
  return defineModule('line', (m) => {
    const [x, y] = [m.input('x', { shape: [rows, 3] }), m.input('y', { shape: [rows, 1] })];
    const w = m.state('w', { shape: [3, 1], init: nn.init.constant(0.5) });
    const loss = nn.mse(x.matmul(w), y);
    m.entry('train', { updates: own.minimize(loss, { clipGlobalNorm: 0.5 }) });
  });
}

const batch = (
  seed: number,
  count: number,
  rows: number,
): Record<'x' | 'y', { shape: number[]; data: Float64Array }> => ({
  x: { shape: [rows, 3], data: uniform(seed, -1, 1, count * 3) },
  y: { shape: [rows, 1], data: uniform(seed + 1, -3, 3, count) },
});

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

describe('gradients of several steps', () => {
  it.each(targets)('make one update, as one large batch does, on $name', async (target) => {
    const large = await reference.start(moduleOf(optimizer(), ROUND * ROWS));
    const small = await target.start(moduleOf(optim.accumulate(optimizer(), { steps: ROUND }), ROWS));
    for (let round = 0; round < ROUNDS; round++) {
      const { x, y } = batch(10 * round, ROUND * ROWS, ROUND * ROWS);
      await large.step('train', { inputs: { x, y } });
      const before = Array.from((await small.read('w')).data);
      for (let k = 0; k < ROUND; k++) {
        expect(Array.from((await small.read('w')).data)).toEqual(before);
        const part = (data: Float64Array, width: number): Float64Array =>
          data.slice(k * ROWS * width, (k + 1) * ROWS * width);
        const inputs = {
          x: { shape: [ROWS, 3], data: part(x.data, 3) },
          y: { shape: [ROWS, 1], data: part(y.data, 1) },
        };
        await small.step('train', { inputs });
      }
      const wanted = (await large.read('w')).data;
      const found = (await small.read('w')).data;
      for (let k = 0; k < 3; k++) expect(found[k]).toBeCloseTo(wanted[k] ?? 0, 4);
      for (const state of ['w.step', 'lr.step'])
        expect(Array.from((await small.read(state)).data)).toEqual([round + 1]);
      expect(Array.from((await small.read('w.accumulated')).data)).toEqual([0, 0, 0]);
    }
    await large.dispose();
    await small.dispose();
  });

  const of = (build: (w: Tensor) => unknown): Module =>
    defineModule('one', (m) => {
      const w = m.state('w', { shape: [] });
      build(w);
      m.entry('run', { w });
    });
  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [
      () => optim.accumulate(optimizer(), { steps: 0 }),
      'option',
      'accumulate: steps is 0: it must be a whole number from 1 on',
    ],
    [
      () => optim.accumulate(optimizer(), untyped({ every: 2 })),
      'option',
      'accumulate: there is no option "every": the options are steps, name',
    ],
    [
      () => optim.accumulate(untyped('adam'), { steps: 2 }),
      'operands',
      'accumulate: takes an optimizer, not "adam"',
    ],
    [
      () => of((w) => optim.accumulate(optimizer(), { steps: 2 }).update([w], [])),
      'option',
      'accumulate: 0 gradients for 1 states',
    ],
  ])('are refused where they make no sense: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});
