import { InputError } from './issues.ts';
import type { ValueType } from './program.ts';

/** Numbers in a row: a typed array or a plain one. */
export type Values = ArrayLike<number>;

/** What is given values: an input, a state, a run-time scalar. */
export interface ValueSlot {
  readonly name: string;
  readonly dtype: ValueType;
  readonly range?: readonly [low: number, high: number];
}

/**
 * Values as they lie in a buffer: f32, i32, u32 and bool a word each, u8 packed four to a word.
 *
 * @returns a multiple of four bytes
 * @throws InputError `type` for what is no number of the slot's type, `range` for what lies outside its range
 */
export function valueWords(slot: ValueSlot, values: Values): ArrayBufferView<ArrayBuffer> {
  const { dtype, range } = slot;
  const { length } = values;
  const whole = dtype === 'u8' ? Math.ceil(length / 4) * 4 : length;
  const make = arrays[dtype];
  // What already is of the type needs no look at each element, and where it is whole no copy.
  const asItIs = values instanceof make && dtype !== 'bool' && range === undefined;
  if (asItIs && whole === length && values.buffer instanceof ArrayBuffer) {
    return new make(values.buffer, values.byteOffset, length);
  }
  const words = new make(whole);
  if (asItIs) {
    words.set(values);
    return words;
  }
  const [least, most] = bounds[dtype];
  const low = Math.max(least, range?.[0] ?? least);
  const high = Math.min(most, range === undefined ? most : range[1] - 1);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    const isNumber = typeof value === 'number';
    if (!isNumber || (dtype !== 'f32' && !Number.isInteger(value))) {
      const wanted = dtype === 'f32' ? 'a number' : `an integer (${dtype})`;
      throw new InputError('type', slot.name, `expected ${wanted} at index ${i}, found ${value}`, i);
    }
    if (value < low || value > high) {
      throw new InputError('range', slot.name, `${value} at index ${i} is not in ${low} to ${high}`, i);
    }
    words[i] = value;
  }
  return words;
}

const arrays = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
  u8: Uint8Array,
} as const;

const bounds = {
  f32: [-Infinity, Infinity],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  bool: [0, 1],
  u8: [0, 255],
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
