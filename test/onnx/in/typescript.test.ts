import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isModule } from '../../../src/graph/exported.ts';
import type { Module } from '../../../src/graph/index.ts';
import { typescriptOf } from '../../../src/onnx/in/typescript.ts';
import { referenceSession } from '../../../src/reference/index.ts';
import { convolutional, fileOf, input, node, type Parts, whole } from './files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const library = pathToFileURL(fileURLToPath(new URL('../../../src/index.ts', import.meta.url))).href;

/** The module that a text declares. */
async function moduleIn(text: string, name: string): Promise<Module> {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, text.replace(`from 'sinter'`, `from '${library}'`));
  const exported: { default?: unknown } = await import(pathToFileURL(path).href);
  if (isModule(exported.default)) return exported.default;
  throw new Error('no module');
}

describe('an ONNX file as TypeScript', () => {
  test('reads as a person would write it', () => {
    const { text } = typescriptOf(fileOf(convolutional), {
      source: 'small.onnx',
      weightsFile: 'small.safetensors',
    });
    expect(text).toMatchInlineSnapshot(`
      "import { defineModule, nn } from 'sinter';

      /**
       * What \`small.onnx\` computes.
       *
       * Its weights lie in \`small.safetensors\`: \`loadWeights(session, bytes)\` loads them.
       */
      export default defineModule('small', (m) => {
        const batch = m.size('batch', { max: 32 });
        const image = m.input('image', { shape: [batch, 1, 4, 4] });
        const convWeight = m.state('conv.weight', { shape: [2, 1, 3, 3] });
        const convBias = m.state('conv.bias', { shape: [2] });
        const conv = nn.convolve(image, convWeight, { padding: 1 }).add(convBias.reshape([2, 1, 1]));
        const normRunningMean = m.state('norm.running_mean', { shape: [2], trainable: false });
        const normRunningVar = m.state('norm.running_var', { shape: [2], trainable: false });
        const mul =
          conv.sub(normRunningMean.reshape([2, 1, 1])).mul(normRunningVar.add(0.00001).rsqrt().reshape([2, 1, 1]));
        const normWeight = m.state('norm.weight', { shape: [2] });
        const normBias = m.state('norm.bias', { shape: [2] });
        const norm = mul.mul(normWeight.reshape([2, 1, 1])).add(normBias.reshape([2, 1, 1]));
        const fcWeight = m.state('fc.weight', { shape: [3, 8] });
        const matmul = nn.maxPool2d(norm.relu(), 2).reshape([batch, -1]).matmul(fcWeight.transpose());
        const fcBias = m.state('fc.bias', { shape: [3] });
        const probabilities = matmul.add(fcBias).softmax(-1);
        return { predict: m.entry('predict', { probabilities }, { inputs: [image] }) };
      });
      "
    `);
  });

  test('declares what gives the same values, with the weights beside it', async () => {
    const { text, module, weights } = typescriptOf(fileOf(convolutional), { source: 'small.onnx' });
    const written = await moduleIn(text, 'convolutional');
    const states = Object.fromEntries(
      [...weights].map(([name, { shape, values }]) => [name, { shape, data: values }]),
    );
    const image = { shape: [32, 1, 4, 4], data: Array.from({ length: 512 }, (_, k) => Math.sin(k * k)) };
    const run = (of: Module) =>
      referenceSession(of, states).step('predict', { inputs: { image } }).probabilities;
    expect(run(written)).toEqual(run(module));
    expect(written.states.map(({ name, trainable }) => [name, trainable])).toEqual(
      module.states.map(({ name, trainable }) => [name, trainable]),
    );
  });

  test('takes parts of results by their names, and calls nothing by a name that the language has', async () => {
    const parts: Parts = {
      inputs: [input('new', [2, 6]), input('nn', [2, 3])],
      outputs: ['class', 'with space'],
      initializers: [whole('two', [2])],
      nodes: [
        node('Split', ['new'], ['left', 'm'], { axis: 1, num_outputs: 2 }),
        node('Add', ['left', 'nn'], ['sum']),
        node('TopK', ['sum', 'two'], ['class', 'places'], { axis: 1 }),
        node('Mul', ['m', 'sum'], ['with space']),
      ],
    };
    const { text, module } = typescriptOf(fileOf(parts), { source: 'odd.onnx' });
    const written = await moduleIn(text, 'odd');
    const inputs = {
      new: { shape: [2, 6], data: Array.from({ length: 12 }, (_, k) => k % 5) },
      nn: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    };
    expect(referenceSession(written).step('predict', { inputs })).toEqual(
      referenceSession(module).step('predict', { inputs }),
    );
    expect(text).toContain('const [left, m2] = new2.split(3, 1);');
  });
});
