import { FormatError, isWhole } from '../../runtime/issues.ts';
import { bytePairs } from './bytePairs.ts';
import { characters } from './characters.ts';

/** Text as tokens: integers from 0 on, below `size`. */
export interface Tokenizer {
  /** How many tokens there are: the rows of an embedding, the classes of a prediction. */
  readonly size: number;
  /** @throws InputError `range` for a character that has no token, with its place */
  readonly encode: (text: string) => Int32Array<ArrayBuffer>;
  /** @throws InputError `range` for what is no token, with its place */
  readonly decode: (tokens: ArrayLike<number>) => string;
  /** What `tokenizerOf` makes this one of again: `JSON.stringify` asks for it. */
  readonly toJSON: () => TokenizerData;
}

/** A tokenizer as JSON. */
export type TokenizerData =
  /** Characters in the order of their tokens, and the one that stands for all others. */
  | { readonly kind: 'characters'; readonly characters: readonly string[]; readonly unknown?: string }
  /** Of token 256 + k the two tokens that it stands for. */
  | { readonly kind: 'bytePairs'; readonly pairs: readonly (readonly [number, number])[] };

/**
 * The tokenizer that was kept as JSON.
 *
 * @param data what `JSON.parse` gives
 * @throws FormatError `file` for anything else
 */
export function tokenizerOf(data: unknown): Tokenizer {
  const fields: Partial<Record<'kind' | 'characters' | 'unknown' | 'pairs', unknown>> = Object(data);
  const { unknown } = fields;
  if (
    fields.kind === 'characters' &&
    isList(fields.characters, isCharacter) &&
    (unknown === undefined || isCharacter(unknown))
  )
    return characters(fields.characters, unknown);
  if (fields.kind === 'bytePairs' && isList(fields.pairs, isPair)) return bytePairs(fields.pairs);
  throw new FormatError(
    'file',
    'the tokenizer: expected { kind: "characters", characters } or { kind: "bytePairs", pairs }, as toJSON gives them',
  );
}

function isList<Element>(value: unknown, isOne: (one: unknown) => one is Element): value is Element[] {
  return Array.isArray(value) && value.every(isOne);
}

function isCharacter(value: unknown): value is string {
  return typeof value === 'string' && [...value].length === 1;
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((token) => isWhole(token, 0, 2 ** 31 - 1));
}
