/** A signal that aborts when the process is asked to end. */
export interface SignalStop {
  /** For `fit` and `train`: they end after the steps that run, and throw its reason, a {@link StoppedError}. */
  readonly signal: AbortSignal;
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
    // It is nobody's fault: where nothing catches it, the line says enough.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** Numbers of signals by POSIX. */
const numbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Lets training end well on Ctrl-C (`SIGINT`) and `SIGTERM`: the first aborts the signal, and sets what the process will exit
 * with; the second ends the process at once.
 *
 * ```ts
 * const stop = stopOnSignals();
 * await session.fit({ data, checkpoint: { store }, signal: stop.signal });
 * stop.dispose();
 * ```
 */
export function stopOnSignals(): SignalStop {
  const control = new AbortController();
  const hear = (name: NodeJS.Signals): void => {
    if (name !== 'SIGINT' && name !== 'SIGTERM') return;
    const error = new StoppedError(name);
    if (control.signal.aborted) process.exit(error.exitCode);
    // At the very end: an error that nothing catches sets another.
    process.once('exit', () => {
      process.exitCode = error.exitCode;
    });
    control.abort(error);
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return {
    signal: control.signal,
    dispose: () => {
      process.off('SIGINT', hear);
      process.off('SIGTERM', hear);
    },
  };
}
