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

/**
 * The folder of a Python package that is there for its files alone: what it depends on is left out. Downloaded once.
 *
 * @param requirement with its version, `name==1.0`
 */
export function packageFolder(requirement: string): string {
  const hash = createHash('sha256').update(requirement).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `sinter-interop-files-${hash}`);
  const done = join(folder, 'done');
  if (existsSync(done)) return folder;
  rmSync(folder, { recursive: true, force: true });
  const options = ['--no-deps', '--no-compile', '--quiet', '--disable-pip-version-check', '--target', folder];
  execFileSync(python(), ['-m', 'pip', 'install', ...options, requirement], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  mkdirSync(done);
  return folder;
}

/** What a script of this folder prints. */
export function runPython(script: string, ...args: readonly string[]): string {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return execFileSync(python(), [path, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(python());
