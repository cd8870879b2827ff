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
import { type Input, readTask } from './task.ts';

const [, , folder = '', threads = '1'] = process.argv;
const { workload, batches, inputs, parameters } = readTask(folder);
const compiled = await compile(workloadOf(workload).module, { target: 'wasm' });
const initial = Object.fromEntries(
  parameters.map(({ name, file }) => [name, new Float32Array(bytesOf(file))]),
);
const session = await compiled.start({ threads: Number(threads), initial });

let taken = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  const data = await session.dataset(
    Object.fromEntries(inputs.map((input) => [input.name, rows(input, taken, count)])),
  );
  const begin = performance.now();
  let loss = Number.NaN;
  for await (const epoch of session.train({ data })) loss = epoch.loss;
  const milliseconds = performance.now() - begin;
  data.dispose();
  taken += count;
  process.stdout.write(`${JSON.stringify({ milliseconds, loss })}\n`);
}
session.dispose();

function bytesOf(file: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
  return new Uint8Array(buffer).slice(byteOffset, byteOffset + byteLength).buffer;
}

/** The rows of `count` batches from batch `first` on, one after the other, round and round. */
function rows({ name, dtype, shape }: Input, first: number, count: number): Uint8Array | Int32Array {
  const elements = shape.reduce((n, extent) => n * extent, 1);
  const kind = dtype === 'u8' ? Uint8Array : Int32Array;
  const result = new kind(count * elements);
  for (let k = 0; k < count; k++)
    result.set(new kind(bytesOf(`${name}${(first + k) % batches}.${dtype}`)), k * elements);
  return result;
}
