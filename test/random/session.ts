import { compileToWasm } from '../../src/compileToWasm.ts';
import type { Module } from '../../src/graph/index.ts';
import type { Session } from '../../src/runtime/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';

/** A session on WebAssembly whose random numbers come from a seed. */
export async function seeded(module: Module, seed: number): Promise<Session> {
  const { program } = compileToWasm(module, await loadAssembler());
  return start(program, { threads: 1, seed });
}
