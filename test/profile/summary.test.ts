import { describe, expect, it } from 'vitest';
import { defineModule, evaluation, type Module } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { summaryOf } from '../../src/profile/summary.ts';
import { summary } from '../../src/profile/summaryText.ts';

/** A net of layers of layers, of which one is frozen, with two optimizers' worth of states beside it. */
const nested = defineModule('nested', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 1, 6, 6], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const block = nn.residual(nn.sequential([nn.conv2d(4, 3, { padding: 'same' }), nn.batchNorm(), nn.relu]));
  const first = nn.conv2d(4, 3, { padding: 'same', trainable: false });
  const net = nn.sequential([first, block, nn.globalAvgPool, nn.dropout(0.1), nn.dense(10)], { name: 'net' });
  const logits = net(x.cast('f32'));
  const loss = nn.crossEntropy(logits, y);
  const lr = optim.schedule.cosine({ lr: 1e-3, steps: 10 });
  m.entry('train', { loss, updates: [...optim.adam({ lr }).minimize(loss), ...net.updates()] });
  m.entry('predict', { label: evaluation(logits).argmax(1) });
});

/** A shared layer, and states without any layer. */
const plain = defineModule('plain', (m) => {
  const [a, b] = ['a', 'b'].map((name) => m.input(name, { shape: [4, 6] }));
  const shared = nn.dense(3, { name: 'shared' });
  const w = m.state('w', { shape: [3, 2] });
  const calls = m.state('calls', { shape: [], dtype: 'i32' });
  const index = m.state('memory.index', { shape: [], dtype: 'i32' });
  const memory = m.state('memory.rows', { shape: [5, 2], trainable: false });
  if (a === undefined || b === undefined) throw new Error('there are two inputs');
  const scores = shared(a).add(shared(b)).matmul(w).named('scores');
  const updates = [calls, index].map((state) => ({ state, next: state.add(1) }));
  m.entry('run', { scores, best: memory.sum(), updates });
});

function widest(module: Module): number {
  return Math.max(
    ...summary(module)
      .split('\n')
      .map((line) => line.length),
  );
}

describe('the summary of a module', () => {
  it('has layers as a tree, what they give, parameters, what is kept beside them, and entries', () => {
    expect(summary(nested)).toMatchInlineSnapshot(`
      "nested

        layer     output            parameters  not trainable
        net                                254             48
          0       [batch, 4, 6, 6]          40             40
          1.body                           164              8
            0     [batch, 4, 6, 6]         148
            1     [batch, 4, 6, 6]          16              8
          4       [batch, 10]               50
        ─────────────────────────────────────────────────────
        in all                             254             48

        states                  values    bytes
        parameters                 254  1.02 kB
        kept beside them: m        206    824 B
        kept beside them: v        206    824 B
        kept beside them: step       6     24 B
        random.key                   2      8 B
        lr.step                      1      4 B
        in all                     675  2.70 kB

        sizes    batch, at most 8
        inputs   x u8[batch, 1, 6, 6]
                 y i32[batch]
        entries  train: loss f32[], updates 27 states
                 predict: label i32[batch]
      "
    `);
  });

  it('counts the weights of a layer beside a state of its name, and what is kept of each', () => {
    const named = defineModule('named', (m) => {
      const scale = m.state('net', { shape: [3] });
      const y = nn.dense(m.input('x', { shape: [4, 3] }).mul(scale), 5, { name: 'net' });
      const loss = y.square().mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.1, momentum: 0.9 }).minimize(loss) });
    });
    const { parameters, kept } = summaryOf(named);
    expect(parameters).toMatchObject({ values: 23, trainable: 23 });
    expect(kept.map(({ name, values }) => [name, values])).toContainEqual(['momentum', 23]);
  });

  it('counts shared weights once, and lists states that are of no layer', () => {
    const { layers, parameters, kept, others, states, entries, inputs } = summaryOf(plain);
    expect(layers.map(({ name, values }) => [name, values])).toEqual([
      ['w', 6],
      ['memory', 11],
      ['shared', 21],
      ['scores', 0],
    ]);
    expect(layers.find(({ name }) => name === 'shared')?.outputs).toEqual([{ dtype: 'f32', shape: [4, 3] }]);
    expect(layers.find(({ name }) => name === 'scores')?.outputs).toEqual([{ dtype: 'f32', shape: [4, 2] }]);
    expect(layers[1]?.states.map(({ name, dtype, trainable }) => [name, dtype, trainable])).toEqual([
      ['memory.index', 'i32', false],
      ['memory.rows', 'f32', false],
    ]);
    expect(parameters).toEqual({ values: 38, bytes: 152, trainable: 27, notTrainable: 11 });
    expect(kept).toEqual([]);
    expect(others.map(({ name }) => name)).toEqual(['calls']);
    expect(states).toEqual({ values: 39, bytes: 156 });
    expect(entries).toEqual([
      {
        name: 'run',
        outputs: [
          { name: 'scores', dtype: 'f32', shape: [4, 2] },
          { name: 'best', dtype: 'f32', shape: [] },
        ],
        updates: 2,
      },
    ]);
    expect(inputs.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('adds up: layers to parameters, and these with all else to the states', () => {
    for (const module of [nested, plain]) {
      const { layers, parameters, kept, others, states } = summaryOf(module);
      const values = (all: readonly { readonly values: number }[]): number =>
        all.reduce((n, one) => n + one.values, 0);
      expect(values(layers)).toBe(parameters.values);
      expect(parameters.trainable + parameters.notTrainable).toBe(parameters.values);
      expect(parameters.values + values(kept) + values(others)).toBe(states.values);
    }
  });

  it('fits lines of 80 characters, whatever names and shapes are', () => {
    const long = 'a-layer-with-quite-a-long-name';
    const wide = defineModule('wide'.repeat(30), (m) => {
      const x = m.input(long, { shape: [m.size('examples', { max: 1000 }), 1, 1, 1, 1, 3] });
      const y = nn.dense(x, 5000, { name: `${long}.${long}`, trainable: false });
      m.entry('run', { [`${long}${long}`]: nn.dense(y, 4000, { name: `${long}.other` }) });
    });
    expect(widest(wide)).toBe(80);
    expect(summary(wide)).toContain('…');
    expect(widest(nested)).toBeLessThanOrEqual(80);
  });

  it('of a module without states has inputs and entries alone', () => {
    const pure = defineModule('pure', (m) => {
      m.entry('run', { y: m.input('x', { shape: [2] }).exp() });
    });
    expect(summary(pure)).toMatchInlineSnapshot(`
      "pure

        states      values  bytes
        parameters       0    0 B
        in all           0    0 B

        inputs   x f32[2]
        entries  run: y f32[2]
      "
    `);
  });
});
