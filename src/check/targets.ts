import { type CompiledProgram, compile, type StartOptions } from '../compiled.ts';
import { dispatchesOf } from '../inspect/explain.ts';
import { UnknownNameError } from '../issues.ts';
import type { TargetName, WebGpuTarget } from '../machine/index.ts';
import { openGpu } from '../node/gpu.ts';
import { requestDevice } from '../runtime/index.ts';
import type { Dispatch, Runner } from './runner.ts';

/** A target that may be at hand. */
export interface Target {
  readonly name: string;
  /** Opens what it runs on. @throws DeviceError where there is none */
  open(): Promise<Runner>;
}

/**
 * The targets that are compared, in the order in which they are opened: a process that has opened the software
 * driver of WebGPU finds no hardware afterwards.
 */
export const targets: readonly Target[] = [
  { name: 'webgpu', open: () => onGpu('webgpu', 'hardware') },
  { name: 'webgpu-software', open: () => onGpu('webgpu-software', 'software') },
  { name: 'wasm', open: async () => compiledRunner('wasm', 'threads of the processor', {}, () => {}) },
];

async function onGpu(target: WebGpuTarget, kind: 'hardware' | 'software'): Promise<Runner> {
  const { gpu, adapter, description } = await openGpu({ target: kind });
  // One device for all sessions: an adapter gives no second one.
  const device = await requestDevice({ gpu, adapter });
  return compiledRunner(target, description, { device }, () => device.destroy());
}

/** A runner of what is compiled for a target. */
function compiledRunner(target: TargetName, device: string, where: StartOptions, close: () => void): Runner {
  return {
    name: target,
    device,
    close,
    start: async (module, { seed, without = [] }) => {
      const compiled = await compile(module, { target, without });
      const session = await compiled.start({ ...where, seed });
      return {
        step: (entry, inputs) =>
          session.run(
            entry,
            Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])),
          ),
        read: (state) => session.read(state),
        write: (state, { data }) => session.write(state, data),
        dispatchesOf: (entry, name) => dispatchesNamed(compiled, entry, name),
        dispose: () => session.dispose(),
      };
    },
  };
}

/** The dispatches of an entry that compute what has a name; see `Running.dispatchesOf`. */
export function dispatchesNamed(compiled: CompiledProgram, entry: string, name: string): Dispatch[] {
  const { dispatches } = compiled.entry(entry);
  try {
    const found = dispatchesOf(compiled.compilation, name).get(entry) ?? [];
    return [...found]
      .sort((a, b) => a - b)
      .flatMap((number) => {
        const dispatch = dispatches[number];
        return dispatch === undefined ? [] : [{ number, kernel: dispatch.name }];
      });
  } catch (error) {
    // Movements, and what is simplified away, are computed by no kernel of their own.
    if (error instanceof UnknownNameError) return [];
    throw error;
  }
}
