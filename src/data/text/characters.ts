import { FormatError, InputError, shown } from '../../runtime/issues.ts';
import { checkOptions } from '../issues.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * A tokenizer with a token for each character (code point) of a text, in the order of their codes.
 *
 * @param options `unknown`: the character that stands for all that are not in the text; without one they are refused
 * @throws InputError `range` where `unknown` is not one character
 */
export function characterTokenizer(text: string, options: { readonly unknown?: string } = {}): Tokenizer {
  checkOptions(options, { unknown: true });
  const { unknown } = options;
  if (unknown !== undefined && [...unknown].length !== 1)
    throw new InputError('range', 'unknown', `expected one character, found ${shown(unknown)}`);
  const all = new Set(text);
  if (unknown !== undefined) all.add(unknown);
  return characters(
    [...all].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)),
    unknown,
  );
}

/** The tokenizer whose token k is the k-th character. @throws FormatError `file` for a list that has one twice */
export function characters(list: readonly string[], unknown?: string): Tokenizer {
  const tokens = new Map(list.map((character, token) => [character, token]));
  if (tokens.size < list.length) throw new FormatError('file', 'the tokenizer: a character is there twice');
  const other = unknown === undefined ? undefined : tokens.get(unknown);
  if (unknown !== undefined && other === undefined)
    throw new FormatError(
      'file',
      `the tokenizer: ${shown(unknown)} is to stand for others, and is not there`,
    );
  return {
    size: list.length,
    encode: (text) =>
      Int32Array.from([...text], (character, k) => {
        const token = tokens.get(character) ?? other;
        if (token === undefined)
          throw new InputError('range', 'text', `no token for ${shown(character)}, character ${k}`, k);
        return token;
      }),
    decode: (ids) =>
      Array.from(ids, (token, k) => list[token] ?? unknownToken(token, k, list.length)).join(''),
    toJSON: () => ({ kind: 'characters', characters: list, ...(unknown === undefined ? {} : { unknown }) }),
  };
}

/** @throws InputError, always: for what is no token */
export function unknownToken(token: number, index: number, size: number): never {
  throw new InputError(
    'range',
    'tokens',
    `expected 0 to ${size - 1} at index ${index}, found ${token}`,
    index,
  );
}
