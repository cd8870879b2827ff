import { defineModule, type Module, nn, optim } from '../../src/index.ts';

/** A small perceptron over rows of six features. */
export const model: Module = defineModule('browser', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, 6] });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const hidden = nn.dense(x, 12, { activation: 'tanh', name: 'hidden' });
  const loss = nn.crossEntropy(nn.dense(hidden, 3, { name: 'output' }), y);
  m.entry('train', { loss, updates: optim.adam({ lr: 1e-2 }).minimize(loss) });
});

/** Sixty rows, not a multiple of the batch. */
export const data = {
  x: Float32Array.from({ length: 360 }, (_, k) => Math.sin(k * k)),
  y: Int32Array.from({ length: 60 }, (_, k) => (k * 7) % 3),
};
