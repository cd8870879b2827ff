/** Trains an epoch in a process of its own, then disposes of the session, leaves it as it is, or has lost it. */
import { start } from '../../src/runtime/wasm/index.ts';
import { linearData } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';

const [, , way, threads] = process.argv;
const mischief = { step: 2, thread: 1, instructions: '(unreachable)' };
const session = await start(linearWasm(way === 'die' ? mischief : undefined), { threads: Number(threads) });
try {
  for await (const { samples } of session.train({ data: linearData(9) }))
    console.log(`${way}: ${samples} samples`);
} catch (error) {
  console.log(`${way}: ${error instanceof Error && 'code' in error ? error.code : error}`);
}
if (way === 'dispose') session.dispose();
