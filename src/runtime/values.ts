import { unfit } from './issues.ts';
import type { ValueType } from './program.ts';

/** Numbers in a row: a typed array or a plain one. */
export type Values = ArrayLike<number>;

/** What is given values: an input, a state, a run-time scalar. */
export interface ValueSlot {
  readonly name: string;
  readonly dtype: ValueType;
  readonly range?: readonly [low: number, high: number];
  /** Of a run-time scalar: errors name no index of what is one number. */
  readonly field?: string;
}

/** Values as they lie in a buffer. */
export type Words =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/**
 * A copy of `count` values from one on, as they lie in a buffer: f32, i32, u32 and bool a word each, u8 packed four to
 * a word.
 *
 * @returns a multiple of four bytes
 * @throws InputError `type` for what is no number of the slot's type, `range` for what lies outside its range
 */
export function valueWords(slot: ValueSlot, values: Values, from = 0, count = values.length): Words {
  const { dtype, range } = slot;
  const [make, least, most] = valueTypes[dtype];
  const words = new make(dtype === 'u8' ? inFours(count) : count);
  // What already is of the type needs no look at each element.
  if (values instanceof make && dtype !== 'bool' && !range) {
    words.set(values.subarray(from, from + count));
    return words;
  }
  const [first = least, end = Infinity] = range ?? [];
  const low = Math.max(least, first);
  const high = Math.min(most, end - 1);
  for (let k = 0; k < count; k++) {
    const i = from + k;
    const value = values[i];
    const index = slot.field ? undefined : i;
    if (typeof value !== 'number' || (dtype !== 'f32' && !Number.isInteger(value)))
      unfit('type', slot.name, dtype === 'f32' ? 'a number' : `an integer (${dtype})`, value, index);
    if (value < low || value > high) unfit('range', slot.name, `${low} to ${high}`, value, index);
    words[k] = value;
  }
  return words;
}

/** The array that holds values of each type, and the least and the most of them. */
export const valueTypes = {
  f32: [Float32Array, -Infinity, Infinity],
  i32: [Int32Array, -(2 ** 31), 2 ** 31 - 1],
  u32: [Uint32Array, 0, 2 ** 32 - 1],
  bool: [Uint32Array, 0, 1],
  u8: [Uint8Array, 0, 255],
} as const;

/** Elements with their shape: `Uint32Array` for u32, and for bool, 0 or 1. */
export interface Output<Elements = Float32Array | Int32Array | Uint32Array> {
  readonly shape: readonly number[];
  readonly data: Elements;
}

/** 32-bit words as elements of a type; shares their memory. */
export function asElements(dtype: ValueType, words: Uint32Array): Output['data'] {
  const { buffer, byteOffset, length } = words;
  if (dtype === 'f32') return new Float32Array(buffer, byteOffset, length);
  return dtype === 'i32' ? new Int32Array(buffer, byteOffset, length) : words;
}

/** A count up to the next multiple of four: bytes in whole words, words of whole vectors. */
export function inFours(count: number): number {
  return Math.ceil(count / 4) * 4;
}
