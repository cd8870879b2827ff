import { defineModule, nn, optim } from 'sinter';

/** Handwritten digits: 784 pixels, one hidden layer of 128, ten classes. */
export const mnist = defineModule('mnist-mlp', (m) => {
  const batch = m.size('batch', { max: 128 }); // the live number of rows may be less
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' }); // raw pixels, stay u8 on the device
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const h = nn.dense(x.cast('f32').div(255), 128, { activation: 'relu', name: 'hidden' });
  const logits = nn.dense(h, 10, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  const updates = optim.sgd({ lr: 0.1 }).minimize(loss);
  const train = m.entry('train', { loss, updates }, { inputs: [x, y] });
  const predict = m.entry('predict', { label: logits.argmax(1) }, { inputs: [x] });
  return { train, predict };
});
