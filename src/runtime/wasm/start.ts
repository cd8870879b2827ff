import { checkOptions, type SessionOptions } from '../options.ts';
import { Session } from '../session.ts';
import { WasmEngine } from './engine.ts';
import { checkProgram } from './format.ts';
import { hostAtHand } from './host.ts';
import type { WasmProgram } from './program.ts';
import { threadCount } from './threadCount.ts';

/** How a session on WebAssembly starts. */
export interface StartOptions extends SessionOptions {
  /**
   * Threads that run the program, 1 to 64; by default as many as there are cores, 16 at most. Results do not
   * depend on it. With one, steps run on the thread that calls, in chunks of about 20 ms, between which it may
   * do other things.
   */
  readonly threads?: number;
}

/**
 * Starts a program: compiles its module, starts threads, draws the first values.
 *
 * @throws FormatError where `program` is none for WebAssembly; DeviceError `shader`, `memory`, `lost`; InputError
 *   where `initial` does not fit
 */
export async function start(program: WasmProgram, options: StartOptions = {}): Promise<WasmSession> {
  checkProgram(program);
  checkOptions(['seed', 'initial', 'profile', 'threads'], options);
  const host = await hostAtHand();
  const threads = threadCount(host, options.threads);
  const engine = await WasmEngine.create(program, host, threads, options.profile ?? 'none');
  try {
    return new WasmSession(engine, threads, options);
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
  constructor(engine: WasmEngine, threads: number, options: StartOptions) {
    super(engine, options);
    this.threads = threads;
  }
}
