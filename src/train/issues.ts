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

  /** Whether it is the stream of the validation after that epoch; else it is the one that is trained on. */
  readonly isValidation: boolean;
  readonly #text: string;

  constructor(
    code: FeedErrorCode,
    epoch: number,
    batch: number,
    text: string,
    options?: ErrorOptions & { readonly isValidation?: boolean },
  ) {
    const { isValidation = false } = options ?? {};
    const data = isValidation ? 'validation data after' : 'data of';
    super('FeedError', code, `the ${data} epoch ${epoch}, batch ${batch}: ${text}`, options);
    this.epoch = epoch;
    this.batch = batch;
    this.isValidation = isValidation;
    this.#text = text;
  }

  /** The same of the validation after an epoch. @internal */
  ofValidation(epoch: number): FeedError {
    const { code, batch, cause } = this;
    const options = { isValidation: true, ...(cause === undefined ? {} : { cause }) };
    return new FeedError(code, epoch, batch, this.#text, options);
  }
}

/** Which package a call needs that is not installed. @throws InputError `missing`, always */
export function needPackage(what: string, name: string, cause: unknown): never {
  const error = new InputError('missing', what, `needs the package ${name}: run npm install ${name}`);
  error.cause = cause;
  throw error;
}

/** Says that a page has no way to do something. @throws InputError `missing`, always */
export function notInPages(what: string, instead: string): never {
  throw new InputError('missing', what, `pages leave out the package that it needs: ${instead}`);
}
