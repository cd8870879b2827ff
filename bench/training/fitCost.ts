/**
 * What `fit` costs beside `train`, on W1 and WebAssembly: pairs of the same epochs, one after the other. At most 1.02 is meant.
 *
 *     npx tsx bench/training/fitCost.ts [pairs]
 */
import { compile } from '../../src/index.ts';
import { digits } from '../workloads/digitRows.ts';
import { w1 } from '../workloads.ts';
import { ratioOf, ratioText } from './pairs.ts';

const STEPS = 469;
const EPOCHS = 1;

const pairs = Number(process.argv[2] ?? 20);
const session = await (await compile(w1, { target: 'wasm' })).start({ seed: 1, threads: 1 });
const arrays = (await digits())(STEPS * 128);
const data = await session.dataset(arrays);
const params = { lr: 0.01 };

const train = (): Promise<unknown> =>
  session.train({ data, epochs: EPOCHS, shuffle: true, params }).then((x) => x);
const fitted = (): Promise<unknown> =>
  session.fit({ data, epochs: EPOCHS, params, progress: false }).then((x) => x);
const callbacks = [{ onSteps: () => {} }];
const heard = (): Promise<unknown> =>
  session.fit({ data, epochs: EPOCHS, params, progress: false, callbacks }).then((x) => x);
function* batches(): Generator<Record<string, ArrayLike<number>>> {
  const { x, y } = arrays;
  if (!(x instanceof Uint8Array && y instanceof Uint8Array)) throw new TypeError('digits are bytes');
  for (let step = 0; step < STEPS; step++)
    yield {
      x: x.subarray(784 * 128 * step, 784 * 128 * (step + 1)),
      y: y.subarray(128 * step, 128 * (step + 1)),
    };
}
const streamed = (): Promise<unknown> =>
  session.fit({ data: () => batches(), epochs: EPOCHS, params, progress: false }).then((x) => x);

// Whatever V8 compiles, it does before.
await train();
await fitted();
console.log(
  `w1 on wasm, one thread, ${EPOCHS} epoch of ${STEPS} steps, ${pairs} pairs; processor time beside train`,
);
console.log(`train, again        ${ratioText(await ratioOf(pairs, train, train))}`);
console.log(`fit                 ${ratioText(await ratioOf(pairs, fitted, train))}`);
console.log(`fit with a callback ${ratioText(await ratioOf(pairs, heard, train))}`);
console.log(`fit on a stream     ${ratioText(await ratioOf(Math.ceil(pairs / 4), streamed, train))}`);
session.dispose();
