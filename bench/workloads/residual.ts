import { defineModule, type Module, nn, optim, type Tensor, type Update } from '../../src/index.ts';

const BATCH = 8;
const CHANNELS = 32;
const SIDE = 16;

/**
 * A residual block (He et al. 2016): two convolutions of 3 × 3 with batch norm, 32 channels on 16 × 16, and what they
 * read added; mean square, SGD 0.05, batch 8. Its statistics, over images and space, cross what convolutions are tiled
 * along: it shows what a partition of the loops is worth.
 */
export const residual: Module = defineModule('residual', (m) => {
  const shape = [BATCH, CHANNELS, SIDE, SIDE];
  const x = m.input('x', { shape });
  const target = m.input('target', { shape });
  const updates: Update[] = [];
  const normalised = (of: Tensor, k: number): Tensor => {
    const images = nn.conv2d(of, CHANNELS, 3, { padding: 'same', bias: false, name: `conv${k}` });
    const norm = nn.batchNorm(images, { name: `norm${k}` });
    updates.push(...norm.updates);
    return norm.output;
  };
  const y = normalised(normalised(x, 1).relu(), 2).add(x).relu();
  const loss = nn.mse(y, target);
  m.entry('train', { loss, updates: [...updates, ...optim.sgd({ lr: 0.05 }).minimize(loss)] });
  m.entry('predict', { y });
});
