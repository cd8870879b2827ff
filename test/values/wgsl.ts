import { compileModule, type OptionalPass } from '../../src/compile.ts';
import { type Machine, machines, type WebGpuTarget } from '../../src/machine/index.ts';
import { start } from '../../src/runtime/index.ts';
import { sharedDevice } from '../softwareDevice.ts';
import { initialOf, targetSession } from './sessionTarget.ts';
import type { Target } from './targets.ts';

/**
 * Compiled programs on a device: the kernels of a profile, run by SwiftShader.
 *
 * @param machine that they are made for
 * @param without passes that are left out
 * @param steps of a training run that it is patient enough for; all where it is left out
 */
export function wgsl(
  profile: WebGpuTarget,
  steps?: number,
  machine: Machine = machines[profile],
  without: ReadonlySet<OptionalPass> = new Set(),
): Target {
  return {
    name: `WGSL for ${profile}`,
    floats: 'f32',
    ...(steps === undefined ? {} : { steps }),
    // For two steps of a GPT a software driver takes half a minute of processor time; with barriers one, for two of the
    // convolutional model, whose kernels random convolutions and the operations have, and for the GPT's many.
    largest: machine.features.has('barriers') ? 30 : 80,
    start: async (module, states = {}) => {
      const device = await sharedDevice();
      const { program } = compileModule(module, machine, without);
      const session = await start(program, { device, initial: initialOf(states) });
      return targetSession(program, session);
    },
  };
}
