import { loadAssembler } from '../../src/codegen/wasm/assemble.ts';
import { compileToWasm } from '../../src/compile.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import type { Target } from './targets.ts';

/** Compiled programs on WebAssembly. */
export function wasm(threads: number): Target {
  return {
    name: `WebAssembly, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    floats: 'f32',
    start: async (module, states = {}) => {
      const { program } = compileToWasm(module, await loadAssembler());
      const initial = Object.fromEntries(Object.entries(states).map(([name, { data }]) => [name, data]));
      const session = await start(program, { threads, initial });
      const given = (
        names: readonly string[],
        inputs: Readonly<Record<string, { data: ArrayLike<number> }>>,
      ): Record<string, ArrayLike<number>> =>
        Object.fromEntries(names.map((name) => [name, inputs[name]?.data ?? []]));
      return {
        step: async (entry, feeds = {}) =>
          session.run(entry, given(program.entries[entry]?.inputs ?? [], feeds.inputs ?? {}), {
            ...(feeds.params === undefined ? {} : { params: feeds.params }),
            ...(feeds.live === undefined ? {} : { sizes: feeds.live }),
          }),
        read: (state) => session.read(state),
        dispose: async () => session.dispose(),
      };
    },
  };
}
