import { defineModule, type Module, nn, optim, type Tensor } from '../src/index.ts';

/** Sizes of a multilayer perceptron over MNIST digits: pixels, hidden layers, classes. */
interface MlpOptions {
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly optimizer: optim.Optimizer;
}

const PIXELS = 784;
const CLASSES = 10;

/** W1: 784-128-10, ReLU, mean softmax cross-entropy, SGD 0.1, batch 128; u8 pixels out of a resident dataset. */
export const w1: Module = mlp('w1', { hidden: [128], batch: 128, optimizer: optim.sgd({ lr: 0.1 }) });

/** W2: 784-512-512-10, ReLU, Adam 1e-3, batch 128. */
export const w2: Module = mlp('w2', { hidden: [512, 512], batch: 128, optimizer: optim.adam({ lr: 1e-3 }) });

/** W2-1024: W2 with batches of 1024. */
export const w2Large: Module = mlp('w2-1024', {
  hidden: [512, 512],
  batch: 1024,
  optimizer: optim.adam({ lr: 1e-3 }),
});

/** W3: two convolutions of 3 × 3 with pooling of 2, to 32 and 64 channels, dense 128 and 10; Adam 1e-3, batch 64. */
export const w3: Module = digitsModule('w3', 64, optim.adam({ lr: 1e-3 }), (pixels) => {
  const same = { padding: 'same', activation: 'relu' } as const;
  const images = pixels.reshape([...pixels.shape.slice(0, 1), 1, 28, 28]);
  const first = nn.maxPool2d(nn.conv2d(images, 32, 3, { ...same, name: 'conv1' }), 2);
  const second = nn.maxPool2d(nn.conv2d(first, 64, 3, { ...same, name: 'conv2' }), 2);
  return nn.dense(second.reshape([...second.shape.slice(0, 1), -1]), 128, {
    activation: 'relu',
    name: 'hidden',
  });
});

/** A perceptron. */
function mlp(name: string, { hidden, batch, optimizer }: MlpOptions): Module {
  return digitsModule(name, batch, optimizer, (pixels) =>
    hidden.reduce(
      (h, units, k) =>
        nn.dense(h, units, { activation: 'relu', name: `hidden${hidden.length > 1 ? k + 1 : ''}` }),
      pixels,
    ),
  );
}

/**
 * A model of digits with entries `train` (one step, gives the loss) and `predict` (the likeliest digit).
 *
 * @param body from pixels `[batch, 784]`, 0 to 1, to what the last dense layer takes
 */
function digitsModule(
  name: string,
  batch: number,
  optimizer: optim.Optimizer,
  body: (pixels: Tensor) => Tensor,
): Module {
  return defineModule(name, (m) => {
    const rows = m.size('batch', { max: batch });
    const x = m.input('x', { shape: [rows, PIXELS], dtype: 'u8' });
    const y = m.input('y', { shape: [rows], dtype: 'i32' });
    const logits = nn.dense(body(x.cast('f32').div(255)), CLASSES, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optimizer.minimize(loss) });
    m.entry('predict', { label: logits.argmax(1) });
  });
}

export { w5, w5Dropout } from './workloads/gpt.ts';
export { w7 } from './workloads/lstm.ts';
export { w9 } from './workloads/mobilenet.ts';
export { residual } from './workloads/residual.ts';
export { w6 } from './workloads/resnet.ts';
export { w8 } from './workloads/word2vec.ts';
