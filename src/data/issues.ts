import { CodedError, isWhole, reasonOf, slotOf, unfit } from '../runtime/issues.ts';

/** Where a stream failed: at its source, or in a function that it was given. */
export type StreamErrorCode = 'source' | 'map' | 'filter';

/**
 * A source of a stream, or a function that was given to it, threw: `cause` is what it threw. Errors that say their place
 * already (`FormatError`, `InputError`, `StreamError`) come through as they are.
 */
export class StreamError extends CodedError<StreamErrorCode> {
  /** The number of the element that was asked for there, from 0. */
  readonly position: number;
  /** The epoch in which it was, from 1. */
  readonly epoch: number;

  constructor(code: StreamErrorCode, position: number, epoch: number, cause: unknown) {
    const where = code === 'source' ? 'the source of a stream' : `the function of ${code}`;
    const text = `${where} threw at element ${position} of epoch ${epoch}: ${reasonOf(cause)}`;
    super('StreamError', code, text, { cause });
    this.position = position;
    this.epoch = epoch;
  }
}

/** The error for what was thrown at a place of a stream: the same if it says a place of its own. */
export function placed(code: StreamErrorCode, position: number, epoch: number, thrown: unknown): unknown {
  return thrown instanceof CodedError ? thrown : new StreamError(code, position, epoch, thrown);
}

/** @throws InputError `range` for what is not a whole number, from `least` on */
export function checkCount(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (isWhole(value, least, most)) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  unfit('range', name, `a whole number ${range}`, value);
}

/** @throws InputError `type` for what are not bytes, such as a path */
export function requireBytes(file: unknown, orText = ''): void {
  if (!(file instanceof Uint8Array))
    unfit(
      'type',
      'file',
      `its bytes, a Uint8Array${orText} (sinter/node reads paths, sinter/browser addresses and Files)`,
      file,
    );
}

/** @throws InputError `type` for what gives no bytes in pieces */
export function requireSource(source: unknown): void {
  if (typeof Object(source).pieces !== 'function')
    unfit(
      'type',
      'source',
      'bytes that come in pieces, as bytesSource(bytes), or fileSource of sinter/node and sinter/browser, give',
      source,
    );
}

/** @throws InputError `type` for options that are not an object, `unknown` for one that there is not, with those that there are */
export function checkOptions<Options extends object>(
  options: Options,
  known: Readonly<Record<keyof Options, true>>,
): void {
  if (Object(options) !== options) unfit('type', 'options', 'an object', options);
  const names = Object.keys(known).map((name) => ({ name }));
  for (const name of Object.keys(options)) slotOf('option', names, name);
}
