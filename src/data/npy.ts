import { unlike } from '../runtime/unlike.ts';
import { arrayOf, type FileArray, layouts } from './elements.ts';
import { type ReadOptions, readOptionNames, unpacked } from './inflate.ts';
import { checkOptions } from './issues.ts';
import { NPY_PREFIX, npyHeaderLength, parseNpyHeader } from './npyHeader.ts';
import { zipEntries } from './zip.ts';

/** An array of NumPy's: its elements, the last dimension fastest. */
export type NpyArray = FileArray;

/**
 * Reads an array that `numpy.save` wrote (versions 1 to 3 of its format), packed by gzip or not: numbers of all types, in both
 * orders of bytes and of dimensions.
 *
 * @throws FormatError `file` naming what was expected and found: another file, a type that is not numbers, a file that is
 *   longer or shorter than its shape says; InputError for options that there are not
 */
export function readNpy(bytes: Uint8Array, options: ReadOptions = {}): NpyArray {
  checkOptions(options, readOptionNames);
  const { name = 'the npy file' } = options;
  return npyArray(unpacked(bytes, name, options), name);
}

/**
 * Reads the arrays that `numpy.savez` or `numpy.savez_compressed` wrote, by their names.
 *
 * @throws FormatError `file` as `readNpy`, and for a zip file that is damaged or comes to too many bytes; InputError for options that there are not
 */
export function readNpz(bytes: Uint8Array, options: ReadOptions = {}): Map<string, NpyArray> {
  checkOptions(options, readOptionNames);
  const { name = 'the npz file' } = options;
  return new Map(
    zipEntries(bytes, name, options).map((entry) => {
      const key = entry.name.replace(/\.npy$/, '');
      if (key === entry.name) unlike(name, 'npy files alone', entry.name);
      return [key, npyArray(entry.read(), `${name}, ${entry.name}`)];
    }),
  );
}

function npyArray(bytes: Uint8Array, at: string): NpyArray {
  const start = npyHeaderLength(bytes.subarray(0, NPY_PREFIX), at);
  if (start > bytes.length) unlike(at, `a header of ${start} bytes`, `${bytes.length} bytes in all`);
  const header = parseNpyHeader(bytes.subarray(0, start), at);
  const { encoding, shape, fortran, length } = header;
  if (bytes.length - start !== length)
    unlike(at, `${length} bytes for [${shape.join(', ')}] of ${encoding.dtype}`, `${bytes.length - start}`);
  const elements = bytes.subarray(start);
  const inOrder = fortran ? lastFastest(elements, shape, layouts[encoding.dtype].bytes) : elements;
  return arrayOf(encoding, shape, inOrder, at);
}

/** Elements of which the first dimension is the fastest, with the last one the fastest. */
function lastFastest(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const index = shape.map(() => 0);
  const strides: number[] = [];
  shape.reduce((stride, extent) => {
    strides.push(stride);
    return stride * extent;
  }, width);
  let from = 0;
  for (let to = 0; to < bytes.length; to += width) {
    for (let byte = 0; byte < width; byte++) result[to + byte] = bytes[from + byte] ?? 0;
    for (let d = shape.length - 1; d >= 0; d--) {
      const [place = 0, stride = 0, extent = 0] = [index[d], strides[d], shape[d]];
      from += stride;
      if (place + 1 < extent) {
        index[d] = place + 1;
        break;
      }
      index[d] = 0;
      from -= stride * extent;
    }
  }
  return result;
}
