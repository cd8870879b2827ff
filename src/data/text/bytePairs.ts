import { FormatError } from '../../runtime/issues.ts';
import { joined as joinedBytes } from '../bytes.ts';
import { unknownToken } from './characters.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A pair of tokens that are one together. */
export type Pair = readonly [number, number];

/** Tokens of single bytes, which come first: so there is a token for every text. */
export const BYTES = 256;

/** Bytes of a token at most: four times the characters of a word. Pairs of pairs would otherwise be of any length. */
const MOST_BYTES = 256;

/** Words whose tokens are kept. */
const MOST_WORDS = 2 ** 16;

/**
 * What is encoded by itself: letters, digits, other characters or spaces, with a space before them, as of GPT-2 (Radford et al.
 * 2019); none longer than 64 characters, so that the time for a text is in proportion to it.
 */
const WORD =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}{1,64}| ?\p{N}{1,64}| ?[^\s\p{L}\p{N}]{1,64}|\s{1,64}(?!\S)|\s{1,64}/gu;

/** The words of a text, one after the other. */
export function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

/** A pair as a number: a key of maps. */
export function keyOf(a: number, b: number): number {
  return a * 2 ** 21 + b;
}

/** The most tokens of a vocabulary: what a pair's key has room for. */
export const MOST_TOKENS = 2 ** 21;

/**
 * The tokenizer by byte pairs (Sennrich, Haddow and Birch 2016, over bytes): token 256 + k stands for the k-th pair. Of a word
 * the pair that was learned first is joined first.
 *
 * @throws FormatError `file` for pairs of tokens that come later, too many, or of too many bytes
 */
export function bytePairs(pairs: readonly Pair[]): Tokenizer {
  const size = BYTES + pairs.length;
  const bytes: Uint8Array[] = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
  const joined = new Map<number, number>();
  if (size > MOST_TOKENS) throw new FormatError('file', `the tokenizer: more than ${MOST_TOKENS} tokens`);
  for (const [k, [a, b]] of pairs.entries()) {
    const [first, second] = [bytes[a], bytes[b]];
    if (!first || !second || joined.has(keyOf(a, b)) || first.length + second.length > MOST_BYTES)
      throw new FormatError(
        'file',
        `the tokenizer, pair ${k}: expected two tokens below ${BYTES + k}, of ${MOST_BYTES} bytes at most together, once; found ${a}, ${b}`,
      );
    joined.set(keyOf(a, b), BYTES + k);
    bytes.push(Uint8Array.of(...first, ...second));
  }
  const known = new Map<string, readonly number[]>();
  const encoder = new TextEncoder();
  const tokensOf = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before) return before;
    const tokens = joinAll([...encoder.encode(word)], joined);
    if (known.size === MOST_WORDS) known.clear();
    known.set(word, tokens);
    return tokens;
  };
  return {
    size,
    encode: (text) => Int32Array.from(wordsOf(text).flatMap(tokensOf)),
    decode: (tokens) => {
      const parts = Array.from(tokens, (token, k) => bytes[token] ?? unknownToken(token, k, size));
      const length = parts.reduce((n, part) => n + part.length, 0);
      // A mark of the order of bytes is a character like others.
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(joinedBytes(parts, length));
    },
    toJSON: () => ({ kind: 'bytePairs', pairs }),
  };
}

/** Joins pairs of a word, that with the lowest token first, until there are none. */
function joinAll(tokens: number[], joined: ReadonlyMap<number, number>): readonly number[] {
  for (;;) {
    let lowest = Infinity;
    for (let i = 0; i + 1 < tokens.length; i++)
      lowest = Math.min(lowest, joined.get(keyOf(tokens[i] ?? 0, tokens[i + 1] ?? 0)) ?? Infinity);
    if (lowest === Infinity) return tokens;
    tokens = joinPair(tokens, (a, b) => joined.get(keyOf(a, b)) === lowest, lowest);
  }
}

/** Tokens with one for each pair that is found, from left to right. */
export function joinPair(
  tokens: readonly number[],
  isPair: (a: number, b: number) => boolean,
  token: number,
): number[] {
  const made: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const [a = 0, b] = [tokens[i], tokens[i + 1]];
    if (b !== undefined && isPair(a, b)) {
      made.push(token);
      i++;
    } else made.push(a);
  }
  return made;
}
