import type { DataFor } from '../steps.ts';
import { draws } from './draws.ts';

/**
 * Words `word: [rows]`, one beside each, `right: [rows]`, and some drawn from all, `wrong: [rows, wrong]`: numbers
 * below `vocabulary`. Small numbers are frequent, as are the first words of a language.
 */
export function wordPairs(vocabulary: number, wrong: number): DataFor {
  return (rows) => {
    const draw = draws(3);
    // Word k about as often as 1 / (k + 1): Zipf's law.
    const word = (): number => Math.floor(vocabulary ** draw()) - 1;
    const words = Int32Array.from({ length: rows }, word);
    return {
      word: words,
      right: words.map((k) => (k + 1 + Math.floor(2 * draw())) % vocabulary),
      wrong: Int32Array.from({ length: rows * wrong }, word),
    };
  };
}
