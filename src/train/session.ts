import {
  type AnySignature,
  type DefaultEntry,
  type EntryName,
  InputError,
  type Session as RuntimeSession,
  type Signature,
} from '../runtime/index.ts';
import {
  hasChecksum,
  type LoadOptions,
  type LoadReport,
  loadWeights,
  type RandomAccess,
  type SaveOptions,
  saveWeights,
  verifyChecksum,
  type WeightsSource,
  withMetadata,
} from '../weights/index.ts';
import { explainErrors } from './explain.ts';
import { type Fit, fitWithin } from './fit.ts';
import type { KeptScalars, ScalarName, ValidatedScalars, ValidationEntry } from './fitted.ts';
import type { Host } from './host.ts';
import type { FitOptions, OptionsOf } from './options.ts';

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
  fit<
    E extends EntryName<S> = DefaultEntry<S>,
    V extends EntryName<S> = ValidationEntry<S, E>,
    N extends ScalarName<S, E> | ScalarName<S, V> = ScalarName<S, E> | ScalarName<S, V>,
    F extends string = never,
  >(options: OptionsOf<S, E, V, N, F, Session>): Fit<KeptScalars<S, E, N>, ValidatedScalars<S, V, N, F>>;
  /**
   * Loads weights out of a safetensors file, whoever wrote it: its path in Node, its bytes, a `File`, or what reads it in parts.
   *
   * ```ts
   * await session.loadWeights('model.safetensors', { prefix: 'model.', layout: 'pytorch' });
   * ```
   *
   * @throws as `loadWeights` of `sinter/weights`
   */
  loadWeights(source: WeightsSource | string | URL, options?: LoadOptions): Promise<LoadReport>;
  /**
   * A safetensors file of the weights, without what belongs to an optimizer.
   *
   * @throws as `saveWeights` of `sinter/weights`
   */
  saveWeights(options?: SaveOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a door gives its sessions beside what the runtime has. */
export interface Door extends Omit<Host, 'bare'> {
  /** Opens a file by its path, to be read in parts. */
  readonly openFile?: (path: string | URL) => Promise<RandomAccess & { close(): Promise<void> }>;
}

/**
 * Gives a session of a runtime the methods that training adds, errors that say more, and checksums to what it
 * saves.
 */
export function withTraining(session: RuntimeSession, { openFile, ...host }: Door): Session {
  explainErrors(session, host.hasUpdates);
  const { save, load } = session;
  const bare = { save: () => save.call(session), load: (saved: Uint8Array) => load.call(session, saved) };
  return Object.assign(session, {
    fit: (options: FitOptions): Fit => fitWithin(session, options, { ...host, bare }),
    loadWeights: async (source: WeightsSource | string | URL, options?: LoadOptions): Promise<LoadReport> => {
      if (typeof source !== 'string' && !(source instanceof URL))
        return loadWeights(session, source, options);
      if (openFile === undefined)
        throw new InputError(
          'type',
          'source',
          'only Node opens paths: give bytes, a File, or openUrl of sinter/browser',
        );
      const file = await openFile(source);
      try {
        return await loadWeights(session, file, options);
      } finally {
        await file.close();
      }
    },
    saveWeights: (options?: SaveOptions): Promise<Uint8Array<ArrayBuffer>> => saveWeights(session, options),
    save: async (): Promise<Uint8Array<ArrayBuffer>> => withMetadata(await save.call(session), {}),
    load: async (saved: Uint8Array): Promise<void> => {
      // What is not such a file at all the runtime refuses, and says what would be right.
      if (saved instanceof Uint8Array && hasChecksum(saved)) verifyChecksum(saved, 'saved');
      return load.call(session, saved);
    },
  });
}
