import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/weights/index.ts';
import { convolutional, fileOf, floats, input, node } from '../onnx/in/files.ts';
import { sinter } from './run.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-cli-import-'));
  writeFileSync(join(folder, 'small.onnx'), fileOf(convolutional));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

describe('sinter import', () => {
  test('writes TypeScript, and the weights beside it', async () => {
    const { code, out, err } = await sinter([
      'import',
      at('small.onnx'),
      '--out',
      at('small.ts'),
      '--size',
      'batch=8',
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('small from small.onnx');
    expect(readFileSync(at('small.ts'), 'utf8')).toContain("m.size('batch', { max: 8 })");
    const { tensors } = readSafetensors(readFileSync(at('small.safetensors')));
    expect(tensors.get('fc.weight')?.shape).toEqual([3, 8]);
  });

  test('reads weights beside the file, and none from elsewhere', async () => {
    const named = (location: string): Uint8Array =>
      fileOf({
        inputs: [input('x', [2])],
        outputs: ['y'],
        initializers: [
          { ...floats('w', [2], []), data: new Uint8Array(0), external: { location, offset: 0 } },
        ],
        nodes: [node('Mul', ['x', 'w'], ['y'])],
      });
    mkdirSync(at('within'));
    writeFileSync(at('within/w.bin'), new Uint8Array(Float32Array.of(2, 3).buffer));
    writeFileSync(at('w.bin'), new Uint8Array(8));
    writeFileSync(at('within/model.onnx'), named('w.bin'));
    const run = () => sinter(['import', at('within/model.onnx'), '--out', at('within/model.ts')]);
    expect((await run()).code).toBe(0);
    for (const location of ['../w.bin', at('w.bin')]) {
      writeFileSync(at('within/model.onnx'), named(location));
      const { code, err } = await run();
      expect([code, err]).toEqual([2, expect.stringContaining('must lie in the folder of the model')]);
    }
  });

  test('says what is wrong, and writes nothing', async () => {
    const run = (...args: readonly string[]) => sinter(['import', ...args]);
    expect((await run(at('nowhere.onnx'), '--out', at('a.ts'))).code).toBe(2);
    writeFileSync(at('cut.onnx'), fileOf(convolutional).subarray(0, 200));
    const cut = await run(at('cut.onnx'), '--out', at('a.ts'));
    expect([cut.code, cut.err]).toEqual([2, expect.stringContaining('truncated')]);
    writeFileSync(at('text.onnx'), 'hello world, this is a text');
    const text = await run(at('text.onnx'), '--out', at('a.ts'));
    expect(text.err).toContain(`sinter: ${at('text.onnx')}: not an ONNX file, or a damaged one: `);
    const size = await run(at('small.onnx'), '--out', at('a.ts'), '--size', 'batch');
    expect(size.err).toContain('--size batch: it must be a name and a whole number from 1 on, as batch=32');
    expect((await run(at('small.onnx'), '--out', at('a.txt'))).err).toContain(
      'it must be a file of TypeScript',
    );
  });
});
