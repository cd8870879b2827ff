import { FormatError } from '../runtime/issues.ts';

/** How files of other formats begin, each by the text of its first bytes, and what writes them. */
const foreign: readonly (readonly [start: string, what: string])[] = [
  ['PK\x03\x04', 'a zip file, as torch.save, Keras (.keras) and NumPy (.npz) write'],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file, as Keras writes (.h5)'],
  ['GGUF', 'a GGUF file'],
  ['\x93NUMPY', 'a NumPy array (.npy)'],
  ['\x80\x02', 'a pickle, as older versions of torch.save write'],
  ['\x80\x04', 'a pickle of Python'],
  ['\x1f\x8b', 'a gzip file: unpack it first'],
];

/**
 * Refuses a file that is not a safetensors file: says what it is instead, where its first bytes tell, and what would be right.
 *
 * @param first the file's first bytes, eight or fewer
 * @param why   what tells that it is not one: `its header begins with the byte 32`
 * @throws FormatError `file`, always
 */
export function notSafetensors(file: string, first: Uint8Array, why: string): never {
  const start = String.fromCharCode(...first.subarray(0, 8));
  const known = foreign.find(([begins]) => start.startsWith(begins));
  const what = known === undefined ? why : `it is ${known[1]}`;
  throw new FormatError(
    'file',
    `${file} is not a safetensors file: ${what}. save() and saveWeights() of a session write one, and so does save_file of Python's safetensors`,
  );
}
