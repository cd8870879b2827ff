/** Goes on, in a process of its own, with a training whose saved bytes lie in a file; prints what it came to. */
import { readFileSync } from 'node:fs';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { assemble } from './bareWasm.ts';
import { digest } from './digest.ts';
import { small } from './smallModel.ts';
import { smallTraining } from './smallTraining.ts';

const [, , file = ''] = process.argv;
const session = await start(compileToWasm(small, assemble).program, { threads: 2, seed: 77 });
await session.load(readFileSync(file));
const epochs = await session.train({ ...smallTraining, resume: true });
console.log(JSON.stringify({ states: await digest(session), losses: epochs.map(({ loss }) => loss) }));
session.dispose();
