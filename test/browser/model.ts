import { defineModule, type Module, nn, optim } from '../../src/index.ts';
import { FEATURES } from './data.ts';

/** A small perceptron, wide enough for a contraction to be worth tiles and threads. */
export const model: Module = defineModule('browser', (m) => {
  const batch = m.size('batch', { max: 32 });
  const x = m.input('x', { shape: [batch, FEATURES] });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const hidden = nn.dense(x, 64, { activation: 'tanh', name: 'hidden' });
  const loss = nn.crossEntropy(nn.dense(hidden, 3, { name: 'output' }), y);
  m.entry('train', { loss, updates: optim.adam({ lr: 1e-2 }).minimize(loss) });
});
