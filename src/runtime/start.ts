import { type DeviceOptions, requestDevice } from './device.ts';
import { checkProgram } from './format.ts';
import { takeInitial, writeFirst } from './initial.ts';
import { type SessionOptions, takeOptions } from './options.ts';
import type { Program } from './program.ts';
import { type Owned, Replayer } from './replayer.ts';
import { Session } from './session.ts';
import type { AnySignature, Signature, Typed } from './signature.ts';
import type { Profiler } from './stopwatch.ts';
import type { WebGpuSession as TypedSession } from './typedSession.ts';

/** How a session on WebGPU starts; where it requests a device of its own, from which GPU or adapter. */
export interface StartOptions<S extends Signature = AnySignature> extends SessionOptions<S>, DeviceOptions {
  /** A device of the caller's, who destroys it; by default the session requests its own, from `adapter` or `gpu` where given. */
  readonly device?: GPUDevice;
  /** What times it, where the device can: `timestamps('dispatches')` of `sinter/runtime/timestamps`. See `timings`. */
  readonly profiler?: Profiler;
}

/**
 * Starts a program: gets a device, compiles its kernels, draws the first values.
 *
 * @throws FormatError where `program` is none for WebGPU; DeviceError `no-webgpu`, `no-adapter`, `limit`,
 *   `shader`, `memory`; InputError where `initial` does not fit
 */
export function start<S extends Signature = AnySignature>(
  program: Program & Typed<S>,
  options?: StartOptions<S>,
): Promise<TypedSession<S>>;
export async function start(program: Program, options: StartOptions = {}): Promise<WebGpuSession> {
  checkProgram(program);
  options = takeOptions(['seed', 'device', 'initial', 'profiler', 'gpu', 'adapter'], options);
  const initial = takeInitial(program, options.initial);
  const device = options.device ?? (await requestDevice(options));
  const owned: Owned = options.device ? [] : [() => device.destroy()];
  try {
    const replayer = await Replayer.create(device, program, options.profiler, owned);
    await writeFirst(replayer, initial, options.seed);
    return new WebGpuSession(replayer, options.seed);
  } catch (error) {
    for (const free of owned) free();
    throw error;
  }
}

/** A session on a device. */
export class WebGpuSession extends Session {
  readonly device: GPUDevice;
  /** The buffers of the program on the device, for tests and tools. */
  readonly arenas: Replayer['arenas'];

  /** @internal use `start` */
  constructor(replayer: Replayer, seed: number | undefined) {
    super(replayer, seed);
    this.device = replayer.device;
    this.arenas = replayer.arenas;
  }
}
