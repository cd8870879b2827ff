import {
  defineModule,
  evaluation,
  type Module,
  nn,
  optim,
  type Tensor,
  type Update,
} from '../../src/index.ts';

const CLASSES = 10;
/** How many times as many channels a block has inside. */
const EXPANSION = 4;

/** Filters and stride of the blocks. */
const BLOCKS = [
  { filters: 24, stride: 2 },
  { filters: 24, stride: 1 },
  { filters: 32, stride: 2 },
];

/**
 * W9: blocks of MobileNet-V2 (Sandler et al. 2018) on images of 32 × 32: a stem 3 × 3 of 16, three inverted
 * residuals of expansion 4, batch normalisation, ReLU6, the mean of each channel; SGD 0.05 with momentum 0.9, batch 8.
 * Pixels are u8.
 */
export const w9: Module = defineModule('w9', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 3, 32, 32], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const statistics: Update[] = [];
  const convolved = (
    input: Tensor,
    filters: number,
    kernel: number,
    name: string,
    { stride = 1, groups = 1 } = {},
  ): Tensor => {
    const options = { stride, groups, padding: kernel >> 1, bias: false, name: `${name}.conv` };
    const normal = nn.batchNorm(nn.conv2d(input, filters, kernel, options), { name: `${name}.norm` });
    statistics.push(...normal.updates);
    return normal.output;
  };
  const block = (
    input: Tensor,
    channels: number,
    { filters, stride }: (typeof BLOCKS)[number],
    name: string,
  ): Tensor => {
    const inside = EXPANSION * channels;
    const wide = relu6(convolved(input, inside, 1, `${name}.expand`));
    const apart = relu6(convolved(wide, inside, 3, `${name}.depthwise`, { stride, groups: inside }));
    const narrow = convolved(apart, filters, 1, `${name}.project`);
    return stride === 1 && filters === channels ? narrow.add(input) : narrow;
  };
  let channels = 16;
  let h = relu6(convolved(x.cast('f32').div(255), channels, 3, 'stem'));
  BLOCKS.forEach((sizes, k) => {
    h = block(h, channels, sizes, `block${k + 1}`);
    channels = sizes.filters;
  });
  const logits = nn.dense(nn.globalAvgPool(h), CLASSES, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  const optimizer = optim.sgd({ lr: 0.05, momentum: 0.9 });
  m.entry('train', { loss, updates: [...optimizer.minimize(loss), ...statistics] });
  m.entry('predict', { label: evaluation(logits).argmax(1) });
});

/** ReLU that ends at 6 (Krizhevsky 2010). */
function relu6(x: Tensor): Tensor {
  return x.clamp(0, 6);
}
