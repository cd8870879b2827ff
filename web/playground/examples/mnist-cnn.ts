import { defineModule, metrics, nn, optim } from 'sinter';

/** Reads handwritten digits by convolutions: small filters that slide over the picture. */
export const model = defineModule('mnist-cnn', (m) => {
  const batch = m.size('batch', { max: 64 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });

  // One channel of 28 × 28; each convolution makes channels, each pooling halves the sides.
  const image = x.cast('f32').div(255).reshape([batch, 1, 28, 28]);
  const edges = nn.conv2d(image, 8, 3, { padding: 'same', activation: 'relu', name: 'edges' });
  const parts = nn.conv2d(nn.maxPool2d(edges, 2), 16, 3, {
    padding: 'same',
    activation: 'relu',
    name: 'parts',
  });
  const logits = nn.dense(nn.maxPool2d(parts, 2).reshape([batch, 16 * 7 * 7]), 10, { name: 'output' });

  const loss = nn.crossEntropy(logits, y);
  // Try optim.sgd({ lr: 0.05, momentum: 0.9 }), or nn.dropout before the last layer.
  m.entry('train', { loss, updates: optim.adam({ lr: 2e-3 }).minimize(loss) });

  m.entry('evaluate', { accuracy: metrics.accuracy(logits, y) });
  m.entry('predict', { shares: logits.softmax(1) });
  m.entry('look', { edges, parts }); // what each filter finds in the digit that is shown
});
