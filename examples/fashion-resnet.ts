/**
 * Trains a small residual network with batch normalisation on MNIST; Fashion-MNIST, which has its format, is in no
 * package that could be installed here.
 *
 *     npx tsx examples/fashion-resnet.ts
 */
import { accuracy, run } from './digits.ts';
import { resnet } from './models.ts';

await run({
  about: 'Trains a small residual network on MNIST.',
  module: resnet,
  batch: 64,
  epochs: 2,
  lr: 2e-3,
  inputs: ({ images, labels }) => ({ x: images, y: labels }),
  score: accuracy,
});
