import { expect, test } from 'vitest';
import { draws } from '../fixtures/generator.ts';
import { fault, mutant, originals } from './mutants.ts';

/** Mutants of each file; `test/stress/dataFiles.ts` takes as many as it is told. */
const MUTANTS = 300;

test.each(originals)(
  'every mutant of a file is read or refused, whatever it says: $name',
  async (original) => {
    expect(await fault(original, original.bytes)).toBeUndefined();
    const draw = draws(20_26);
    for (let k = 0; k < MUTANTS; k++)
      expect(await fault(original, mutant(original.bytes, draw))).toBeUndefined();
  },
);
