import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compiled.ts';
import { defineModule, evaluation, type GraphIssue, type Module } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal } from '../graph/refusal.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const FILE = 'ema.test.ts';
const DECAY = 0.75;

/** A state that decreases by 1 at each step, and what it is on average. */
const falling = defineModule('falling', (m) => {
  const w = m.state('w', { shape: [2], init: nn.init.uniform(3, 5) });
  const average = optim.ema({ decay: DECAY });
  m.entry('train', { updates: average.follow(optim.sgd({ lr: 1, momentum: 1e-9 }).minimize(w.sum())) });
  m.entry('predict', { doubled: average.of(w.mul(2)), own: w.mul(2) });
});

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

describe('a moving average', () => {
  it.each(targets)(
    'begins as the weights do, copies the first update, and follows the others on $name',
    async (target) => {
      const session = await target.start(falling);
      const first = Array.from((await session.read('w')).data);
      const [low = 0] = first;
      expect(low).toBeGreaterThanOrEqual(3);
      expect(Array.from((await session.read('w.ema')).data)).toEqual(first);
      let wanted = low - 1;
      for (let t = 1; t <= 4; t++) {
        await session.step('train');
        if (t > 1) wanted = DECAY * wanted + (1 - DECAY) * (low - t);
        const { doubled, own } = await session.step('predict');
        expect(doubled?.data[0]).toBeCloseTo(2 * wanted, 4);
        expect(own?.data[0]).toBeCloseTo(2 * (low - t), 4);
      }
      await session.dispose();
    },
  );

  const digits = (averaged: boolean): Module =>
    defineModule('digits', (m) => {
      const x = m.input('x', { shape: [64, 32] });
      const y = m.input('y', { shape: [64], dtype: 'i32' });
      const hidden = nn.dense(x, 64, { activation: 'relu', name: 'hidden' });
      const normal = nn.batchNorm(hidden.reshape([64, 64, 1, 1]), { name: 'normal' });
      const logits = nn.dense(normal.output.reshape([64, 64]), 10, { name: 'output' });
      const loss = nn.crossEntropy(logits, y);
      const average = optim.ema();
      const plain = optim.sgd({ lr: 0.1 }).minimize(loss);
      const updates = averaged ? average.follow(plain) : plain;
      m.entry('train', { loss, updates: [...updates, ...normal.updates] });
      if (averaged) m.entry('predict', { label: average.of(evaluation(logits)).argmax(1) });
    });

  it('is of weights alone, in the place of which a value is computed, and takes no dispatch of its own', async () => {
    const module = digits(true);
    const predict = module.entries.find(({ name }) => name === 'predict');
    const read = new Set<string>();
    const visit = (node: (typeof module.graph.nodes)[number]): void => {
      if (node.op === 'state') read.add(String(node.attrs.name));
      node.inputs.forEach(visit);
    };
    for (const { node } of predict?.outputs ?? []) visit(node);
    const layers = ['hidden', 'normal', 'output'].flatMap((layer) => [
      `${layer}.weight.ema`,
      `${layer}.bias.ema`,
    ]);
    expect([...read].sort()).toEqual([...layers, 'normal.runningMean', 'normal.runningVar'].sort());
    const [with_, without] = await Promise.all(
      [module, digits(false)].map((one) => compile(one, { target: 'webgpu' })),
    );
    const count = without?.report.entries.train?.dispatches.length;
    expect(with_?.report.entries.train?.dispatches.length).toBe(count);
  });

  const none = (build: (average: optim.Ema) => unknown) => (): unknown =>
    defineModule('none', (m) => {
      const [w, s] = [m.state('w', { shape: [] }), m.state('s', { shape: [], trainable: false })];
      const average = optim.ema();
      if (build(average) === 'follow') average.follow([{ state: s, next: w }]);
      average.of(w.square());
    });
  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [() => optim.ema({ decay: 2 }), 'option', 'ema: decay is 2: it must be from 0 to 1'],
    [none(() => 'follow'), 'update', 'ema: follows updates of trainable states, of which there is none here'],
    [
      none(() => 'of'),
      'update',
      'ema: %2 (mul f32[]) depends on no state that has an average yet: follow() comes first',
    ],
  ])('is refused where there is none: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});
