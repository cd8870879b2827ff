import { unlike } from '../runtime/unlike.ts';
import { arrayOf, type FileArray, layouts } from './elements.ts';
import { type ReadOptions, readOptionNames, unpacked } from './inflate.ts';
import { checkOptions } from './issues.ts';

/** An idx file's contents: `data` holds the elements, the last dimension fastest. */
export type IdxArray = FileArray<IdxType>;

/** What elements of an idx file may be. */
export type IdxType = 'u8' | 'i8' | 'i16' | 'i32' | 'f32' | 'f64';

/** What stands before the elements of an idx file. */
export interface IdxHeader {
  readonly dtype: IdxType;
  readonly shape: readonly number[];
  /** Bytes before the elements. */
  readonly start: number;
  /** Bytes of the elements. */
  readonly length: number;
}

/** The types by the third byte of a file. */
const types: ReadonlyMap<number, IdxType> = new Map([
  [0x08, 'u8'],
  [0x09, 'i8'],
  [0x0b, 'i16'],
  [0x0c, 'i32'],
  [0x0d, 'f32'],
  [0x0e, 'f64'],
]);

/**
 * Reads an idx file, the format of MNIST, packed by gzip or not: two zero bytes, the type of elements, the number of
 * dimensions, each extent as a big-endian word, the elements, big-endian.
 *
 * @throws FormatError `file` naming the file, what was expected and what was found; InputError for options that there are not
 */
export function readIdx(bytes: Uint8Array, options: ReadOptions = {}): IdxArray {
  checkOptions(options, readOptionNames);
  const { name = 'the idx file' } = options;
  const file = unpacked(bytes, name, options);
  const header = idxHeader(file, name);
  const { dtype, shape, start, length } = header;
  if (file.length !== start + length) {
    const expected = `${start + length} bytes (a header of ${start}, and ${length} for [${shape.join(', ')}])`;
    unlike(name, expected, `${file.length} bytes`);
  }
  return arrayOf({ dtype, bigEndian: true }, shape, file.subarray(start), name);
}

/**
 * Reads a header.
 *
 * @param bytes the first of the file, the whole header among them
 * @throws FormatError `file`
 */
export function idxHeader(bytes: Uint8Array, at: string): IdxHeader {
  const start = idxHeaderLength(bytes, at);
  if (bytes.length < start) unlike(at, `a header of ${start} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dtype = types.get(bytes[2] ?? 0) ?? 'u8';
  const shape = Array.from({ length: bytes[3] ?? 0 }, (_, d) => view.getUint32(4 + 4 * d));
  const length = shape.reduce((n, extent) => n * extent, layouts[dtype].bytes);
  return { dtype, shape, start, length };
}

/** Bytes of a header, as its first four say. @throws FormatError `file` */
export function idxHeaderLength(bytes: Uint8Array, at: string): number {
  if (bytes.length < 4) unlike(at, 'an idx file of 4 bytes at least', `${bytes.length} bytes`);
  const [first, second, type = 0, rank = 0] = bytes;
  if (first !== 0 || second !== 0 || !types.has(type) || rank === 0) {
    const found = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'));
    const known = [...types.keys()].map((byte) => byte.toString(16).padStart(2, '0'));
    unlike(
      at,
      `an idx file, which starts with 00 00, a type (${known.join(', ')}) and a rank`,
      found.join(' '),
    );
  }
  return 4 + 4 * rank;
}
