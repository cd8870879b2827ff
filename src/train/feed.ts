import { type Data, Dataset } from '../runtime/dataset.ts';
import { type Epoch, type Session, TrainingError } from '../runtime/index.ts';
import { type Batches, countOf, epochsOf, isResident, type OpenEpoch, type Stream } from './batches.ts';
import { type Block, BlockReader } from './blocks.ts';
import type { TakenOptions } from './options.ts';
import { lossOf, Sums, type SumsState } from './sums.ts';
import type { Trainer } from './trainer.ts';

/** What an epoch's training came to; `seconds` are measured by the fit. */
export type Trained = Omit<Epoch, 'seconds'>;

/** How far an epoch is: of a stream, or of what lies on the device. */
export interface Along {
  readonly step: number;
  /** Undefined for a stream that does not say how many batches it has. */
  readonly steps: number | undefined;
  readonly scalars: Readonly<Record<string, number>>;
}

/** The place of a stream in its epoch: what a checkpoint needs beside the session's own. */
export interface StreamPlace {
  /** Batches of the epoch before the block that is trained. */
  readonly first: number;
  /** Steps of the block that are done. */
  readonly step: number;
  readonly sums: SumsState;
}

/** What gives a fit its data, epoch by epoch. */
export interface Feed {
  /**
   * Trains an epoch, or what is left of it.
   *
   * @param epoch counted from 1
   * @param isBegun whether steps of this fit are done
   * @param onProgress hears of each submit
   */
  train(epoch: number, isBegun: boolean, onProgress: (along: Along) => unknown): Promise<Trained>;
  /** The place in the epoch, of a stream; undefined of what lies on the device. */
  readonly place: StreamPlace | undefined;
  /** Goes on in an epoch of a stream; nothing of what lies on the device, of which the session knows. */
  goOnFrom(place: StreamPlace): void;
  dispose(): void;
}

/** Waits for what may take long; a signal ends the wait, with its reason. */
export type Waiting = <T>(wait: Promise<T>) => Promise<T>;

/** Opens data for a fit: uploads what is to stay. @throws InputError; DeviceError */
export async function feedOf(
  session: Session,
  data: Batches,
  options: TakenOptions,
  trainer: Trainer,
  waiting: Waiting,
): Promise<Feed> {
  if (!isResident(data)) return new StreamFeed(session, data, options, trainer, waiting);
  const { dataset, isOwn } = await residentOf(session, data);
  return {
    train: async (epoch, isBegun, onProgress) => {
      const done = await trainer.through(dataset, {
        epochs: epoch,
        shuffle: options.shuffle,
        resume: isBegun,
        sizes: options.sizes ?? {},
        onProgress: ({ step, steps, scalars }) => onProgress({ step, steps, scalars }),
      });
      const { steps, samples, scalars, loss } = done;
      return { epoch, steps, samples, scalars, loss };
    },
    place: undefined,
    goOnFrom: () => {},
    dispose: () => {
      if (isOwn) dataset.dispose();
    },
  };
}

/** Blocks of an epoch, each on the device before it is asked for. */
class StreamFeed implements Feed {
  readonly #session: Session;
  readonly #open: OpenEpoch;
  /** Batches of an epoch, where the stream says how many there are. */
  readonly #count: number | undefined;
  readonly #options: TakenOptions;
  readonly #trainer: Trainer;
  readonly #waiting: Waiting;
  #place: StreamPlace = beginning;

  constructor(session: Session, stream: Stream, options: TakenOptions, trainer: Trainer, waiting: Waiting) {
    this.#session = session;
    this.#open = epochsOf(stream);
    this.#count = countOf(stream);
    this.#options = options;
    this.#trainer = trainer;
    this.#waiting = waiting;
  }

  get place(): StreamPlace {
    return this.#place;
  }

  goOnFrom(place: StreamPlace): void {
    this.#place = place;
  }

  async train(epoch: number, _: boolean, onProgress: (along: Along) => unknown): Promise<Trained> {
    const { entry } = this.#options;
    const sums = new Sums(this.#session.program.entries[entry]?.outputs ?? [], this.#place.sums);
    let resume = this.#place.step > 0;
    for await (const { first, batches, dataset, rows } of residentBlocks(
      this.#session,
      epoch,
      this.#open,
      this.#place.first,
      this.#waiting,
    )) {
      const before = sums.state();
      const through = this.#trainer.through(dataset, {
        epochs: 1,
        shuffle: false,
        resume,
        sizes: { ...this.#options.sizes, ...rows },
        onProgress: ({ step, scalars }) => {
          this.#place = { first, step, sums: before };
          const [rowsOfBatch = 1] = Object.values(rows);
          const samples = Math.min(dataset.count, step * rowsOfBatch);
          const along = { step: first + step, scalars: sums.totals(samples, scalars) };
          // More than there are to be: the stream was wrong about itself.
          const steps = along.step <= (this.#count ?? 0) ? this.#count : undefined;
          return onProgress({ ...along, steps });
        },
      });
      const done = await through.catch((error: unknown) => {
        if (!(error instanceof TrainingError)) throw error;
        // Its block is an epoch of the session.
        throw new TrainingError(error.entry, error.output, epoch, first + error.step);
      });
      resume = false;
      sums.add(done.samples, done.scalars);
      this.#place = { first: first + batches, step: 0, sums: sums.state() };
    }
    const steps = this.#place.first;
    const scalars = sums.totals();
    this.#place = beginning;
    return { epoch, steps, samples: sums.samples, scalars, loss: lossOf(scalars) };
  }

  dispose(): void {}
}

const beginning: StreamPlace = { first: 0, step: 0, sums: { samples: 0, sums: {} } };

/** A block on the device. */
export interface ResidentBlock extends Omit<Block, 'data'> {
  readonly dataset: Dataset;
}

/**
 * The blocks of an epoch of a stream, on the device: while one is used, the next is read and uploaded; no more than these
 * two are there. Each is freed when the next is asked for.
 *
 * @param skipped batches to leave out
 * @throws FeedError; DeviceError; what `waiting` throws
 */
export async function* residentBlocks(
  session: Session,
  epoch: number,
  open: OpenEpoch,
  skipped: number,
  waiting: Waiting,
): AsyncGenerator<ResidentBlock, void, undefined> {
  const reader = new BlockReader(session.program, epoch, open);
  const prepare = async (skip = 0): Promise<ResidentBlock | undefined> => {
    await reader.skip(skip);
    const block = await reader.next();
    if (block === undefined) return undefined;
    const { data, ...rest } = block;
    return { ...rest, dataset: await session.dataset(data) };
  };
  let coming = prepare(skipped);
  try {
    for (;;) {
      // It is awaited again below: what fails while another one trains is heard of then.
      coming.catch(() => {});
      const block = await waiting(coming);
      if (block === undefined) return;
      coming = prepare();
      coming.catch(() => {});
      try {
        yield block;
      } finally {
        block.dataset.dispose();
      }
    }
  } finally {
    void coming.then(
      (block) => block?.dataset.dispose(),
      () => {},
    );
    await reader.close();
  }
}

/** A dataset as it is, or arrays uploaded. @throws InputError; DeviceError */
export async function residentOf(
  session: Session,
  data: Data | Dataset,
): Promise<{ readonly dataset: Dataset; readonly isOwn: boolean }> {
  if (data instanceof Dataset) return { dataset: data, isOwn: false };
  return { dataset: await session.dataset(data), isOwn: true };
}
