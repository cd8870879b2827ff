import { describe, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import { crossEntropy } from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { expectClose } from './closeness.ts';
import { reference } from './targets.ts';
import { wgsl } from './wgsl.ts';

const module = defineModule('large', (m) => {
  const [x, y] = [m.input('x', { shape: [2, 4] }), m.input('y', { shape: [2], dtype: 'i32' })];
  const loss = crossEntropy(x, y);
  const [gradient = x] = gradients(loss, [x]);
  const [detached = x] = gradients(x.mul(x.detach()).sum(), [x]);
  m.entry('run', { softmax: x.softmax(), logSoftmax: x.logSoftmax(), loss, gradient, detached });
});

describe.each([reference, wgsl('webgpu-software'), wgsl('webgpu')])('on $name', (target) => {
  it('a softmax of large logits loses nothing beside their maximum', async () => {
    const session = await target.start(module);
    const inputs = {
      x: { shape: [2, 4], data: [1e8, 1e8, 1e8, 1e8, -1e7, -1e7, -1e7, -1e7] },
      y: { shape: [2], data: [3, 0] },
    };
    const outputs = await session.step('run', { inputs });
    const all = (value: number): { shape: number[]; data: number[] } => ({
      shape: [2, 4],
      data: Array(8).fill(value),
    });
    expectClose(outputs.softmax, all(0.25), 1e-6, 'the softmax');
    expectClose(outputs.logSoftmax, all(-Math.log(4)), 1e-6, 'its logarithm');
    expectClose(outputs.loss, { shape: [], data: [Math.log(4)] }, 1e-6, 'the cross-entropy');
    expectClose(
      outputs.gradient,
      { shape: [2, 4], data: [0.125, 0.125, 0.125, -0.375, -0.375, 0.125, 0.125, 0.125] },
      1e-6,
      'its gradient',
    );
    await session.dispose();
  });

  it('a detached operand is a constant to gradients', async () => {
    const session = await target.start(module);
    const x = { shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] };
    const outputs = await session.step('run', { inputs: { x, y: { shape: [2], data: [0, 0] } } });
    expectClose(outputs.detached, x, 1e-6, 'the gradient');
    await session.dispose();
  });
});
