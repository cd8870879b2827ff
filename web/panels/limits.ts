import type { Prediction } from '../../src/fuse/price.ts';

/** What limits a kernel, in the word that tables, listings and decisions have for it. */
export type Limit = Prediction['limit'];

/** In a letter, where there is no room for words: a legend says which is which. */
export const limitLetters: Readonly<Record<Limit, string>> = {
  arithmetic: 'A',
  cache: 'C',
  memory: 'M',
  latency: 'L',
};
