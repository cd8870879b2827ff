/**
 * From the call of `compile` to the end of the first training step of a workload, in this process, which has compiled
 * nothing before: `firstStep.ts w2 2` prints milliseconds to the program, to the session, and to the end of the step.
 */
import { compile } from '../../src/index.ts';
import { workloadOf } from '../byName.ts';

const [name = '', threads = '1'] = process.argv.slice(2);
const { module, data } = workloadOf(name);
const rows = (await data())(module.sizes[0]?.max ?? 1);
const begin = performance.now();
const compiled = await compile(module, { target: 'wasm' });
const compiledAt = performance.now() - begin;
const session = await compiled.start({ seed: 1, threads: Number(threads) });
const startedAt = performance.now() - begin;
await session.run('train', rows);
const endedAt = performance.now() - begin;
session.dispose();
process.stdout.write(`${JSON.stringify([compiledAt, startedAt, endedAt])}\n`);
