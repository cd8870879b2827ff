import { defineModule, type Module, nn, optim } from '../src/index.ts';

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

/** A perceptron with entries `train` (one step, gives the loss) and `predict` (the likeliest digit). */
function mlp(name: string, { hidden, batch, optimizer }: MlpOptions): Module {
  return defineModule(name, (m) => {
    const rows = m.size('batch', { max: batch });
    const x = m.input('x', { shape: [rows, PIXELS], dtype: 'u8' });
    const y = m.input('y', { shape: [rows], dtype: 'i32' });
    let h = x.cast('f32').div(255);
    for (const [k, units] of hidden.entries())
      h = nn.dense(h, units, { activation: 'relu', name: `hidden${hidden.length > 1 ? k + 1 : ''}` });
    const logits = nn.dense(h, CLASSES, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optimizer.minimize(loss) });
    m.entry('predict', { label: logits.argmax(1) });
  });
}
