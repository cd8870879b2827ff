import type { Playback } from './engine.ts';
import type { StepField } from './program.ts';
import { asElements } from './values.ts';

/**
 * Writes `count` records from the `at`th one on, for steps from `first`. Fields that `fill` leaves as they are
 * have the value of the step before.
 *
 * @param result the word where the results of the first of these steps go; a step's take `resultWords`
 */
export type WriteRecords = (
  at: number,
  first: number,
  count: number,
  fill: Playback['fill'],
  result: number,
  resultWords: number,
) => void;

/**
 * What writes the blocks of step fields, as programs read them.
 *
 * @param words where they lie
 * @param stride words from one record to the next
 */
export function recordWriter(fields: readonly StepField[], words: Uint32Array, stride: number): WriteRecords {
  const floats = asElements('f32', words);
  const places = new Map(
    fields.map(({ name, dtype }, index) => [name, [dtype === 'f32' ? floats : words, index] as const]),
  );
  /** The word where the record that was written last starts. */
  let base = 0;
  const set = (field: string, value: number): void => {
    const place = places.get(field);
    if (place) place[0][base + place[1]] = value;
  };
  return (at, first, count, fill, result, resultWords) => {
    for (let i = 0; i < count; i++) {
      const before = base;
      base = (at + i) * stride;
      words.copyWithin(base, before, before + stride);
      set('result', result + i * resultWords);
      fill(first + i, set);
    }
  };
}
