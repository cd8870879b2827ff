/**
 * Trains a perceptron on the real MNIST, and says how many of the 10,000 test digits it then reads.
 *
 *     npm run mnist
 *     npm run mnist -- --epochs 10 --seed 7
 */
import { accuracy, run } from './digits.ts';
import { mnist } from './model.ts';

await run({
  about: 'Trains a perceptron on MNIST.',
  module: mnist,
  batch: 128,
  epochs: 6,
  lr: 0.7,
  inputs: ({ images, labels }) => ({ x: images, y: labels }),
  score: accuracy,
});
