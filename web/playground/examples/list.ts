import type { Example } from '../protocol.ts';
import charGpt from './char-gpt.ts?raw';
import mnistCnn from './mnist-cnn.ts?raw';
import mnistMlp from './mnist-mlp.ts?raw';
import spirals from './spirals.ts?raw';
import vae from './vae.ts?raw';
import words from './words.ts?raw';

/** All examples, in the order in which they are offered. */
export const examples: readonly Example[] = [
  {
    name: 'mnist-mlp',
    title: 'Digits: a perceptron',
    about: 'One hidden layer learns to read handwritten digits. Draw one, and see what each unit looks for.',
    source: mnistMlp,
  },
  {
    name: 'mnist-cnn',
    title: 'Digits: convolutions',
    about:
      'Filters slide over handwritten digits, and find edges and parts. Draw one, and see what each filter finds.',
    source: mnistCnn,
  },
  {
    name: 'char-gpt',
    title: 'A text: a small GPT',
    about:
      'A transformer learns what comes next in the pages of this project, and writes as it learns. Begin a text for it.',
    source: charGpt,
  },
  {
    name: 'vae',
    title: 'A plane of digits: a VAE',
    about:
      'Digits become two numbers each, and come back: every point of the plane turns into a digit that nobody wrote.',
    source: vae,
  },
  {
    name: 'spirals',
    title: 'Two spirals',
    about: 'A small network tells two arms of a spiral apart. Watch its border wind between them.',
    source: spirals,
  },
  {
    name: 'words',
    title: 'Words as points',
    about: 'Words that stand beside the same words come to lie together: animals here, food there.',
    source: words,
  },
];
