import { expect, test } from 'vitest';
import { compile, defineModule, nn, optim } from '../src/index.ts';
import { softwareGpu } from './softwareAdapter.ts';

const line = defineModule('line', (m) => {
  const batch = m.size('batch', { max: 8 });
  const x = m.input('x', { shape: [batch, 1] });
  const y = m.input('y', { shape: [batch, 1] });
  const out = nn.dense(x, 1, { name: 'line' });
  const loss = nn.mse(out, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { out });
});

test('fits a line on WGSL: started on a given GPU, trained, asked, disposed', async () => {
  const compiled = await compile(line, { target: 'webgpu-software' });
  const { gpu } = await softwareGpu();
  const session = await compiled.start({ seed: 1, gpu });
  const x = Float32Array.from({ length: 20 }, (_, k) => k / 20);
  const data = { x, y: x.map((v) => 3 * v - 1) };
  let last = Number.POSITIVE_INFINITY;
  for await (const { loss } of session.train({ data, epochs: 200, shuffle: true })) last = loss;
  expect(last).toBeLessThan(1e-3);
  const { out } = await session.run('predict', { x: [2] });
  expect(out?.shape).toEqual([1, 1]);
  expect(out?.data[0]).toBeCloseTo(5, 0);
  session.dispose();
});
