import type {
  AnySignature,
  DefaultEntry,
  EntryName,
  Session as RuntimeSession,
  Signature,
} from '../runtime/index.ts';
import { explainErrors } from './explain.ts';
import { type Fit, fit as fitted } from './fit.ts';
import type { FitOptions } from './options.ts';
import type { Host } from './running.ts';

/** A program at work, with what trains it as people know it: what `start` of `sinter` gives. */
export interface Session<S extends Signature = AnySignature> extends RuntimeSession<S> {
  /**
   * Trains for some epochs, validates after each, and tells callbacks how it goes. Await it for the history, or iterate it
   * (`for await`) for each epoch as it ends; until then it does nothing.
   *
   * ```ts
   * const history = await session.fit({ data: { x, y }, validation: 0.1, epochs: 5 });
   * ```
   *
   * @throws InputError for options and data that do not fit; FeedError where a stream does not give what it should;
   *   TrainingError `nan`; SessionError; DeviceError; what callbacks throw, and the signal's reason. The states are those
   *   of the last whole step then
   */
  fit<E extends EntryName<S> = DefaultEntry<S>>(options: FitOptions<S, E>): Fit;
}

/** Gives a session of a runtime the methods that training adds, and errors that say more. */
export function withTraining(session: RuntimeSession, host: Host): Session {
  explainErrors(session, host.hasUpdates);
  return Object.assign(session, {
    fit: (options: FitOptions): Fit => fitted(session, options, host),
  });
}
