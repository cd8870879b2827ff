import { inspect } from 'node:util';

/** A signal that aborts when the process is asked to end. */
export interface SignalStop {
  /** For `fit` and `train`: they end after the steps that run, and throw its reason, a {@link StoppedError}. */
  readonly signal: AbortSignal;
  /** Says in the message of the error where training stood: `in epoch 2 after step 31`. */
  stoppedAt(place: string): void;
  /** Ends as the process would have: removes the handlers. */
  dispose(): void;
}

/** The process was asked to end while it trained. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  /** `SIGINT` for Ctrl-C, or `SIGTERM`. */
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** What the process exits with, as shells expect it: 130 for `SIGINT`, 143 for `SIGTERM`. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.signal = signal;
    this.exitCode = 128 + numbers[signal];
    // It is nobody's fault: the line says enough.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Ends the process as it ends where nothing catches an error; but of one that a signal caused it prints the line alone.
 * Another listener of `uncaughtException`, where there is one, decides.
 */
function endUncaught(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return;
  const [text, code] = error instanceof StoppedError ? [error.message, error.exitCode] : [inspect(error), 1];
  process.stderr.write(`${text}\n`, () => process.exit(code));
}

/** Numbers of signals by POSIX. */
const numbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Lets training end well on Ctrl-C (`SIGINT`) and `SIGTERM`: the first aborts the signal, and sets what the process will exit
 * with; the second ends the process at once. Where nothing catches the error, the process prints its message, one line, and ends.
 *
 * ```ts
 * const stop = stopOnSignals();
 * await session.fit({ data, checkpoint: { store }, signal: stop.signal });
 * stop.dispose();
 * ```
 */
export function stopOnSignals(): SignalStop {
  const control = new AbortController();
  let stopped: StoppedError | undefined;
  const hear = (name: NodeJS.Signals): void => {
    if (name !== 'SIGINT' && name !== 'SIGTERM') return;
    const error = new StoppedError(name);
    if (control.signal.aborted) process.exit(error.exitCode);
    // At the very end: an error that nothing catches sets another.
    process.once('exit', () => {
      process.exitCode = error.exitCode;
    });
    stopped = error;
    if (!process.listeners('uncaughtException').includes(endUncaught))
      process.on('uncaughtException', endUncaught);
    control.abort(error);
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return {
    signal: control.signal,
    stoppedAt: (place) => {
      if (stopped === undefined) return;
      stopped.message = `stopped by ${stopped.signal} ${place}`;
      stopped.stack = `${stopped.name}: ${stopped.message}`;
    },
    dispose: () => {
      process.off('SIGINT', hear);
      process.off('SIGTERM', hear);
    },
  };
}
