/**
 * Reads mutants of small files of every format (`test/data/mutants.ts`), and prints those on which a reader throws what is no
 * error of ours, or takes too long. Not a part of the tests: a million take some minutes.
 *
 *     npx tsx test/stress/dataFiles.ts [MUTANTS [SEED]]     (1000000, 1)
 *
 * Ends with 1 where there were some.
 */

import { fault, mutant, originals } from '../data/mutants.ts';
import { draws } from '../fixtures/generator.ts';

/** Milliseconds of processor time that one file may take. */
const MOST_TIME = 100;

const [count = 0, seed = 1] = [1_000_000, 1].map((otherwise, k) => Number(process.argv[2 + k] ?? otherwise));
if (!(count > 0 && seed > 0)) {
  console.error('usage: npx tsx test/stress/dataFiles.ts [MUTANTS [SEED]]');
  process.exit(2);
}

const draw = draws(seed);
let [faults, longest] = [0, 0];
for (let k = 0; k < count; k++) {
  const original = originals[k % originals.length];
  if (original === undefined) break;
  const bytes = mutant(original.bytes, draw);
  const start = process.cpuUsage();
  const found = await fault(original, bytes);
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  longest = Math.max(longest, took);
  const slow =
    took > MOST_TIME ? `${original.name}: ${took} ms\n${Buffer.from(bytes).toString('base64')}` : undefined;
  for (const text of [found, slow]) {
    if (text === undefined) continue;
    faults++;
    console.error(text);
  }
}
console.log(`${count} mutants of seed ${seed}: ${faults} faults, at most ${longest.toFixed(1)} ms for one`);
process.exitCode = faults > 0 ? 1 : 0;
