import type { Prediction } from '../../src/fuse/price.ts';

/** What limits a kernel. */
export type Limit = Prediction['limit'];

/** In a few words. */
export const limitWords: Readonly<Record<Limit, string>> = {
  arithmetic: 'arithmetic',
  cache: 'bytes from cache',
  memory: 'bytes from memory',
  latency: 'waiting',
};

/** In a letter, where there is no room for words: a legend says which is which. */
export const limitLetters: Readonly<Record<Limit, string>> = {
  arithmetic: 'A',
  cache: 'C',
  memory: 'M',
  latency: 'W',
};
