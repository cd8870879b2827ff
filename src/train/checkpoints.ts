import { clipped } from '../runtime/clipped.ts';
import { FormatError, type Session } from '../runtime/index.ts';
import { InputError, isWhole, unfit } from '../runtime/issues.ts';
import { metadataOf, withMetadata } from '../weights/metadata.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import type { Store } from '../weights/store.ts';
import type { Bare } from './bare.ts';
import { knownOptions } from './known.ts';
import { decodePlace, encodePlace, type FitPlace } from './place.ts';

/** Where and when a fit is kept, so that it can be gone on with. */
export interface CheckpointOptions {
  /** `fileStore(folder)` of `sinter/node`, `opfsStore` or `indexedDbStore` of `sinter/browser`, `memoryStore()` of `sinter/weights`. */
  readonly store: Store;
  /** `checkpoint.safetensors` by default. What callbacks keep has names that begin with it. */
  readonly name?: string;
  /** When; at the end of every epoch by default. At the end of training there always is one, and where a callback, a signal, a stream or leaving the loop ends it in an epoch. */
  readonly every?: Every;
}

/** Whichever comes first. */
export interface Every {
  /** Steps from one to the next, at the least: steps that were submitted end before. */
  readonly steps?: number;
  /** Epochs from one to the next. */
  readonly epochs?: number;
  /** Seconds from one to the next, at the least. */
  readonly seconds?: number;
}

/** The name of what is said of a fit in a checkpoint. */
const PLACE = 'sinter.fit';

/** Checkpoints of a fit: a snapshot is taken between steps, and written while training goes on. */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #onFailure: () => void;
  readonly #every: Every;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly cause: unknown } | undefined;
  #last = { steps: 0, epochs: 0, time: performance.now() };

  /**
   * @param onFailure is called when a write fails
   * @throws InputError for options that cannot be
   */
  constructor(options: CheckpointOptions, onFailure: () => void) {
    this.#options = knownOptions('checkpoint', options, ['store', 'name', 'every']);
    this.#onFailure = onFailure;
    const { store, name } = this.#options;
    requireStore('checkpoint.store', store);
    if (name !== undefined && typeof name !== 'string') unfit('type', 'checkpoint.name', 'a text', name);
    const { every: given = { epochs: 1 } } = this.#options;
    const every = knownOptions('checkpoint.every', given, ['steps', 'epochs', 'seconds']);
    this.#every = every;
    for (const key of ['steps', 'epochs'] as const)
      if (every[key] !== undefined && !isWhole(every[key], 1, Infinity))
        unfit('range', `checkpoint.every.${key}`, 'a whole number from 1', every[key]);
    if (every.seconds !== undefined && !(typeof every.seconds === 'number' && every.seconds >= 0))
      unfit('range', 'checkpoint.every.seconds', 'a number from 0', every.seconds);
  }

  /** Whether so many steps have been done since the last that another one is due. */
  isDue(steps: number): boolean {
    const { steps: most = Infinity, seconds = Infinity } = this.#every;
    return steps - this.#last.steps >= most || performance.now() - this.#last.time >= 1000 * seconds;
  }

  /** Whether one is due at the end of an epoch. */
  isDueAfter(epochs: number, steps: number): boolean {
    return epochs - this.#last.epochs >= (this.#every.epochs ?? Infinity) || this.isDue(steps);
  }

  /** The last one; undefined where there is none. @throws what the store throws; FormatError `file`, `saved` */
  async read(): Promise<Checkpoint | undefined> {
    const name = this.#name();
    const bytes = await this.#options.store.read(name);
    return bytes === undefined ? undefined : checkpointOf(bytes, name);
  }

  /** Begins to count from a place. */
  goOnFrom({ totalSteps, epochs }: FitPlace): void {
    this.#last = { steps: totalSteps, epochs: epochs.length, time: performance.now() };
  }

  /**
   * Takes a snapshot, and begins to write it once the one before is written.
   *
   * @throws what the store threw at the one before
   */
  async take(session: Pick<Bare, 'save'>, place: FitPlace): Promise<void> {
    const text = encodePlace(place);
    const bytes = await session.save();
    this.goOnFrom(place);
    await this.#writing;
    this.throwIfFailed();
    this.#writing = (async () => {
      try {
        await this.#options.store.write(this.#name(), withMetadata(bytes, { [PLACE]: text }));
      } catch (cause) {
        this.#failure = { cause };
        this.#onFailure();
      }
    })();
  }

  /** @throws what the store threw */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  /** Waits for the last write. @throws what the store threw */
  async finish(): Promise<void> {
    await this.#writing;
    this.throwIfFailed();
  }

  /** Keeps bytes of a callback beside the checkpoint. */
  async keep(name: string, bytes: Uint8Array): Promise<void> {
    await this.#options.store.write(this.#name(name), bytes);
  }

  /** What was kept of a callback. */
  async kept(name: string): Promise<Uint8Array | undefined> {
    return this.#options.store.read(this.#name(name));
  }

  #name(part?: string): string {
    const { name = 'checkpoint.safetensors' } = this.#options;
    return part === undefined ? name : name.replace(/(\.safetensors)?$/, `.${part}.safetensors`);
  }
}

/** What was kept of a fit: what the session loads, and where the fit stood. */
export interface Checkpoint {
  /** What errors call it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly place: FitPlace;
}

/** Reads a checkpoint of a fit. @throws FormatError `file`, `saved`, with its name */
export function checkpointOf(bytes: Uint8Array, name = 'resume'): Checkpoint {
  try {
    const { [PLACE]: text } = metadataOf(bytes);
    if (text === undefined)
      throw new FormatError(
        'saved',
        'saved: expected a checkpoint of a fit, found states alone: load them, and fit without resume',
      );
    return { name, bytes, place: decodePlace(text) };
  } catch (cause) {
    throw ofCheckpoint(name, cause);
  }
}

/** Loads the states of a checkpoint. @throws FormatError `file`, `saved`, with its name and what another model has; SessionError */
export async function loadCheckpoint(session: Session, { name, bytes }: Checkpoint): Promise<void> {
  try {
    const other = otherModel(session, bytes);
    if (other !== undefined) throw new FormatError('saved', `is of another model: ${other}`);
    await session.load(bytes);
  } catch (cause) {
    throw ofCheckpoint(name, cause);
  }
}

/** An error about a checkpoint's bytes with the checkpoint's name; any other as it is. */
function ofCheckpoint(name: string, cause: unknown): unknown {
  if (!(cause instanceof FormatError)) return cause;
  const named = /^(the file|saved)(?=[: ])/;
  const text = named.test(cause.message)
    ? cause.message.replace(named, () => clipped(name))
    : `${clipped(name)}: ${cause.message}`;
  return new FormatError(cause.code, text, { cause });
}

/** What the first state is that a session has otherwise; undefined where all are the same. */
function otherModel({ program }: Session, bytes: Uint8Array): string | undefined {
  const found = new Map(
    [...readSafetensors(bytes).tensors].map(([name, tensor]) => [name, stateText(tensor)]),
  );
  const wanted = new Map(
    program.state.map(({ name, dtype, shape }) => [
      name,
      stateText({ dtype: dtype === 'bool' ? 'U32' : dtype.toUpperCase(), shape }),
    ]),
  );
  for (const name of new Set([...wanted.keys(), ...found.keys()])) {
    const [there, here] = [found.get(name), wanted.get(name)];
    if (there !== here)
      return `${clipped(name)} is ${there ?? 'missing'} there, and ${here ?? 'missing'} in this one`;
  }
  return undefined;
}

function stateText({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype} [${shape.join(', ')}]`;
}

/** @throws InputError `type` for what is not a store */
export function requireStore(name: string, store: Store): void {
  const given: Partial<Store> = Object(store);
  for (const method of ['write', 'read'] as const)
    if (typeof given[method] !== 'function')
      unfit(
        'type',
        name,
        `a store with a method ${method}, as fileStore, opfsStore or memoryStore give`,
        store,
      );
}

/** @throws InputError where there is nothing to resume from */
export function requireResumable(resume: unknown, checkpoint: unknown): void {
  if (resume !== undefined && typeof resume !== 'boolean' && !(resume instanceof Uint8Array))
    unfit('type', 'resume', 'true, false, or the bytes of a checkpoint', resume);
  if (resume === true && checkpoint === undefined)
    throw new InputError(
      'missing',
      'checkpoint',
      'resume goes on from the last checkpoint: give its store, checkpoint: { store }',
    );
}
