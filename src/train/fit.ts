import type { AnySignature, DefaultEntry, EntryName, Session, Signature } from '../runtime/index.ts';
import { SessionError } from '../runtime/issues.ts';
import { awaitable } from './awaitable.ts';
import type { KeptScalars, Numbers, ScalarName, ValidatedScalars, ValidationEntry } from './fitted.ts';
import { type FitEpoch, History } from './history.ts';
import type { Host } from './host.ts';
import { type FitOptions, type OptionsOf, type TakenOptions, takeFitOptions } from './options.ts';
import { Running } from './running.ts';

/**
 * A fit that runs when it is asked to, once. Iterated (`for await`), it gives each epoch as it ends; awaited, it runs all that
 * are left, and gives the history. Neither iterated nor awaited, it does nothing.
 */
export interface Fit<Scalars extends object = Numbers, Validated extends object = Numbers>
  extends AsyncGenerator<FitEpoch<Scalars, Validated>, void, undefined>,
    Pick<Promise<History<Scalars, Validated>>, 'then' | 'catch' | 'finally'> {
  /** The epochs that are done. */
  readonly history: History<Scalars, Validated>;
}

/**
 * Trains a session for some epochs, validates after each, and tells callbacks how it goes: `session.train` and
 * `session.evaluate`, with what everybody writes around them.
 *
 * ```ts
 * const history = await fit(session, { data: { x, y }, validation: 0.1, epochs: 5, callbacks: [earlyStopping()] });
 * ```
 *
 * @throws InputError for options and data that do not fit; FeedError where a stream does not give what it should;
 *   TrainingError `nan`; SessionError; DeviceError; what callbacks throw, and the signal's reason. The states are those of
 *   the last whole step then
 */
export function fit<
  S extends Signature = AnySignature,
  E extends EntryName<S> = DefaultEntry<S>,
  V extends EntryName<S> = ValidationEntry<S, E>,
  N extends ScalarName<S, E> | ScalarName<S, V> = ScalarName<S, E> | ScalarName<S, V>,
  F extends string = never,
>(
  session: Session<S>,
  options: OptionsOf<NoInfer<S>, E, V, N, F>,
): Fit<KeptScalars<S, E, N>, ValidatedScalars<S, V, N, F>>;
export function fit(session: Session, options: FitOptions): Fit {
  return fitWithin(session, options, {});
}

/** {@link fit}, with what a door knows. @throws as {@link fit} */
export function fitWithin(session: Session, options: FitOptions, host: Host): Fit {
  const history = new History();
  const epochs = epochsOf(session, taken(session, options), host, history);
  return Object.assign(
    awaitable(epochs, () => history),
    { history },
  );
}

/** Sessions that a fit trains: a second one at once would take its steps in between. */
const fitting = new WeakSet<Session>();

/** Options as they are at the call. @returns a function that gives them, or throws what is wrong with them */
function taken(session: Session, given: FitOptions): () => TakenOptions {
  try {
    const options = takeFitOptions(session, given);
    return () => options;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

async function* epochsOf(
  session: Session,
  options: () => TakenOptions,
  host: Host,
  history: History,
): AsyncGenerator<FitEpoch, void, undefined> {
  const running = new Running(session, options(), host, history);
  if (fitting.has(session))
    throw new SessionError('busy', 'another fit of the session runs: await it, or leave its loop, first');
  fitting.add(session);
  let failed = false;
  try {
    await running.begin();
    for (;;) {
      const epoch = await running.epoch();
      if (epoch === undefined) break;
      yield epoch;
    }
  } catch (error) {
    failed = true;
    await running.keepBefore(error);
    throw error;
  } finally {
    await running.end(failed).finally(() => fitting.delete(session));
  }
}
