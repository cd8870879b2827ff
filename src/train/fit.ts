import type { AnySignature, DefaultEntry, EntryName, Session, Signature } from '../runtime/index.ts';
import type { KeptScalars, Numbers, ScalarName, ValidatedScalars, ValidationEntry } from './fitted.ts';
import { type FitEpoch, History } from './history.ts';
import type { Host } from './host.ts';
import { type FitOptions, type OptionsOf, takeFitOptions } from './options.ts';
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
  host?: Host,
): Fit<KeptScalars<S, E, N>, ValidatedScalars<S, V, N, F>>;
export function fit(session: Session, options: FitOptions, host: Host = {}): Fit {
  const history = new History();
  const epochs = epochsOf(session, options, host, history);
  let rest: Promise<History> | undefined;
  const run = (): Promise<History> => {
    rest ??= (async () => {
      while (!(await epochs.next()).done);
      return history;
    })();
    return rest;
  };
  return Object.assign(epochs, {
    history,
    // biome-ignore lint/suspicious/noThenProperty: to await a fit is to run it
    then: (...args) => run().then(...args),
    catch: (...args) => run().catch(...args),
    finally: (...args) => run().finally(...args),
  } satisfies Pick<Fit, 'history' | 'then' | 'catch' | 'finally'>);
}

async function* epochsOf(
  session: Session,
  given: FitOptions,
  host: Host,
  history: History,
): AsyncGenerator<FitEpoch, void, undefined> {
  const running = new Running(session, takeFitOptions(session, given), host, history);
  let failed = true;
  try {
    await running.begin();
    for (;;) {
      const epoch = await running.epoch();
      if (epoch === undefined) break;
      yield epoch;
    }
    failed = false;
  } catch (error) {
    await running.keepBefore(error);
    throw error;
  } finally {
    await running.end(failed);
  }
}
