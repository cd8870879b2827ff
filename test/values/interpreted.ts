import { compileModule } from '../../src/compile.ts';
import { type Machine, machines, type WebGpuTarget } from '../../src/machine/index.ts';
import { interpretedSession } from '../compile/interpreted.ts';
import type { Target } from './targets.ts';

/**
 * The kernels of a profile on the interpreter, every operation rounded to float32.
 *
 * @param machine that they are made for
 */
export function interpreted(profile: WebGpuTarget, machine: Machine = machines[profile]): Target {
  return {
    name: `the interpreter, for ${profile}`,
    floats: 'f32',
    start: async (module, states = {}) => {
      const session = interpretedSession(compileModule(module, machine), states, true);
      return {
        step: async (entry, feeds) => session.step(entry, feeds),
        read: async (state) => {
          const data = session.read(state);
          return { shape: [data.length], data };
        },
        dispose: async () => {},
      };
    },
  };
}
