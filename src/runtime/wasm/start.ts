import { InputError } from '../issues.ts';
import { checkOptions, type SessionOptions } from '../options.ts';
import { Session } from '../session.ts';
import { WasmEngine } from './engine.ts';
import { checkProgram } from './format.ts';
import { type Host, hostAtHand } from './host.ts';
import type { WasmProgram } from './program.ts';

/** How a session on WebAssembly starts. */
export interface StartOptions extends SessionOptions {
  /**
   * Threads that run the program, 1 to 64; by default as many as there are cores, 16 at most. Results do not
   * depend on it. With one, steps run on the thread that calls, in chunks of about 20 ms, between which it may
   * do other things.
   */
  readonly threads?: number;
}

/** Threads that may be asked for. */
const MOST_THREADS = 64;
/** Threads where nothing is asked for: at the sizes of a training step more wait for each other. */
const MOST_BY_DEFAULT = 16;

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

/** Whether it was said that threads share no memory: once a process, not once a session. */
let warned = false;

/** @throws InputError `range` */
function threadCount(host: Host, asked: number | undefined): number {
  const wanted = asked ?? Math.min(host.cores, MOST_BY_DEFAULT);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST_THREADS)
    throw new InputError('range', 'threads', `expected 1 to ${MOST_THREADS}, found ${wanted}`);
  if (wanted === 1 || host.alone === undefined) return wanted;
  if (!warned) console.warn(`sinter runs on one thread, not ${wanted}: ${host.alone}`);
  warned = true;
  return 1;
}
