/**
 * Training steps of Sinter for WebAssembly: `sinterSteps.ts FOLDER THREADS`, with what `task.ts` wrote. Each
 * line of input is a count of steps; each line of output says what they took.
 *
 * Pixels are `u8` in a resident dataset, as the workloads have them, and are decoded in the step.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compile } from '../../src/index.ts';
import { workloadOf } from '../byName.ts';
import { readTask } from './task.ts';

const [, , folder = '', threads = '1'] = process.argv;
const { workload, batch, batches, parameters } = readTask(folder);
const compiled = await compile(workloadOf(workload).module, { target: 'wasm' });
const initial = Object.fromEntries(parameters.map(({ name, file }) => [name, floats(file)]));
const session = await compiled.start({ threads: Number(threads), initial });

for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  if (count % batches !== 0)
    throw new RangeError(`${count} steps: it must be a multiple of ${batches}, the batches that there are`);
  const data = await session.dataset({ x: rows('x', count), y: rows('y', count) });
  const begin = performance.now();
  let loss = Number.NaN;
  for await (const epoch of session.train({ data })) loss = epoch.loss;
  const milliseconds = performance.now() - begin;
  data.dispose();
  process.stdout.write(`${JSON.stringify({ milliseconds, loss })}\n`);
}
session.dispose();

function floats(file: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** The rows of all batches, one after the other, over again until there are enough for `steps`. */
function rows(input: 'x' | 'y', steps: number): Uint8Array {
  const of = Array.from({ length: steps }, (_, k) => readFileSync(join(folder, `${input}${k % batches}.u8`)));
  const result = new Uint8Array(of.reduce((n, { length }) => n + length, 0));
  const width = result.length / (steps * batch);
  for (const [k, bytes] of of.entries()) result.set(bytes, k * batch * width);
  return result;
}
