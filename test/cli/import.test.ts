import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/weights/index.ts';
import { convolutional, fileOf } from '../onnx/in/files.ts';
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

  test('says what is wrong, and writes nothing', async () => {
    const run = (...args: readonly string[]) => sinter(['import', ...args]);
    expect((await run(at('nowhere.onnx'), '--out', at('a.ts'))).code).toBe(2);
    writeFileSync(at('cut.onnx'), fileOf(convolutional).subarray(0, 200));
    const cut = await run(at('cut.onnx'), '--out', at('a.ts'));
    expect([cut.code, cut.err]).toEqual([2, expect.stringContaining('truncated')]);
    const size = await run(at('small.onnx'), '--out', at('a.ts'), '--size', 'batch');
    expect(size.err).toContain('--size batch: it must be a name and a whole number from 1 on, as batch=32');
    expect((await run(at('small.onnx'), '--out', at('a.txt'))).err).toContain(
      'it must be a file of TypeScript',
    );
  });
});
