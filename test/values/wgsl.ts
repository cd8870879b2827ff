import { compileModule } from '../../src/compile.ts';
import { type ProfileName, profiles } from '../../src/passes/profile.ts';
import { start } from '../../src/runtime/index.ts';
import { sharedDevice } from '../softwareDevice.ts';
import type { Target } from './targets.ts';

/**
 * Compiled programs on a device: the kernels of a profile, run by SwiftShader.
 *
 * @param steps of a training run that it is patient enough for; all where it is left out
 */
export function wgsl(profile: ProfileName, steps?: number): Target {
  return {
    name: `WGSL for ${profile}`,
    floats: 'f32',
    ...(steps === undefined ? {} : { steps }),
    start: async (module, states = {}) => {
      const device = await sharedDevice();
      const { program } = compileModule(module, profiles[profile]);
      const initial = Object.fromEntries(Object.entries(states).map(([name, { data }]) => [name, data]));
      const session = await start(program, { device, initial });
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
