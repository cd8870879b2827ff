import { fileStore } from '../../src/node/index.ts';
import type { FitOptions } from '../../src/train/index.ts';
import { BATCH, rows } from './models.ts';

/** Three shuffled epochs of 14 steps, the last of which is short, with validation, resumed out of a folder. */
export function killedTraining(folder: string): FitOptions {
  return {
    data: rows(13 * BATCH + 3),
    validation: rows(BATCH),
    epochs: 3,
    stepsPerSubmit: 2,
    checkpoint: { store: fileStore(folder), every: { steps: 5 } },
    resume: true,
  };
}
