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
let [refused, longest, slowest, failed] = [0, 0, 0, 0];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const bytes = mutantFile(sound, seed);
  // Of processors: on a machine that others use, too, the clock tells of them.
  const begin = process.cpuUsage();
  try {
    readSafetensors(bytes);
  } catch (error) {
    refused++;
    if (!(error instanceof FormatError)) {
      failed++;
      console.error(`seed ${seed}:`, error);
    }
  }
  const { user, system } = process.cpuUsage(begin);
  if ((user + system) / 1000 > longest) [longest, slowest] = [(user + system) / 1000, seed];
}
console.log(
  `${count} files: ${refused} refused, ${failed} with errors of others; the longest took ${longest.toFixed(1)} ms (seed ${slowest})`,
);
process.exitCode = failed > 0 || longest > 100 ? 1 : 0;
