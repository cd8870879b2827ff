import { defineModule, nn, optim, random } from 'sinter';

const WORDS = 64; // rows of the tables: at least as many as there are words
const WIDTH = 12;
const STRANGERS = 6;

/** Learns what words mean from the words beside them (Mikolov et al. 2013): words that are used alike come to lie together. */
export const model = defineModule('words', (m) => {
  const batch = m.size('batch', { max: 128 });
  const word = m.input('word', { shape: [batch], dtype: 'i32' });
  const beside = m.input('beside', { shape: [batch], dtype: 'i32' }); // a word that stood near it

  const init = nn.init.uniform(-0.1, 0.1);
  const words = nn.embedding(WORDS, WIDTH, { name: 'words', init });
  const contexts = nn.embedding(WORDS, WIDTH, { name: 'contexts', init });

  // A word should fit its neighbour, and not some that are drawn at random, others at each step.
  const own = words(word);
  const strangers = contexts(random.integers(m, 0, WORDS, [batch, STRANGERS]));
  const near = own.mul(contexts(beside)).sum(1);
  const far = strangers.matmul(own.expandDims(2)).squeeze(2);
  const loss = nn.logSigmoid(near).add(nn.logSigmoid(far.neg()).sum(1)).neg().mean();

  m.entry('train', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
});
