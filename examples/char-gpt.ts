/**
 * Trains a transformer (Radford et al. 2019) on the bytes of any text, and writes some as it learns. The table that reads bytes is
 * the one that predicts them, and what is written is drawn on the device.
 *
 *     npx tsx examples/char-gpt.ts
 *     npx tsx examples/char-gpt.ts --text war-and-peace.txt --epochs 20
 *
 * On WebAssembly (two shared cores) four passes over this project's pages take 94 s, to a loss of 1.31: half of what it writes is words.
 */
import { compile, defineModule, evaluation, nn, optim, random, type Session, type Tensor } from 'sinter';
import { commandLine, runExample } from './commandLine.ts';
import { corpus } from './corpus.ts';

const TOKENS = 64;
const WIDTH = 128;
const HEADS = 4;
const BLOCKS = 2;

export const charGpt = defineModule('char-gpt', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, TOKENS], dtype: 'u8' });
  const y = m.input('y', { shape: [batch, TOKENS], dtype: 'u8' });

  const init = nn.init.normal(0, 0.05);
  const bytes = nn.embedding(256, WIDTH, { name: 'bytes', init });
  const blocks = Array.from({ length: BLOCKS }, (_, k) =>
    nn.transformerBlock(WIDTH, HEADS, { causal: true, name: `block${k + 1}` }),
  );
  const body = nn.sequential([
    nn.positions(TOKENS, WIDTH, { name: 'positions', init }),
    ...blocks,
    nn.layerNorm({ name: 'norm' }),
  ]);
  const logitsOf = (text: Tensor): Tensor => bytes.attend(body(bytes(text.cast('i32'))));

  const loss = nn.crossEntropy(logitsOf(x), y.cast('i32'));
  const lr = optim.schedule.warmup({ steps: 50, lr: 2e-3 });
  const groups = [{ match: (state: Tensor) => state.shape.length < 2, weightDecay: 0 }];
  m.entry('train', { loss, updates: optim.adamw({ lr, groups }).minimize(loss, { clipGlobalNorm: 1 }) });

  // The byte after the one at `last`, as likely as the network takes it for: the largest logit, once each was shifted by
  // a random number of Gumbel's distribution.
  const before = m.input('before', { shape: [1, TOKENS], dtype: 'u8' });
  const last = m.input('last', { shape: [1], dtype: 'i32' });
  const scores = evaluation(logitsOf(before)).reshape([TOKENS, 256]).take(last);
  const gumbel = random.uniform(m, scores.shape, { low: 1e-7 }).log().neg().log().neg();
  const temperature = m.param('temperature', { initial: 0.8 });
  m.entry('next', { byte: scores.div(temperature).add(gumbel).argmax(1) });
});

/** Writes so many bytes after a beginning. */
async function written(session: Session, beginning: string, count: number): Promise<string> {
  const text = [...Buffer.from(beginning)];
  for (let k = 0; k < count; k++) {
    const seen = text.slice(-TOKENS);
    const before = Uint8Array.from({ length: TOKENS }, (_, i) => seen[i] ?? 0);
    const { byte } = await session.run('next', { before, last: [seen.length - 1] });
    text.push(byte?.data[0] ?? 0);
  }
  return Buffer.from(text).toString();
}

await runExample(import.meta.url, async () => {
  const options = commandLine(
    'Trains a transformer on the bytes of a text, and writes some as it learns.',
    {
      epochs: { value: 4, about: 'passes over the text' },
      apart: { value: 16, about: 'bytes from the beginning of a row to that of the next' },
    },
    { text: 'the file; what this project says of itself where it is left out' },
  );
  if (options === undefined) return;
  const { target, seed, epochs, apart, text: file, ...rest } = options;
  const text = corpus(file);
  const rows = Math.floor((text.length - TOKENS - 1) / apart);
  const cut = (from: number): Uint8Array =>
    Uint8Array.from(
      { length: rows * TOKENS },
      (_, k) => text[Math.floor(k / TOKENS) * apart + (k % TOKENS) + from] ?? 0,
    );
  const data = { x: cut(0), y: cut(1) };

  const program = await compile(charGpt, { target });
  console.log(program.summary());
  const session = await program.start({ seed, ...rest });
  const start = performance.now();
  for await (const { epoch, loss } of session.fit({ data, epochs, signals: true })) {
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}  ${seconds} s`);
    console.log(`\n${await written(session, 'The ', 160)}\n`);
  }
  session.dispose();
});
