/**
 * Compiles a workload for WebAssembly in this process, which has compiled nothing before, and prints the
 * milliseconds: `coldCompile.ts w2`.
 */
import { compile } from '../src/index.ts';
import { workloadOf } from './byName.ts';

const { module } = workloadOf(process.argv[2] ?? '');
const begin = performance.now();
await compile(module, { target: 'wasm' });
process.stdout.write(`${performance.now() - begin}\n`);
