import { CodedError, InputError } from '../runtime/issues.ts';

/**
 * - `failed`: the stream threw; `cause` is what it threw
 * - `batch`: a batch that the entry cannot take: a name, a type, a number; `cause` is the InputError that says which
 * - `shape`: a batch with other inputs than the first, or more rows
 * - `empty`: an epoch without a batch
 * - `short`: an epoch that is gone on with has fewer batches than were trained
 */
export type FeedErrorCode = 'failed' | 'batch' | 'shape' | 'empty' | 'short';

/** A stream of batches does not give what training needs. Training stands at the last whole step before, and can go on. */
export class FeedError extends CodedError<FeedErrorCode> {
  /** Counts from 1. */
  readonly epoch: number;
  /** The batch that was asked for, within its epoch; counts from 1. */
  readonly batch: number;

  constructor(code: FeedErrorCode, epoch: number, batch: number, text: string, options?: ErrorOptions) {
    super('FeedError', code, `the data of epoch ${epoch}, batch ${batch}: ${text}`, options);
    this.epoch = epoch;
    this.batch = batch;
  }
}

/** Which package a call needs that is not installed. @throws InputError `missing`, always */
export function needPackage(what: string, name: string, cause: unknown): never {
  const error = new InputError('missing', what, `needs the package ${name}: run npm install ${name}`);
  error.cause = cause;
  throw error;
}
