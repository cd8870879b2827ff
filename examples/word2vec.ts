/**
 * Learns vectors of words by the words beside them, told from words at random (Mikolov et al. 2013), and names those that it finds
 * alike. The random words are drawn on the device, and neighbours are found there.
 *
 *     npx tsx examples/word2vec.ts
 *     npx tsx examples/word2vec.ts --text war-and-peace.txt
 *
 * On WebAssembly (two shared cores, other work beside) ten passes over 75,000 pairs take 4 s; `gradient` is then near `pool`,
 * `cotangents` and `weight`.
 */
import { compile, defineModule, type Module, nn, optim, random } from 'sinter';
import { commandLine, runExample } from './commandLine.ts';
import { corpus } from './corpus.ts';

const WORDS = 1000;
const WIDTH = 64;
const BATCH = 256;
const RANDOM = 8;
const ALIKE = 5;

export const word2vec: Module = defineModule('word2vec', (m) => {
  const batch = m.size('batch', { max: BATCH });
  const word = m.input('word', { shape: [batch], dtype: 'i32' });
  const beside = m.input('beside', { shape: [batch], dtype: 'i32' });

  const [words, contexts] = ['words', 'contexts'].map((name) =>
    nn.embedding(WORDS, WIDTH, { name, init: nn.init.uniform(-0.5 / WIDTH, 0.5 / WIDTH) }),
  );
  if (words === undefined || contexts === undefined) throw new TypeError('two tables');
  const own = words(word);
  const others = random.integers(m, 0, WORDS, [batch, RANDOM]);
  const near = own.mul(contexts(beside)).sum(1);
  const far = contexts(others).matmul(own.expandDims(2)).squeeze(2);
  const loss = nn.logSigmoid(near).add(nn.logSigmoid(far.neg()).sum(1)).neg().mean();
  m.entry('train', { loss, updates: optim.adam({ lr: 3e-3 }).minimize(loss) });

  // By the angle between vectors; the first is the word itself.
  const units = words.weight.div(words.weight.norm(2, 1, { keepDims: true }).maximum(1e-9));
  const { indices } = units
    .take(word)
    .matmul(units.transpose())
    .topK(ALIKE + 1);
  m.entry('alike', { alike: indices });
});

await runExample(import.meta.url, async () => {
  const options = commandLine(
    'Learns vectors of words by the words beside them.',
    {
      epochs: { value: 10, about: 'passes over the text' },
      window: { value: 4, about: 'how far words beside a word are from it, at most' },
    },
    { text: 'the file; what this project says of itself where it is left out' },
  );
  if (options === undefined) return;
  const { target, seed, epochs, window, text, ...rest } = options;
  const all =
    Buffer.from(corpus(text))
      .toString()
      .toLowerCase()
      .match(/[a-zà-ž]{2,}/g) ?? [];
  const counts = new Map<string, number>();
  for (const word of all) counts.set(word, (counts.get(word) ?? 0) + 1);
  // The most frequent ones, without the very most: they stand beside all others.
  const known = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word]) => word)
    .slice(20, 20 + WORDS);
  const numbers = new Map(known.map((word, k) => [word, k]));
  const sequence = all.flatMap((word) => numbers.get(word) ?? []);
  const pairs = sequence.flatMap((word, k) =>
    sequence
      .slice(Math.max(0, k - window), k + window + 1)
      .flatMap((other) => (other === word ? [] : [[word, other] as const])),
  );
  const data = {
    word: Int32Array.from(pairs, ([word]) => word),
    beside: Int32Array.from(pairs, ([, other]) => other),
  };

  const program = await compile(word2vec, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...rest });
  const start = performance.now();
  for await (const { epoch, loss } of session.train({ data, epochs, shuffle: true }))
    console.log(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}`);
  console.log(`trained on ${pairs.length} pairs in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const shown = known.slice(0, 60).filter((_, k) => k % 6 === 0);
  const word = Int32Array.from(shown, (name) => numbers.get(name) ?? 0);
  const { alike } = await session.run('alike', { word });
  shown.forEach((name, k) => {
    const row = Array.from(alike?.data.slice(k * (ALIKE + 1) + 1, (k + 1) * (ALIKE + 1)) ?? []);
    console.log(`${name.padEnd(12)} ${row.map((number) => known[number]).join(', ')}`);
  });
  session.dispose();
});
