/**
 * Trains a network with long short-term memory (Hochreiter and Schmidhuber 1997) to read real MNIST digits row by row, from top to
 * bottom: 28 steps of 28 pixels, of which it remembers what it needs.
 *
 *     npx tsx examples/lstm.ts
 *
 * On WebAssembly (two shared cores, other work beside) it takes 108 s, and reads 98.14 % of the test digits.
 */
import { defineModule, nn, optim } from 'sinter';
import { runExample } from './commandLine.ts';
import { accuracy, run } from './digits.ts';

export const lstm = defineModule('lstm', (m) => {
  const batch = m.size('batch', { max: 128 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const rows = x.cast('f32').div(255).reshape([batch, 28, 28]);
  const { state } = nn.lstm(rows, 96, { name: 'memory' });
  const logits = nn.dense(state.hidden, 10, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: optim.adam({ lr: 4e-3 }).minimize(loss, { clipGlobalNorm: 1 }) });
  m.entry('predict', { label: logits.argmax(1) });
});

await runExample(import.meta.url, () =>
  run({
    about: 'Trains a network with long short-term memory to read digits row by row.',
    module: lstm,
    batch: 128,
    epochs: 3,
    lr: 4e-3,
    inputs: ({ images, labels }) => ({ x: images, y: labels }),
    score: accuracy,
  }),
);
