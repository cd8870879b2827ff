import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compile, defineModule, nn, optim } from '../../src/index.ts';
import { withTraining } from '../../src/train/session.ts';
import { metadataOf, readSafetensors, verifyChecksum, writeSafetensors } from '../../src/weights/index.ts';

const module = defineModule('linear', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 2] });
  const y = nn.dense(x, 3, { name: 'out' });
  const loss = y.square().mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { y });
});

test('a state cannot have the name of the texts of a file', () => {
  const declare = (): unknown =>
    defineModule('m', (m) => {
      m.state('__metadata__', { shape: [1] });
    });
  expect(declare).toThrow('"__metadata__" is what saved files call their texts: give the state another name');
});

test('a session saves with a checksum, and refuses what was changed since', async () => {
  const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
  const saved = await session.save();
  expect(Object.keys(metadataOf(saved))).toEqual(['sinter', 'sinter.checksum']);
  verifyChecksum(saved);
  await session.train({ data: { x: [1, 2, 3, 4] } });
  const before = await session.read('out.weight');
  const changed = Uint8Array.from(saved);
  changed[changed.length - 2] = (changed[changed.length - 2] ?? 0) ^ 1;
  await expect(session.load(changed)).rejects.toThrow('saved: expected the checksum ');
  expect(await session.read('out.weight')).toEqual(before);
  await session.load(saved);
  expect(await session.save()).toEqual(saved);
  // A file without one is taken as it is.
  const { tensors, metadata } = readSafetensors(saved);
  await session.load(writeSafetensors(tensors, { sinter: metadata.sinter ?? '' }));
  session.dispose();
});

test('a session loads weights from a path, a URL or bytes, and exports them without those of its optimizer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sinter-weights-'));
  const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
  try {
    const weights = await session.saveWeights();
    expect([...readSafetensors(weights).tensors.keys()]).toEqual(['out.weight', 'out.bias']);
    expect(session.program.state.length).toBeGreaterThan(2);
    const first = await session.read('out.weight');
    const path = join(folder, 'w.safetensors');
    writeFileSync(path, weights);
    for (const source of [path, pathToFileURL(path), weights]) {
      await session.write('out.weight', new Float32Array(6));
      expect(await session.loadWeights(source)).toMatchObject({
        loaded: ['out.weight', 'out.bias'],
        missing: [],
      });
      expect(await session.read('out.weight')).toEqual(first);
    }
    await expect(withTraining(session, {}).loadWeights(path)).rejects.toMatchObject({
      name: 'InputError',
      input: 'source',
    });
  } finally {
    session.dispose();
    rmSync(folder, { recursive: true });
  }
});
