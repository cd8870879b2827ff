import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { python } from './environment.ts';
import { operations } from './operations.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file that `samples.py` wrote. */
    samples: string;
  }
}

/** Takes PyTorch's samples of all operations before any test, which takes it most of the time to begin. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'sinter-samples-'));
  const path = join(folder, 'samples.jsonl');
  const script = fileURLToPath(new URL('samples.py', import.meta.url));
  const file = openSync(path, 'w');
  try {
    execFileSync(python(), [script, ...Object.keys(operations)], {
      stdio: ['ignore', file, 'inherit'],
    });
  } finally {
    closeSync(file);
  }
  project.provide('samples', path);
  return () => rmSync(folder, { recursive: true, force: true });
}
