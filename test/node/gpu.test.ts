import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { UnknownNameError } from '../../src/index.ts';
import { openGpu } from '../../src/node/index.ts';

test('software is SwiftShader, whatever else the machine has', async () => {
  const { kind, description, adapter } = await openGpu({ target: 'software' });
  expect(kind).toBe('software');
  expect(description).toMatch(/swiftshader/i);
  expect(adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
});

test('a target that is none is refused, with those that there are', async () => {
  // A caller without types.
  const target: 'software' = JSON.parse('"cuda"');
  await expect(openGpu({ target })).rejects.toThrow(
    new UnknownNameError('target', 'cuda', ['auto', 'hardware', 'software']),
  );
});

test('processes that start at the same time on a fresh machine share one unpacked driver', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'sinter-fresh-'));
  const code = `
    import { openGpu } from './src/node/index.ts';
    openGpu({ target: 'software' }).then(({ kind }) => console.log(kind));`;
  const open = (): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      env: { PATH: process.env.PATH, TMPDIR: temporary },
      timeout: 60_000,
    });
  const all = await Promise.all([open(), open(), open()]);
  expect(all.map(({ stdout }) => stdout.trim())).toEqual(['software', 'software', 'software']);
  const left = (await readdir(temporary)).filter((name) => name.startsWith('sinter-swiftshader'));
  expect(left).toHaveLength(1);
  await rm(temporary, { recursive: true });
});
