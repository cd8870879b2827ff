import {
  defineModule,
  evaluation,
  type Module,
  nn,
  optim,
  type Tensor,
  type Update,
} from '../../src/index.ts';

/** Filters of the blocks, of which there are two each. */
const FILTERS = [64, 128, 256, 512];
const CLASSES = 10;

/**
 * W6: ResNet-18 (He et al. 2016) for images of 32 × 32: a stem 3 × 3 of 64, basic blocks [2, 2, 2, 2] of 64 to 512,
 * batch normalisation with running statistics, the mean of each channel; SGD 0.05 with momentum 0.9 and decay 5e-4,
 * batch 8. Pixels are u8.
 */
export const w6: Module = defineModule('w6', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 3, 32, 32], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const statistics: Update[] = [];
  const normal = (input: Tensor, name: string): Tensor => {
    const { output, updates } = nn.batchNorm(input, { name });
    statistics.push(...updates);
    return output;
  };
  const convolved = (input: Tensor, filters: number, stride: number, name: string): Tensor => {
    const options = { stride, padding: 1, bias: false, name: `${name}.conv` };
    return normal(nn.conv2d(input, filters, 3, options), `${name}.norm`);
  };
  const block = (input: Tensor, filters: number, stride: number, name: string): Tensor => {
    const inner = convolved(input, filters, stride, `${name}a`).relu();
    const outer = convolved(inner, filters, 1, `${name}b`);
    if (stride === 1) return outer.add(input).relu();
    const straight = nn.conv2d(input, filters, 1, { stride, bias: false, name: `${name}s.conv` });
    return outer.add(normal(straight, `${name}s.norm`)).relu();
  };
  let h = convolved(x.cast('f32').div(255), 64, 1, 'stem').relu();
  FILTERS.forEach((filters, k) => {
    h = block(h, filters, k === 0 ? 1 : 2, `block${2 * k + 1}`);
    h = block(h, filters, 1, `block${2 * k + 2}`);
  });
  const logits = nn.dense(nn.globalAvgPool(h), CLASSES, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  const optimizer = optim.sgd({ lr: 0.05, momentum: 0.9, weightDecay: 5e-4 });
  m.entry('train', { loss, updates: [...optimizer.minimize(loss), ...statistics] });
  m.entry('predict', { label: evaluation(logits).argmax(1) });
});
