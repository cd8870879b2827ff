/**
 * Reads spoilt safetensors files: none may give an error that is not ours, or take long.
 *
 *     npx tsx test/stress/safetensors.ts [count] [first seed]
 */
import { FormatError } from '../../src/runtime/index.ts';
import { readSafetensors } from '../../src/weights/index.ts';
import { mutantFile, soundFile } from '../weights/mutants.ts';

const [, , count = '1000000', first = '0'] = process.argv;
const sound = soundFile();
let [refused, longest, failed] = [0, 0, 0];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const bytes = mutantFile(sound, seed);
  const begin = performance.now();
  try {
    readSafetensors(bytes);
  } catch (error) {
    refused++;
    if (!(error instanceof FormatError)) {
      failed++;
      console.error(`seed ${seed}:`, error);
    }
  }
  longest = Math.max(longest, performance.now() - begin);
}
console.log(
  `${count} files: ${refused} refused, ${failed} with errors of others; the longest took ${longest.toFixed(1)} ms`,
);
process.exitCode = failed > 0 || longest > 100 ? 1 : 0;
