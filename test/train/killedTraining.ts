import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FitOptions } from '../../src/train/index.ts';
import { memoryStore, type Store } from '../../src/weights/index.ts';
import { BATCH, rows } from './models.ts';

/** Three shuffled epochs of 14 steps, the last of which is short, with validation, resumed out of a folder. */
export function killedTraining(folder: string): FitOptions {
  return {
    data: rows(13 * BATCH + 3),
    validation: rows(BATCH),
    epochs: 3,
    stepsPerSubmit: 2,
    checkpoint: { store: folderStore(folder), every: { steps: 5 } },
    resume: true,
  };
}

/** Writes a file beside the one that is there, and puts it in its place. */
function folderStore(folder: string): Store {
  return {
    ...memoryStore(),
    read: async (name) => {
      const path = join(folder, name);
      return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
    },
    write: async (name, bytes) => {
      writeFileSync(join(folder, 'partial'), bytes);
      renameSync(join(folder, 'partial'), join(folder, name));
    },
  };
}
