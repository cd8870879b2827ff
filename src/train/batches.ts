import { type Data, Dataset } from '../runtime/dataset.ts';

/** Batches of an epoch, as `DataStream` of `sinter/data` gives them: the same epoch gives the same batches. */
export interface BatchSource<out Batch = Data> {
  /** Batches of an epoch, where that is known: progress is told with it. */
  readonly count?: number | undefined;
  /** @param epoch counted from 1 */
  elements(epoch: number): AsyncIterable<Batch>;
  /** False where its elements may be single samples: of a stream whose first batch has one row they are refused then. */
  readonly isBatched?: boolean;
}

/**
 * What `fit` trains on: arrays, or a dataset of the session, which stay on the device and are cut into batches there; or a
 * stream of batches, each of arrays by input name, which passes through the device: a source, an iterable, or a function of
 * the epoch, counted from 1. An iterable that can be walked through once, such as a generator's, serves one epoch.
 */
export type Batches<Batch = Data> =
  | Batch
  | Dataset
  | BatchSource<Batch>
  | AsyncIterable<Batch>
  | Iterable<Batch>
  | ((epoch: number) => AsyncIterable<Batch> | Iterable<Batch>);

/** The batches of an epoch. */
export interface OpenEpoch {
  (epoch: number): AsyncIterator<Data> | Iterator<Data>;
  /** Whether a first batch of one row is taken for a sample that is in no batch. */
  readonly mayBeSamples?: boolean;
}

/** A stream: what does not go to the device whole. */
export type Stream = Exclude<Batches, Data | Dataset>;

/** Whether data stay on the device, or go there whole. */
export function isResident(batches: Batches): batches is Data | Dataset {
  return (
    batches instanceof Dataset || !(typeof batches === 'function' || isSource(batches) || isIterable(batches))
  );
}

/** What opens the epochs of a stream. */
export function epochsOf(stream: Stream): OpenEpoch {
  if (typeof stream === 'function') return (epoch) => iteratorOf(stream(epoch));
  if (isSource(stream)) {
    const open = (epoch: number) => iteratorOf(stream.elements(epoch));
    return Object.assign(open, { mayBeSamples: stream.isBatched === false });
  }
  return () => iteratorOf(stream);
}

/** Batches of an epoch of a stream, where it says how many there are. */
export function countOf(stream: Stream): number | undefined {
  return typeof stream !== 'function' && isSource(stream) ? stream.count : undefined;
}

function isSource(batches: object): batches is BatchSource {
  return 'elements' in batches && typeof batches.elements === 'function';
}

function isIterable(batches: object): batches is AsyncIterable<Data> | Iterable<Data> {
  return Symbol.asyncIterator in batches || Symbol.iterator in batches;
}

function iteratorOf(batches: AsyncIterable<Data> | Iterable<Data>): AsyncIterator<Data> | Iterator<Data> {
  return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
}
