import { clipped } from '../runtime/clipped.ts';
import { unlike } from '../runtime/unlike.ts';
import { type ElementType, type Encoding, layouts } from './elements.ts';

/** What stands before the elements of an npy file. */
export interface NpyHeader {
  readonly encoding: Encoding;
  readonly shape: readonly number[];
  /** Whether the first dimension is the fastest. */
  readonly fortran: boolean;
  /** Bytes before the elements. */
  readonly start: number;
  /** Bytes of the elements. */
  readonly length: number;
}

/** Bytes that say how long a header is: eight, and the length in two bytes or four. */
export const NPY_PREFIX = 12;

/** Bytes of a header at most: NumPy reads 10,000 of a file that nobody vouches for. */
const MOST_HEADER = 2 ** 16;
/** Dimensions of an array, of NumPy's at most. */
const MOST_DIMENSIONS = 64;

/**
 * Bytes of the header with what is before it.
 *
 * @param first the first bytes of the file, 12 if it has as many
 * @throws FormatError `file`
 */
export function npyHeaderLength(first: Uint8Array, at: string): number {
  const magic = String.fromCharCode(...first.subarray(0, 6));
  if (magic !== '\x93NUMPY') unlike(at, 'an npy file, which starts with \\x93NUMPY', JSON.stringify(magic));
  const version = first[6] ?? 0;
  if (version < 1 || version > 3) unlike(at, 'version 1, 2 or 3 of the npy format', `${version}`);
  if (first.length < NPY_PREFIX)
    unlike(at, `a header of ${NPY_PREFIX} bytes and more`, `${first.length} bytes`);
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const length = version === 1 ? 10 + view.getUint16(8, true) : NPY_PREFIX + view.getUint32(8, true);
  // No dictionary is as short as that, and a reader has read as much.
  if (length < NPY_PREFIX) unlike(at, `a header of ${NPY_PREFIX} bytes and more`, `${length}`);
  if (length > MOST_HEADER) unlike(at, `a header of ${MOST_HEADER} bytes at most`, `${length}`);
  return length;
}

/**
 * Reads a header: a dictionary as Python writes it, `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
 *
 * @param bytes as many of the first of the file as `npyHeaderLength` says
 * @throws FormatError `file`
 */
export function parseNpyHeader(bytes: Uint8Array, at: string): NpyHeader {
  const version = bytes[6] ?? 0;
  // Up to version 2 it is Latin-1, from version 3 on UTF-8; whatever of it counts is ASCII.
  const text = new TextDecoder().decode(bytes.subarray(version === 1 ? 10 : NPY_PREFIX)).trim();
  const fields = dictionary(text, at);
  const unread = [...fields.keys()].find((key) => !keys.includes(key));
  if (unread !== undefined) unlike(at, `a header of ${keys.join(', ')}`, `${clipped(unread)} too`);
  const field = (key: string, what: string, pattern: RegExp): string => {
    const value = fields.get(key) ?? 'none';
    return pattern.test(value) ? value : unlike(at, `${key} to be ${what}`, clipped(value));
  };
  const descr = field(
    'descr',
    'a type of numbers (text, objects, records and dates are not read)',
    /^(['"])[<>|=]?[a-z]\d+\1$/,
  );
  const encoding = encodingOf(descr.slice(1, -1), at);
  const fortran = field('fortran_order', 'True or False', /^(True|False)$/) === 'True';
  const sizes = field('shape', 'a tuple of extents', /^\(\s*(\d+L?\s*(,\s*|(?=\))))*\)$/).match(/\d+/g) ?? [];
  if (sizes.length > MOST_DIMENSIONS) unlike(at, `${MOST_DIMENSIONS} dimensions at most`, `${sizes.length}`);
  const shape = sizes.map(Number);
  const length = shape.reduce((n, extent) => n * extent, layouts[encoding.dtype].bytes);
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(length))
    unlike(at, 'a shape of as many elements as there may be', `[${clipped(shape.join(', '))}]`);
  return { encoding, shape, fortran, start: bytes.length, length };
}

const keys: readonly string[] = ['descr', 'fortran_order', 'shape'];

/** Keys with the texts of their values: strings, names, tuples of numbers. */
function dictionary(text: string, at: string): Map<string, string> {
  const fields = new Map<string, string>();
  const entry = /\s*(?:'(\w*)'|"(\w*)")\s*:\s*('[^']*'|"[^"]*"|\w+|\([^()]*\)|\[[\s\S]*\])\s*(,|(?=\}))/y;
  entry.lastIndex = 1;
  let end = 1;
  for (let found = entry.exec(text); found; found = entry.exec(text)) {
    const [, single, double, value = ''] = found;
    const key = single ?? double ?? '';
    if (fields.has(key)) unlike(at, 'each key of the header once', `${clipped(key)} twice`);
    fields.set(key, value);
    end = entry.lastIndex;
  }
  if (!text.startsWith('{') || text.slice(end).trim() !== '}')
    unlike(at, 'a header that is a dictionary of Python', JSON.stringify(clipped(text)));
  return fields;
}

/** Kinds and bytes of NumPy's types, as their names here. */
const types: Readonly<Record<string, ElementType>> = {
  b1: 'bool',
  u1: 'u8',
  i1: 'i8',
  u2: 'u16',
  i2: 'i16',
  u4: 'u32',
  i4: 'i32',
  u8: 'u64',
  i8: 'i64',
  f2: 'f16',
  f4: 'f32',
  f8: 'f64',
  c8: 'c64',
  c16: 'c128',
};

function encodingOf(descr: string, at: string): Encoding {
  const [, order = '', kind = ''] = /^([<>|=]?)(.*)$/.exec(descr) ?? [];
  const dtype = Object.hasOwn(types, kind) ? types[kind] : undefined;
  if (dtype === undefined) return unlike(at, `elements of ${Object.keys(types).join(', ')}`, clipped(descr));
  return { dtype, bigEndian: order === '>' };
}
