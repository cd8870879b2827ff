import { findGpu } from './findGpu.ts';
import { didYouMean } from './nearest.ts';
import { checkProgram, isForWasm } from './runtime/check.ts';
import {
  type StartOptions as GpuStartOptions,
  InputError,
  type Program,
  start as startGpu,
} from './runtime/index.ts';
import { takeInitial } from './runtime/initial.ts';
import { naming } from './runtime/issues.ts';
import { named } from './runtime/options.ts';
import { takeProfile } from './runtime/profiling.ts';
import type { Session, WasmProgram, StartOptions as WasmStartOptions } from './runtime/wasm/index.ts';

/** How a session starts, whatever its target: a device is for WebGPU, threads are for WebAssembly. */
export interface StartOptions extends Omit<GpuStartOptions, 'profiler'>, WasmStartOptions {}

/**
 * Starts a program, compiled here or read from JSON: opens what it was compiled for, a device for WebGPU, threads for
 * WebAssembly, gives all states their first values, and returns what trains and predicts. `sinter/runtime` and
 * `sinter/runtime/wasm` are the doors for one of them alone, which need nothing of the compiler.
 *
 * @throws FormatError where `program` is not one, naming the first place that is not as it should be; DeviceError where
 *   there is no adapter, no memory, or the program needs more than there is; InputError for options that do not fit
 */
export async function start(program: Program | WasmProgram, options: StartOptions = {}): Promise<Session> {
  naming.nearest = didYouMean;
  checkProgram(program);
  // What is given is taken now: opening may wait.
  options = named('options', options);
  if (options.initial !== undefined)
    options = { ...options, initial: Object.fromEntries(takeInitial(program, options.initial)) };
  if (isForWasm(program)) {
    const { start } = await import('./runtime/wasm/index.ts');
    return start(program, options);
  }
  const { threads, profile, ...given } = options;
  if (threads !== undefined)
    throw new InputError('unknown', 'threads', 'a program for WebGPU has no threads');
  const kind = takeProfile(profile);
  const { timestamps } = await import('./runtime/timestamps.ts');
  const rest = kind === 'none' ? given : { ...given, profiler: timestamps(kind) };
  const isGiven = options.device !== undefined || options.adapter !== undefined || options.gpu !== undefined;
  if (isGiven) return startGpu(program, rest);
  const found = await findGpu('any');
  if (found.target === 'webgpu-software' && program.target === 'webgpu')
    console.warn(
      "sinter found no GPU: a software driver runs what was compiled for one; the targets 'wasm' and 'webgpu-software' suit it",
    );
  return startGpu(program, { ...rest, ...found.options });
}
