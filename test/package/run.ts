import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a command in a folder; fails as `execFile` does where it exits with another code than 0. */
export function run(
  folder: string,
  command: string,
  ...args: readonly string[]
): Promise<{ stdout: string; stderr: string }> {
  return exec(command, args, { cwd: folder, maxBuffer: 1 << 24 });
}

/** The path of a command that one of this project's packages brings. */
export function bin(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}
