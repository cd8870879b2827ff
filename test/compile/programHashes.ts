import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import type { Module } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { mixedModule } from '../oracle/randomGroups.ts';
import { small } from './smallModel.ts';

/** Modules by number, each for a target: some have loops of others. */
const modules: readonly Module[] = [small, ...[0, 3].map((seed) => mixedModule(seed).module)];

const assemble = await loadAssembler();

/** How many programs there are to be hashed. */
export const programs = 2 * modules.length;

/** SHA-256 of a program by its number, compiled now. */
export function programHash(number: number): string {
  const module = modules[number >> 1];
  if (module === undefined) throw new RangeError(`no module ${number >> 1}`);
  const { program } =
    number % 2 === 0 ? compileModule(module, machines.webgpu) : compileToWasm(module, assemble);
  return createHash('sha256').update(JSON.stringify(program)).digest('hex');
}

// As a process of its own: the hashes of the programs whose numbers it is given, one after the other.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const number of process.argv.slice(2)) process.stdout.write(`${programHash(Number(number))}\n`);
