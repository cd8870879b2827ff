import { isCompiledHere } from './compiledHere.ts';
import { findGpu } from './findGpu.ts';
import { isNode } from './isNode.ts';
import { loadPart } from './loadPart.ts';
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
import { checkOption, named } from './runtime/options.ts';
import { takeProfile } from './runtime/profiling.ts';
import type { AnySignature, Signature, Typed } from './runtime/signature.ts';
import type {
  Session as RuntimeSession,
  WasmProgram,
  StartOptions as WasmStartOptions,
} from './runtime/wasm/index.ts';
import { explainStart } from './train/explain.ts';
import { type Door, type Session, withTraining } from './train/session.ts';

/** How a session starts, whatever its target: a device is for WebGPU, threads are for WebAssembly. */
export interface StartOptions<S extends Signature = AnySignature>
  extends Omit<GpuStartOptions<S>, 'profiler'>,
    WasmStartOptions<S> {
  /**
   * Whether the driver keeps every index of a kernel inside of its array, in Node, for WebGPU, on a device that the session
   * opens itself. The compiler has proven that none leaves it, so what `compile` made in this process for
   * `webgpu-software` does without by default, and takes about a fifth less time (BENCHMARKS.md). Any other program has it by
   * default. Do not switch it off for one that comes from elsewhere: it could read and write other memory.
   */
  readonly robustness?: boolean;
}

/** Whether indices are checked as they are used: not where this process has proven them, for software alone, unless asked. */
export function needsRobustness(program: Program, asked: boolean | undefined): boolean {
  return asked ?? !(program.target === 'webgpu-software' && isCompiledHere(program));
}

/**
 * Starts a program, compiled here or read from JSON: opens what it was compiled for, a device for WebGPU, threads for
 * WebAssembly, gives all states their first values, and returns what trains and predicts. `sinter/runtime` and
 * `sinter/runtime/wasm` are the doors for one of them alone, which need nothing of the compiler.
 *
 * @throws FormatError where `program` is not one, naming the first place that is not as it should be; DeviceError where
 *   there is no adapter, no memory, or the program needs more than there is; InputError for options that do not fit; LoadError
 *   where the runtime is a file of its own that does not come
 */
export function start<S extends Signature = AnySignature>(
  program: (Program | WasmProgram) & Typed<S>,
  options?: StartOptions<S>,
): Promise<Session<S>>;
export async function start(program: Program | WasmProgram, options: StartOptions = {}): Promise<Session> {
  return withTraining(await open(program, options), hostOfNode());
}

/** What sessions find around them in Node; nothing elsewhere. */
export function hostOfNode(): Door {
  if (!isNode()) return {};
  return {
    progress: async (isAsked) => {
      const { terminalProgress } = await import('./node/progress.ts');
      return isAsked || globalThis.process.stderr.isTTY ? terminalProgress() : undefined;
    },
    signals: async () => (await import('./node/signals.ts')).stopOnSignals(),
    openFile: async (path) => (await import('./node/openFile.ts')).openFile(path),
  };
}

/** Starts a session of the runtime that a program needs, whose errors say what to do. @throws as `start` */
export async function open(
  program: Program | WasmProgram,
  options: StartOptions = {},
): Promise<RuntimeSession> {
  try {
    return await opened(program, options);
  } catch (error) {
    throw explainStart(error);
  }
}

async function opened(program: Program | WasmProgram, options: StartOptions): Promise<RuntimeSession> {
  naming.nearest = didYouMean;
  checkProgram(program);
  // What is given is taken now: opening may wait.
  options = named('options', options);
  if (options.initial !== undefined)
    options = { ...options, initial: Object.fromEntries(takeInitial(program, options.initial)) };
  // Before anything is opened: who forgot them waits for no device.
  for (const { name, init } of program.state)
    if (init.kind === 'given' && !Object.hasOwn(options.initial ?? {}, name))
      throw new InputError('missing', name, 'give its values as initial');
  if (isForWasm(program)) {
    const { start } = await loadPart('what runs WebAssembly', () => import('./runtime/wasm/index.ts'));
    return start(program, options);
  }
  const { threads, profile, robustness, ...given } = options;
  if (threads !== undefined)
    throw new InputError('unknown', 'threads', 'a program for WebGPU has no threads');
  const kind = takeProfile(profile);
  const { timestamps } = await loadPart('what times dispatches', () => import('./runtime/timestamps.ts'));
  const rest = kind === 'none' ? given : { ...given, profiler: timestamps(kind) };
  const isGiven = options.device !== undefined || options.adapter !== undefined || options.gpu !== undefined;
  if (robustness !== undefined) checkOption('robustness', robustness, 'boolean');
  if (isGiven) {
    if (robustness === undefined) return startGpu(program, rest);
    throw new InputError(
      'unknown',
      'robustness',
      'a device or GPU that is given was opened with or without it',
    );
  }
  const found = await findGpu('any', needsRobustness(program, robustness));
  if (found.target === 'webgpu-software' && program.target === 'webgpu')
    console.warn(
      "sinter found no GPU: a software driver runs what was compiled for one; the targets 'wasm' and 'webgpu-software' suit it",
    );
  return startGpu(program, { ...rest, ...found.options });
}
