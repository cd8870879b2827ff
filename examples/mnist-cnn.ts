/**
 * Trains a convolutional network on the real MNIST, past 99 % of the 10,000 test digits.
 *
 *     npx tsx examples/mnist-cnn.ts
 */
import { accuracy, run } from './digits.ts';
import { cnn } from './models.ts';

await run({
  about: 'Trains a convolutional network on MNIST.',
  module: cnn,
  batch: 64,
  epochs: 4,
  lr: 1e-3,
  inputs: ({ images, labels }) => ({ x: images, y: labels }),
  score: accuracy,
});
