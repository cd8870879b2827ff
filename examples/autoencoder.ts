/**
 * Trains a convolutional autoencoder on the real MNIST: 784 pixels through 32 numbers and back.
 *
 *     npx tsx examples/autoencoder.ts
 */
import { run } from './digits.ts';
import { autoencoder } from './models.ts';

await run({
  about: 'Trains a convolutional autoencoder on MNIST.',
  module: autoencoder,
  batch: 64,
  epochs: 3,
  lr: 2e-3,
  inputs: ({ images }) => ({ x: images }),
  score: async (session, test) => {
    const { scalars } = await session.evaluate('evaluate', { data: { x: test.images } });
    return `mean squared error of a test pixel: ${scalars.error?.toFixed(5)}`;
  },
});
