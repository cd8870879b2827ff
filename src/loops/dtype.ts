/**
 * Element types.
 *
 * - `f32`, `i32`, `u32`: 32-bit words, computed with as they are.
 * - `bool`: a truth value; stored as one 32-bit word (0 or 1), since WGSL cannot store `bool`.
 * - `u8`: storage only (packed four to a word, little-endian); a load widens it to `u32`.
 */
export type Dtype = 'f32' | 'i32' | 'u32' | 'bool' | 'u8';

/** Bytes that one element of `dtype` takes in a buffer. */
export function byteSize(dtype: Dtype): number {
  return dtype === 'u8' ? 1 : 4;
}

/** Whether gradients flow through values of `dtype`. */
export function isFloat(dtype: Dtype): boolean {
  return dtype === 'f32';
}

/** The type of a loaded element: what is stored as `u8` is computed with as `u32`. */
export function loadedDtype(dtype: Dtype): Exclude<Dtype, 'u8'> {
  return dtype === 'u8' ? 'u32' : dtype;
}

/** The largest finite float32: what is larger is infinite. */
export const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** The least and the largest number of each element type that holds whole numbers alone. */
export const wholeNumbers = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  bool: [0, 1],
  u8: [0, 255],
} as const satisfies Record<Exclude<Dtype, 'f32'>, readonly [low: number, high: number]>;

/** What no number of an element type lies below, or above: infinities of floats. */
export function limitsOf(dtype: Dtype): readonly [low: number, high: number] {
  return dtype === 'f32' ? [-Infinity, Infinity] : wholeNumbers[dtype];
}

/** Whether a number is a value of an element type: for floats any is, once it is rounded. */
export function isValueOf(dtype: Dtype, value: number): boolean {
  if (dtype === 'f32') return true;
  const [low, high] = wholeNumbers[dtype];
  return Number.isInteger(value) && value >= low && value <= high;
}
