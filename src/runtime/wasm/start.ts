import { takeInitial, writeFirst } from '../initial.ts';
import { type SessionOptions, takeOptions } from '../options.ts';
import { type Profiling, takeProfile } from '../profiling.ts';
import { Session } from '../session.ts';
import type { AnySignature, Signature, Typed } from '../signature.ts';
import { WasmEngine } from './engine.ts';
import { checkProgram } from './format.ts';
import { hostAtHand } from './host.ts';
import type { WasmProgram } from './program.ts';
import { threadCount } from './threadCount.ts';
import type { WasmSession as TypedSession } from './typedSession.ts';

/** How a session on WebAssembly starts. */
export interface StartOptions<S extends Signature = AnySignature> extends SessionOptions<S> {
  /**
   * Threads that run the program, 1 to 64; by default as many as there are cores, 16 at most. Results do not
   * depend on it. With one, steps run on the thread that calls, in chunks of about 20 ms, between which it may
   * do other things.
   */
  readonly threads?: number;
  /** What is timed: see `timings`. */
  readonly profile?: Profiling;
}

/**
 * Starts a program: compiles its module, starts threads, draws the first values.
 *
 * @throws FormatError where `program` is not one for WebAssembly; DeviceError `shader`, `memory`, `lost`; InputError
 *   where `initial` does not fit
 */
export function start<S extends Signature = AnySignature>(
  program: WasmProgram & Typed<S>,
  options?: StartOptions<S>,
): Promise<TypedSession<S>>;
export async function start(program: WasmProgram, options: StartOptions = {}): Promise<WasmSession> {
  checkProgram(program);
  const {
    seed,
    initial,
    profile,
    threads: wanted,
  } = takeOptions(['seed', 'initial', 'profile', 'threads'], options);
  const first = takeInitial(program, initial);
  const host = await hostAtHand();
  const threads = await threadCount(host, wanted);
  const engine = await WasmEngine.create(program, host, threads, takeProfile(profile));
  try {
    await writeFirst(engine, first, seed);
    await engine.ready;
    return new WasmSession(engine, threads, seed);
  } catch (error) {
    engine.dispose();
    throw error;
  }
}

/** A session on the processor. */
export class WasmSession extends Session {
  /** Threads that run the program. */
  readonly threads: number;

  /** @internal use `start` */
  constructor(engine: WasmEngine, threads: number, seed: number | undefined) {
    super(engine, seed);
    this.threads = threads;
  }
}
