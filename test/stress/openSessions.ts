/**
 * Trains in fourteen sessions of two threads each, one after another, compares their bits, and leaves them all open: the
 * process must end by itself. `shortProcesses.ts` runs it, with the programs' file as its argument.
 */
import { readFileSync } from 'node:fs';
import { type Data, start, type WasmProgram } from '../../src/runtime/wasm/index.ts';
import { rows } from '../compile/smallModel.ts';
import { linearData } from '../runtime/linearModel.ts';
import { digest } from '../runtime/strayWakes.ts';

const SESSIONS = 14;
/** Steps of a chunk: the threads get a message for each. */
const CHUNKS = [1, 3, 100];
const EPOCHS = 4;

const programs: Readonly<Record<'linear' | 'small', WasmProgram>> = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
const cases: readonly (readonly [WasmProgram, Data])[] = [
  [programs.linear, linearData(61)],
  [programs.small, rows(61)],
];
const first = new Map<WasmProgram, string>();
for (let k = 0; k < SESSIONS; k++) {
  const stepsPerSubmit = CHUNKS[k % CHUNKS.length] ?? 1;
  const [program, data] = cases[k % cases.length] ?? [programs.linear, linearData(61)];
  console.log(`session ${k}: ${program.name} in chunks of ${stepsPerSubmit}`);
  const session = await start(program, { threads: 2, seed: 7 });
  for await (const _ of session.train({ data, epochs: EPOCHS, shuffle: true, stepsPerSubmit }));
  const found = await digest(session);
  const expected = first.get(program) ?? found;
  first.set(program, expected);
  if (found !== expected) throw new RangeError(`its states are ${found}, those of the first ${expected}`);
}
console.log(`all ${SESSIONS} sessions`);
