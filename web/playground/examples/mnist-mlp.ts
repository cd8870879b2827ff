import { defineModule, metrics, nn, optim } from 'sinter';

/** Reads handwritten digits: 784 pixels, a hidden layer, ten answers. */
export const model = defineModule('mnist-mlp', (m) => {
  const batch = m.size('batch', { max: 128 }); // rows of a step, at most
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' }); // pixels, 0 to 255
  const y = m.input('y', { shape: [batch], dtype: 'i32' }); // which digit it is

  // Try 16 units, or 256; 'tanh' in place of 'relu'; a second hidden layer.
  const hidden = nn.dense(x.cast('f32').div(255), 64, { activation: 'relu', name: 'hidden' });
  const logits = nn.dense(hidden, 10, { name: 'output' });

  const loss = nn.crossEntropy(logits, y);
  // The learning rate is a slider. Try optim.adam({ lr: 0.002 }).
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });

  m.entry('evaluate', { accuracy: metrics.accuracy(logits, y) }); // on digits that it never trains on
  m.entry('predict', { shares: logits.softmax(1) }); // the bars beside your digit
  m.entry('look', { hidden }); // each output is drawn, for the digit that is shown
});
