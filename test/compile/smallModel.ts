import { defineModule, type Module } from '../../src/graph/index.ts';
import { crossEntropy, dense } from '../../src/nn/index.ts';
import { adam } from '../../src/optim/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';

/** Adam on a small perceptron; rows of six features, three classes. */
export const small: Module = defineModule('small', (m) => {
  const batch = m.size('batch', { max: 16 });
  const [x, y] = [m.input('x', { shape: [batch, 6] }), m.input('y', { shape: [batch], dtype: 'i32' })];
  const logits = dense(dense(x, 12, { activation: 'tanh', name: 'hidden' }), 3, { name: 'output' });
  const loss = crossEntropy(logits, y);
  m.entry('train', { loss, updates: adam({ lr: 1e-2 }).minimize(loss) });
  m.entry('evaluate', { loss, label: logits.argmax(1) });
});

/** So many rows of it, always the same. */
export function rows(count: number): { x: Float32Array; y: Int32Array } {
  return { x: Float32Array.from(uniform(7, -1, 1, count * 6)), y: Int32Array.from(integers(8, 3, count)) };
}
