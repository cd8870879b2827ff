import { describe, expect, test } from 'vitest';
import { defineModule, evaluation } from '../../../src/graph/index.ts';
import * as nn from '../../../src/nn/index.ts';
import { readOnnx } from '../../../src/onnx/index.ts';
import * as optim from '../../../src/optim/index.ts';
import { referenceSession } from '../../../src/reference/index.ts';
import { convolutional, fileOf, floats, input, node } from './files.ts';

describe('readOnnx', () => {
  const network = readOnnx(fileOf(convolutional));

  test('says what a network takes and gives', () => {
    expect(network.inputs).toEqual([{ name: 'image', dtype: 'f32', shape: ['batch', 1, 4, 4] }]);
    expect(network.weights).toContain('fc.weight');
  });

  test('gives a network that is fine-tuned: gradients reach its weights, and running statistics stay', () => {
    const module = defineModule('tuned', (m) => {
      const x = m.input('x', { shape: [4, 1, 4, 4] });
      const labels = m.input('labels', { shape: [4], dtype: 'i32' });
      const { probabilities } = network.apply(m, { image: x });
      if (probabilities === undefined) throw new Error('no output');
      const loss = nn.nll(probabilities.log(), labels);
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.5 }).minimize(loss) });
    });
    const session = referenceSession(module);
    const inputs = {
      x: { shape: [4, 1, 4, 4], data: Array.from({ length: 64 }, (_, k) => Math.sin(k * 7)) },
      labels: { shape: [4], data: [0, 1, 2, 0] },
    };
    const before = session.read('norm.running_mean').data;
    const losses = Array.from({ length: 20 }, () => session.step('train', { inputs }).loss?.data[0] ?? NaN);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    expect(session.read('norm.running_mean').data).toEqual(before);
  });

  test('declares its weights once in a module, and again under another prefix', () => {
    const module = defineModule('twice', (m) => {
      const x = m.input('x', { shape: [1, 1, 4, 4] });
      const [a, b] = [network.apply(m, { image: x }), network.apply(m, { image: x.mul(2) })];
      const c = network.apply(m, { image: x }, { prefix: 'other.' });
      m.entry('predict', { a: a.probabilities, b: b.probabilities, c: c.probabilities });
    });
    expect(module.states).toHaveLength(16);
    expect(module.states[8]?.name).toBe('other.conv.weight');
  });

  test('names a weight that an exporter made by the layer that reads it', () => {
    const { weights } = readOnnx(
      fileOf({
        inputs: [input('x', [2, 2])],
        outputs: ['y'],
        initializers: [floats('onnx::MatMul_12', [2, 2], [1, 2, 3, 4])],
        nodes: [node('MatMul', ['x', 'onnx::MatMul_12'], ['y'], {}, '/encoder/query/MatMul')],
      }),
    );
    expect(weights).toEqual(['encoder.query.weight']);
  });

  test('drops out at random where it is trained, and not in evaluation', () => {
    const dropping = readOnnx(
      fileOf({
        inputs: [input('x', [1000])],
        outputs: ['y'],
        initializers: [floats('rate', [], [0.5])],
        nodes: [node('Dropout', ['x', 'rate'], ['y'])],
      }),
    );
    const module = defineModule('dropping', (m) => {
      const x = m.input('x', { shape: [1000] });
      const { y } = dropping.apply(m, { x }, { training: true });
      if (y === undefined) throw new Error('no output');
      m.entry('train', { mean: y.mean(), zeros: y.eq(0).cast('f32').mean() });
      m.entry('predict', { mean: evaluation(y).mean() });
    });
    const session = referenceSession(module);
    const inputs = { x: { shape: [1000], data: new Float32Array(1000).fill(1) } };
    const { zeros } = session.step('train', { inputs });
    expect(zeros?.data[0]).toBeGreaterThan(0.4);
    expect(zeros?.data[0]).toBeLessThan(0.6);
    expect(session.step('predict', { inputs }).mean?.data[0]).toBe(1);
  });
});
