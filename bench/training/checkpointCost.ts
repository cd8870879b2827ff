/**
 * What checkpoints cost on W6 and WebAssembly: pairs of the same steps with and without one every so many, in a folder. At most
 * 1.05 is meant.
 *
 *     npx tsx bench/training/checkpointCost.ts [pairs] [every]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../src/index.ts';
import { fileStore } from '../../src/node/index.ts';
import { images } from '../workloads/imageRows.ts';
import { w6 } from '../workloads.ts';
import { processorSeconds, ratioOf, ratioText } from './pairs.ts';

const STEPS = 16;

const [, , pairs = '3', every = '16'] = process.argv;
const session = await (await compile(w6, { target: 'wasm' })).start({ seed: 1 });
const batch = session.program.sizes[0]?.max ?? 1;
const data = await session.dataset(images(3, 32)(STEPS * batch));
const folder = mkdtempSync(join(tmpdir(), 'sinter-checkpoints-'));
const store = fileStore(folder);

const plain = (): Promise<unknown> =>
  session.fit({ data, progress: false, onNaN: 'continue' }).then((x) => x);
const kept = (): Promise<unknown> =>
  session
    .fit({ data, progress: false, onNaN: 'continue', checkpoint: { store, every: { steps: Number(every) } } })
    .then((x) => x);

await plain();
const [saving, { length }] = [await processorSeconds(() => session.save()), await session.save()];
const one = (await processorSeconds(plain)) / STEPS;
console.log(
  `w6 on wasm: a step ${one.toFixed(3)} s, a snapshot of ${(length / 1e6).toFixed(1)} MB ${saving.toFixed(3)} s`,
);
const ratio = await ratioOf(Number(pairs), kept, plain);
console.log(`a checkpoint every ${every} steps: ${ratioText(ratio)} of the processor time without`);
rmSync(folder, { recursive: true });
session.dispose();
