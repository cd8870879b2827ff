/**
 * What every supported Node must do with the built package: `.ci/nodes.mjs` runs it. Each check that holds prints a
 * line of JSON; the first that does not ends the process.
 */
import assert from 'node:assert/strict';
import * as sinter from 'sinter';
import { openGpu } from 'sinter/node';
import { checkProgram, isForWasm } from 'sinter/runtime/check';
import { start, type WasmProgram } from 'sinter/runtime/wasm';
import { linearData } from '../runtime/linearModel.ts';
import { dawdle, linearWasm } from '../runtime/linearWasm.ts';
import { strayWakes, unevenData, unevenModel } from '../runtime/strayWakes.ts';

assert.match(import.meta.resolve('sinter'), /\/dist\/index\.js$/);

const STEPS = 3;
const model = unevenModel(sinter);
const onWasm = await sinter.compile(model, { target: 'wasm' });
const onSoftware = await sinter.compile(model, { target: 'webgpu-software' });

/** Losses of a few steps. */
async function losses(open: () => Promise<Awaited<ReturnType<typeof onWasm.start>>>): Promise<number[]> {
  const session = await open();
  const found: number[] = [];
  for (let step = 0; step < STEPS; step++)
    found.push(Number((await session.run('train', unevenData(8))).loss?.data[0]));
  session.dispose();
  return found;
}

function holds(check: string, says: string): void {
  console.log(JSON.stringify({ node: process.versions.node, check, says }));
}

const program: unknown = JSON.parse(JSON.stringify(onWasm.program));
checkProgram(program);
assert.ok(isForWasm(program));
const cases: readonly (readonly [WasmProgram, sinter.Data])[] = [
  [linearWasm({ thread: 1, instructions: dawdle }), linearData(61)],
  [program, unevenData(61)],
];
let wakes = 0;
for (const [of, data] of cases) {
  const { woken, calm, disturbed } = await strayWakes(start, of, data);
  assert.ok(woken > 0, `${of.name}: no thread was woken`);
  assert.equal(disturbed, calm, `${of.name}: other bits after ${woken} wakes that no barrier sent`);
  wakes += woken;
}
holds('stray wakes', `${cases.length} of ${cases.length} programs equal after ${wakes}`);

const first = await losses(() => onWasm.start({ threads: 2, seed: 1 }));
assert.ok((first.at(-1) ?? Number.NaN) < (first[0] ?? Number.NaN), `losses do not fall: ${first}`);
holds('wasm', `${first.length} steps`);

const { gpu, adapter } = await openGpu({ target: 'software' });
const second = await losses(() => onSoftware.start({ gpu, adapter, seed: 1 }));
for (const [step, loss] of second.entries())
  assert.ok(Math.abs(loss - (first[step] ?? Number.NaN)) < 1e-5, `losses differ: ${first} and ${second}`);
holds('webgpu-software', `${second.length} steps`);
