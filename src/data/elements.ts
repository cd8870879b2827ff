import { half } from '../half.ts';
import { unlike } from '../runtime/unlike.ts';

/**
 * The array that holds elements of each type of a file. `f16` are widened exactly; `i64` and `u64` are numbers, each exact;
 * `bool` are 0 or 1; complex numbers are pairs of a real and an imaginary part.
 */
export interface ElementArrays {
  readonly bool: Uint8Array<ArrayBuffer>;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly i8: Int8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly i16: Int16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly i32: Int32Array<ArrayBuffer>;
  readonly u64: Float64Array<ArrayBuffer>;
  readonly i64: Float64Array<ArrayBuffer>;
  readonly f16: Float32Array<ArrayBuffer>;
  readonly f32: Float32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
  readonly c64: Float32Array<ArrayBuffer>;
  readonly c128: Float64Array<ArrayBuffer>;
}

/** A type of elements in a file. */
export type ElementType = keyof ElementArrays;

/** An array of a file of any of some types: `data` are its elements, the last dimension fastest. */
export type FileArray<Types extends ElementType = ElementType> = {
  [Type in Types]: {
    readonly dtype: Type;
    /** Of complex numbers with a last dimension of two. */
    readonly shape: readonly number[];
    readonly data: ElementArrays[Type];
  };
}[Types];

/** How elements of a type lie in a file. */
interface Layout<Elements> {
  /** Bytes of an element. */
  readonly bytes: number;
  /** Bytes that are in the other order in a big-endian file. */
  readonly word: number;
  /** @throws FormatError for an integer that no number is */
  readonly make: (bytes: Uint8Array<ArrayBuffer>, at: string) => Elements;
}

/** Every type: its bytes are all of a buffer, little-endian. */
export const layouts: { readonly [Type in ElementType]: Layout<ElementArrays[Type]> } = {
  bool: { bytes: 1, word: 1, make: (bytes) => bytes.map((byte) => (byte === 0 ? 0 : 1)) },
  u8: { bytes: 1, word: 1, make: (bytes) => bytes },
  i8: { bytes: 1, word: 1, make: ({ buffer }) => new Int8Array(buffer) },
  u16: { bytes: 2, word: 2, make: ({ buffer }) => new Uint16Array(buffer) },
  i16: { bytes: 2, word: 2, make: ({ buffer }) => new Int16Array(buffer) },
  u32: { bytes: 4, word: 4, make: ({ buffer }) => new Uint32Array(buffer) },
  i32: { bytes: 4, word: 4, make: ({ buffer }) => new Int32Array(buffer) },
  u64: { bytes: 8, word: 8, make: ({ buffer }, at) => wide(buffer, new Uint32Array(buffer), at) },
  i64: { bytes: 8, word: 8, make: ({ buffer }, at) => wide(buffer, new Int32Array(buffer), at) },
  f16: { bytes: 2, word: 2, make: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), half) },
  f32: { bytes: 4, word: 4, make: ({ buffer }) => new Float32Array(buffer) },
  f64: { bytes: 8, word: 8, make: ({ buffer }) => new Float64Array(buffer) },
  c64: { bytes: 8, word: 4, make: ({ buffer }) => new Float32Array(buffer) },
  c128: { bytes: 16, word: 8, make: ({ buffer }) => new Float64Array(buffer) },
};

/** Integers of 64 bits as numbers. @param halves of both, of which the upper ones have the sign */
function wide(buffer: ArrayBuffer, halves: Uint32Array | Int32Array, at: string): Float64Array<ArrayBuffer> {
  const low = new Uint32Array(buffer);
  const values = new Float64Array(low.length / 2);
  for (let i = 0; i < values.length; i++) {
    const value = (halves[2 * i + 1] ?? 0) * 2 ** 32 + (low[2 * i] ?? 0);
    if (!Number.isSafeInteger(value))
      unlike(at, 'integers that a number holds exactly, up to 2^53 - 1', `about ${value} at index ${i}`);
    values[i] = value;
  }
  return values;
}

/** Elements of a type with the order of their bytes. */
export interface Encoding<Type extends ElementType = ElementType> {
  readonly dtype: Type;
  readonly bigEndian: boolean;
}

/**
 * Elements out of their bytes.
 *
 * @param bytes all of a buffer, which becomes that of the elements
 * @param at the file, for errors
 */
export function elementsOf<Type extends ElementType>(
  { dtype, bigEndian }: Encoding<Type>,
  bytes: Uint8Array<ArrayBuffer>,
  at: string,
): ElementArrays[Type] {
  const { word, make } = layouts[dtype];
  if (bigEndian && word > 1) reverseWords(bytes, word);
  return make(bytes, at);
}

function reverseWords(bytes: Uint8Array, word: number): void {
  for (let start = 0; start < bytes.length; start += word)
    for (let first = start, last = start + word - 1; first < last; first++, last--) {
      const byte = bytes[first] ?? 0;
      bytes[first] = bytes[last] ?? 0;
      bytes[last] = byte;
    }
}

/**
 * The array of a shape whose elements are these bytes, of which it has a copy.
 *
 * @param shape has as many elements as there are in the bytes
 */
export function arrayOf<Types extends ElementType>(
  encoding: Encoding<Types>,
  shape: readonly number[],
  bytes: Uint8Array,
  at: string,
): FileArray<Types> {
  const { dtype } = encoding;
  const whole = dtype === 'c64' || dtype === 'c128' ? [...shape, 2] : [...shape];
  // The union goes by its dtype, which is that of the data.
  return { dtype, shape: whole, data: elementsOf(encoding, new Uint8Array(bytes), at) } as FileArray<Types>;
}
