import { decodeModel, encodeModel, fromOnnx, OnnxError } from '../../../src/onnx/index.ts';
import { corpus } from './corpus.ts';
import { fileOf } from './files.ts';
import { mutated, mutatedModel, numbersFrom } from './mutate.ts';

/**
 * Imports files that were changed: `npx tsx test/onnx/in/fuzz.ts COUNT [SEED]`. Three of four have other bytes, the fourth another
 * model. Prints how they ended, and the longest time of the processor; an error that is no `OnnxError` ends it.
 */
const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const files = corpus.map(fileOf);
const models = files.map(decodeModel);
const random = numbersFrom(seed);
const found = new Map<string, number>();
let longest = 0;
for (let k = 0; k < count; k++) {
  const at = Math.floor(random() * files.length);
  const [file, model] = [files[at], models[at]];
  if (file === undefined || model === undefined) continue;
  const bytes = k % 4 === 3 ? encodeModel(mutatedModel(model, models, random)) : mutated(file, files, random);
  const before = process.cpuUsage().user;
  let ended = 'imported';
  try {
    fromOnnx(bytes);
  } catch (thrown) {
    if (!(thrown instanceof OnnxError)) {
      console.error(`file ${k} of seed ${seed}:`, thrown);
      process.exit(1);
    }
    ended = thrown.code;
  }
  // What runs first is compiled while it runs.
  if (k > 1000) longest = Math.max(longest, (process.cpuUsage().user - before) / 1000);
  found.set(ended, (found.get(ended) ?? 0) + 1);
}
console.log(Object.fromEntries([...found].sort(([, a], [, b]) => b - a)));
console.log(`${count} files, the longest took ${longest.toFixed(1)} ms of the processor`);
