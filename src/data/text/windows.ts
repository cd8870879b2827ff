import { isWhole, unfit } from '../../runtime/issues.ts';
import { checkOptions } from '../issues.ts';
import { DataStream } from '../stream.ts';

/** Some tokens in a row, and of each the one that follows it: what a language model reads, and is to say. */
export interface Window {
  /** `[length]` */
  readonly x: Int32Array<ArrayBuffer>;
  /** `[length]` */
  readonly y: Int32Array<ArrayBuffer>;
}

/**
 * Windows of tokens, for language models. They are there by number, so that `shuffle()` mixes all of them.
 *
 * @param options `length` of a window, in tokens; `stride` from one to the next, the length by default: smaller, they overlap
 * @throws InputError `range`; `length` for fewer tokens than one window takes, with the token behind it
 */
export function windows(
  tokens: Int32Array<ArrayBuffer>,
  options: { readonly length: number; readonly stride?: number },
): DataStream<Window> {
  checkOptions(options, { length: true, stride: true });
  const { length, stride = length } = options;
  for (const [name, value] of Object.entries({ length, stride }))
    if (!isWhole(value, 1, Number.MAX_SAFE_INTEGER)) unfit('range', name, 'a whole number from 1 on', value);
  if (tokens.length <= length)
    unfit('length', 'tokens', `more than ${length}, for one window and the token behind it`, tokens.length);
  const count = Math.floor((tokens.length - length - 1) / stride) + 1;
  return DataStream.numbered(count, (k) => {
    const start = k * stride;
    return { x: tokens.subarray(start, start + length), y: tokens.subarray(start + 1, start + 1 + length) };
  });
}
