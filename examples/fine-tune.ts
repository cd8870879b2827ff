/**
 * Transfer: a network that reads the digits 0 to 4 learns 5 to 9 from a few hundred of them. It keeps what its convolutions see,
 * learns new dense layers, at a rate that falls, stops where validation gets no better, and leaves as a program with weights
 * that a page runs.
 *
 *     npx tsx examples/fine-tune.ts
 *     npx tsx examples/fine-tune.ts --digits 100 --out reader
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callbacks, compile, optim } from 'sinter';
import { type Digits, fileStore, loadMnist } from 'sinter/node';
import { metadataOf, saveWeights } from 'sinter/weights';
import { commandLine, runExample } from './commandLine.ts';
import { BATCH, reader } from './readers.ts';

/** Digits of five classes from one on, as labels 0 to 4; as many as there are, at most. */
function fiveFrom({ images, labels }: Digits, from: 0 | 5, most: number): { x: Uint8Array; y: Uint8Array } {
  const chosen = [...labels.keys()].filter((k) => (labels[k] ?? 0) >= 5 === from > 0).slice(0, most);
  const x = new Uint8Array(784 * chosen.length);
  for (const [at, k] of chosen.entries()) x.set(images.subarray(784 * k, 784 * (k + 1)), 784 * at);
  return { x, y: Uint8Array.from(chosen, (k) => (labels[k] ?? 0) - from) };
}

/** What is known at first: 0 to 4, of which there are many. */
export const base = reader({ name: 'base', classes: 5, frozen: false, lr: 2e-3 });

const percent = (share: number | undefined): string => `${(100 * (share ?? 0)).toFixed(2)} %`;

await runExample(import.meta.url, async () => {
  const options = commandLine(
    'Teaches a network that reads the digits 0 to 4 to read 5 to 9.',
    {
      known: { value: 20_000, about: 'digits 0 to 4 that it learns first' },
      digits: { value: 500, about: 'digits 5 to 9 to learn from' },
      epochs: { value: 40, about: 'passes over them, at most' },
    },
    { out: 'folder for weights and the program (fine-tuned)' },
  );
  if (options === undefined) return;
  const { known: first, digits, epochs, seed, target, out = 'fine-tuned', ...threads } = options;
  const start = { seed, ...threads };
  const store = fileStore(out);
  const { train, test } = await loadMnist();

  // It is kept, with how it was made, so that the next run of the same begins behind it.
  const made = JSON.stringify({ known: first, seed });
  let known = await store.read('base.safetensors');
  if (known === undefined || metadataOf(known).made !== made) {
    const session = await (await compile(base, { target })).start(start);
    await session.fit({ data: fiveFrom(train, 0, first), epochs: 2 });
    known = await saveWeights(session, { only: 'features', metadata: { made } });
    await store.write('base.safetensors', known);
    session.dispose();
  }

  // What is new: 5 to 9. The convolutions stay as they are; the dense layers begin at random.
  const data = fiveFrom(train, 5, digits);
  const steps = epochs * Math.ceil((0.8 * data.y.length) / BATCH);
  const lr = optim.schedule.cosine({ lr: 3e-3, steps });
  const compiled = await compile(reader({ name: 'tuned', classes: 5, frozen: true, lr }), { target });
  const session = await compiled.start(start);
  console.log(String(await session.loadWeights(known, { only: 'features' })));
  const unseen = fiveFrom(test, 5, test.count);
  const before = await session.evaluate('evaluate', { data: unseen });
  const history = await session.fit({
    data,
    validation: 0.2,
    epochs,
    callbacks: [callbacks.earlyStopping({ patience: 5, restoreBest: true })],
  });
  console.log(await history.plot());
  const after = await session.evaluate('evaluate', { data: unseen });
  console.log(
    `test accuracy: ${percent(after.scalars.accuracy)}, before ${percent(before.scalars.accuracy)}`,
  );

  // For a page: `start` of `sinter/runtime` takes the program, and `loadWeights` of `sinter/weights` the weights.
  await writeFile(join(out, 'tuned.program.json'), JSON.stringify(compiled));
  await store.write('tuned.safetensors', await saveWeights(session, { only: ['features', 'classifier'] }));
  session.dispose();
});
