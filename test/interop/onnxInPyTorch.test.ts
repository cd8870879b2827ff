import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compiled.ts';
import { defineModule } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { readOnnx } from '../../src/onnx/index.ts';
import * as optim from '../../src/optim/index.ts';
import { readSafetensors } from '../../src/weights/index.ts';
import { runPython } from './environment.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-onnx-pytorch-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a network that PyTorch exported is fine-tuned with the losses that PyTorch has', async () => {
  const [model, out] = [join(folder, 'model.onnx'), join(folder, 'run.safetensors')];
  runPython('onnxPyTorch.py', model, out);
  const { tensors } = readSafetensors(readFileSync(out));
  const bufferOf = (name: string): ArrayBuffer => Uint8Array.from(tensors.get(name)?.data ?? []).buffer;
  const [image, labels] = [new Float32Array(bufferOf('image')), new Int32Array(bufferOf('labels'))];
  const network = readOnnx(readFileSync(model));
  const module = defineModule('tuned', (m) => {
    const batch = m.size('batch', { max: 8 });
    const x = m.input('image', { shape: [batch, 3, 16, 16] });
    const y = m.input('labels', { shape: [batch], dtype: 'i32' });
    const { logits } = network.apply(m, { image: x });
    if (logits === undefined) throw new Error('no logits');
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
    m.entry('predict', { logits });
  });
  const session = await (await compile(module, { target: 'wasm' })).start();
  const { logits } = await session.run('predict', { image });
  const near = (values: Float32Array, places: number): unknown[] =>
    Array.from(values, (value) => expect.closeTo(value, places));
  expect(Array.from(logits?.data ?? [])).toEqual(near(new Float32Array(bufferOf('logits')), 5));
  const wanted = new Float32Array(bufferOf('losses'));
  const losses: number[] = [];
  for (const _ of wanted)
    losses.push((await session.run('train', { image, labels })).loss?.data[0] ?? Number.NaN);
  expect(losses).toEqual(near(wanted, 4));
  session.dispose();
}, 600_000);
