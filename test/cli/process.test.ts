import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the command as a process of its own, TypeScript models and all. */
function sinter(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((done) => {
    const argv = ['--import', 'tsx', 'src/cli/main.ts', ...args];
    execFile(process.execPath, argv, { cwd: root, env: { PATH: process.env.PATH } }, (error, out, err) =>
      done({ code: error === null ? 0 : error.code, out, err }),
    );
  });
}

test('the command ends with 0, 1 and 2, prints to the right stream, and has no stack traces', async () => {
  const [kept, broken, wrong] = await Promise.all([
    sinter(
      'inspect',
      'bench/workloads.ts#w1',
      '--target',
      'webgpu',
      '--json',
      '--expect',
      'train.dispatches<=3',
    ),
    sinter('inspect', 'bench/workloads.ts#w1', '--json', '--expect', 'train.dispatches<=1'),
    sinter('inspect', 'missing.ts'),
  ]);
  expect(kept.code).toBe(0);
  expect(JSON.parse(kept.out)).toHaveProperty('target', 'webgpu');
  expect(broken.code).toBe(1);
  expect(broken.err).toBe('FAILS: train.dispatches<=1 (train.dispatches is 2)\n');
  expect(wrong).toEqual({ code: 2, out: '', err: 'sinter: there is no file missing.ts\n' });
});

test.each([
  ['holds', 'train.dispatches<=3', 0],
  ['does not hold', 'train.dispatches<=1', 1],
])('the exit code says that a budget %s where nobody reads the output', async (_, budget, code) => {
  const argv = ['--import', 'tsx', 'src/cli/main.ts', 'inspect', 'bench/workloads.ts#w1', '--expect', budget];
  const command = spawn(process.execPath, argv, { cwd: root, env: { PATH: process.env.PATH } });
  const ended = once(command, 'close');
  command.stdout.destroy();
  command.stderr.destroy();
  expect(await ended).toEqual([code, null]);
});
