import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';
import { programHash, programs } from './programHashes.ts';
import { small } from './smallModel.ts';

test('a program does not depend on what was compiled before: it is the same again, and in a new process', async () => {
  const numbers = [...Array(programs).keys()];
  const first = numbers.map(programHash);
  const again = [...numbers].reverse().map(programHash).reverse();
  expect(again).toEqual(first);
  expect(new Set(first).size).toBe(programs);
  const script = fileURLToPath(new URL('programHashes.ts', import.meta.url));
  const order = [...numbers].reverse();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, ...order.map(String)],
    { timeout: 60_000 },
  );
  expect(stdout.trim().split('\n').reverse()).toEqual(first);
});

test('a compilation has a machine of its own, by which it keeps what it finds: nothing stays behind', () => {
  const [one, other] = [compileModule(small, machines.webgpu), compileModule(small, machines.webgpu)];
  expect(one.machine).toEqual(machines.webgpu);
  expect(one.machine).not.toBe(machines.webgpu);
  expect(one.machine).not.toBe(other.machine);
});
