import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

/**
 * The Python of the environment that the tests in this folder need, PyTorch's, as `requirements.txt` says: a folder of its own
 * among the temporary ones, made once. `tsx test/interop/environment.ts` makes it beforehand.
 */
export function python(): string {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `sinter-interop-${hash}`);
  const found = join(folder, 'bin', 'python');
  const done = join(folder, 'done');
  if (existsSync(done)) return found;
  rmSync(folder, { recursive: true, force: true });
  const run = (command: string, ...args: readonly string[]): Buffer =>
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  run('python3', '-m', 'venv', folder);
  run(found, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements);
  mkdirSync(done);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(python());
