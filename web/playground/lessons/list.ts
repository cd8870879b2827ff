import { digits } from './digits.ts';
import { latent } from './latent.ts';
import type { Lesson } from './lesson.ts';
import { spirals } from './spirals.ts';
import { text } from './text.ts';
import { words } from './words.ts';

/** What the worker does for each example, by its name. */
export const lessons: ReadonlyMap<string, Lesson> = new Map([
  ['mnist-mlp', digits],
  ['mnist-cnn', digits],
  ['char-gpt', text],
  ['vae', latent],
  ['spirals', spirals],
  ['words', words],
]);
