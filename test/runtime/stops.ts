import type { Epoch, Session, TrainOptions } from '../../src/runtime/index.ts';

/** What a training came to that was stopped and went on elsewhere. */
export interface Stopped {
  /** The last session. */
  readonly session: Session;
  /** Of all sessions, in order. */
  readonly epochs: readonly Epoch[];
  /** How often it was stopped. */
  readonly stops: number;
}

/**
 * Trains, and stops by a signal after so many submits, again and again; each time the next session goes on with the
 * bytes that were saved.
 *
 * @param next a session, whatever it did before
 * @param submits how many submits each session waits for before it stops; the one after the last ends the training
 * @param begin what the first one loads
 */
export async function trainWithStops(
  next: () => Promise<Session>,
  options: TrainOptions,
  submits: readonly number[],
  begin: Uint8Array,
): Promise<Stopped> {
  const epochs: Epoch[] = [];
  let saved = begin;
  let stops = 0;
  for (const wait of [...submits, Number.POSITIVE_INFINITY]) {
    const session = await next();
    await session.load(saved);
    const control = new AbortController();
    let heard = 0;
    const onProgress = (): void => {
      if (++heard === wait) control.abort(new Error('stopped on purpose'));
    };
    try {
      for await (const epoch of session.train({
        ...options,
        resume: true,
        signal: control.signal,
        onProgress,
      }))
        epochs.push({ ...epoch, seconds: 0 });
      return { session, epochs, stops };
    } catch (error) {
      if (error !== control.signal.reason) throw error;
      stops++;
      saved = await session.save();
    }
  }
  throw new Error('the last session is not stopped');
}
