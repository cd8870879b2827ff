import { defineModule, metrics, nn, optim } from 'sinter';

/** Tells two spirals apart: which of two arms a point of the plane belongs to. */
export const model = defineModule('spirals', (m) => {
  const batch = m.size('batch', { max: 128 });
  const x = m.input('x', { shape: [batch, 2] }); // a point of the plane
  const y = m.input('y', { shape: [batch], dtype: 'i32' }); // its arm, 0 or 1

  // Try one hidden layer, 4 units, or 'relu': how do the borders look then?
  let h = nn.dense(x, 32, { activation: 'tanh', name: 'hidden1' });
  h = nn.dense(h, 32, { activation: 'tanh', name: 'hidden2' });
  const logits = nn.dense(h, 2, { name: 'output' });

  const loss = nn.crossEntropy(logits, y);
  const accuracy = metrics.accuracy(logits, y);
  m.entry('train', { loss, accuracy, updates: optim.adam({ lr: 0.01 }).minimize(loss) });

  m.entry('predict', { shares: logits.softmax(1) }); // the colours of the plane
});
