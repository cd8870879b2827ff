import { compileToWasm } from '../../src/compileToWasm.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { initialOf, targetSession } from './sessionTarget.ts';
import type { Target } from './targets.ts';

/** Compiled programs on WebAssembly. */
export function wasm(threads: number): Target {
  return {
    name: `WebAssembly, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    floats: 'f32',
    start: async (module, states = {}) => {
      const { program } = compileToWasm(module, await loadAssembler());
      const session = await start(program, { threads, initial: initialOf(states) });
      return targetSession(program, session);
    },
  };
}
