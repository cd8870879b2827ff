import { defineModule, evaluation, nn, optim, type Tensor, type Update } from 'sinter';

/** Two convolutions with pooling, two dense layers: 28 × 28 pixels, ten classes, Adam, batches of 64. */
export const cnn = defineModule('mnist-cnn', (m) => {
  const batch = m.size('batch', { max: 64 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  let h = x.cast('f32').div(255).reshape([batch, 1, 28, 28]);
  h = nn.maxPool2d(nn.conv2d(h, 32, 3, { padding: 'same', activation: 'relu', name: 'conv1' }), 2);
  h = nn.maxPool2d(nn.conv2d(h, 64, 3, { padding: 'same', activation: 'relu', name: 'conv2' }), 2);
  h = nn.dense(h.reshape([batch, 64 * 7 * 7]), 128, { activation: 'relu', name: 'hidden' });
  const logits = nn.dense(h, 10, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: optim.adam({ lr: 1e-3 }).minimize(loss) });
  m.entry('predict', { label: logits.argmax(1) });
});

/** 784 pixels through 32 numbers and back, by convolutions with stride and transposed ones. */
export const autoencoder = defineModule('autoencoder', (m) => {
  const batch = m.size('batch', { max: 64 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const pixels = x.cast('f32').div(255).reshape([batch, 1, 28, 28]);
  let h = nn.conv2d(pixels, 16, 3, { stride: 2, padding: 1, activation: 'relu', name: 'down1' });
  h = nn.conv2d(h, 32, 3, { stride: 2, padding: 1, activation: 'relu', name: 'down2' });
  const code = nn.dense(h.reshape([batch, 32 * 7 * 7]), 32, { name: 'code' });
  h = nn.dense(code, 32 * 7 * 7, { activation: 'relu', name: 'spread' }).reshape([batch, 32, 7, 7]);
  h = nn.convTranspose2d(h, 16, 2, { stride: 2, activation: 'relu', name: 'up1' });
  const back = nn.convTranspose2d(h, 1, 2, { stride: 2, activation: 'sigmoid', name: 'up2' });
  const loss = nn.mse(back, pixels);
  m.entry('train', { loss, updates: optim.adam({ lr: 2e-3 }).minimize(loss) });
  m.entry('evaluate', { error: loss });
});

/** Three residual blocks with batch normalisation, then the mean of each channel and a dense layer. */
export const resnet = defineModule('resnet', (m) => {
  const batch = m.size('batch', { max: 64 });
  const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const updates: Update[] = [];
  const convolved = (input: Tensor, filters: number, stride: number, name: string) => {
    const options = { stride, padding: 1, bias: false, name };
    const normal = nn.batchNorm(nn.conv2d(input, filters, 3, options), { name: `${name}.norm` });
    updates.push(...normal.updates);
    return normal.output;
  };
  const block = (input: Tensor<'f32'>, filters: number, stride: number, name: string) => {
    const inner = convolved(input, filters, stride, `${name}a`).relu();
    const straight =
      stride === 1 ? input : nn.conv2d(input, filters, 1, { stride, bias: false, name: `${name}s` });
    return convolved(inner, filters, 1, `${name}b`).add(straight).relu();
  };
  let h = x.cast('f32').div(255).reshape([batch, 1, 28, 28]);
  h = convolved(h, 16, 1, 'stem').relu();
  h = block(h, 16, 1, 'block1');
  h = block(h, 32, 2, 'block2');
  h = block(h, 64, 2, 'block3');
  const logits = nn.dense(nn.globalAvgPool(h).reshape([batch, 64]), 10, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: [...optim.adam({ lr: 2e-3 }).minimize(loss), ...updates] });
  m.entry('predict', { label: evaluation(logits).argmax(1) });
});
