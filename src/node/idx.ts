import { readFile } from 'node:fs/promises';
import { FormatError } from '../runtime/index.ts';

/** An idx file's contents: `data` holds the elements, the last dimension fastest. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * Reads an idx file of bytes, the format of MNIST: two zero bytes, the type (8: unsigned bytes), the number of
 * dimensions, each extent as a big-endian word, the elements.
 *
 * @param source a path, or the file's bytes
 * @throws FormatError `file` naming the file, what was expected and what was found
 */
export async function readIdx(source: string | Uint8Array): Promise<IdxArray> {
  const name = typeof source === 'string' ? source : 'the idx file';
  const bytes = typeof source === 'string' ? await contents(source) : source;
  const fail = (expected: string, found: string): never => {
    throw new FormatError('file', `${name}: expected ${expected}, found ${found}`);
  };
  if (bytes.length < 4) fail('an idx file of 4 bytes at least', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const rank = magic & 0xff;
  if (magic >>> 8 !== 8 || rank === 0) {
    const found = magic.toString(16).padStart(8, '0');
    fail('an idx file of unsigned bytes, which starts with 00 00 08', `${found.replace(/(..)\B/g, '$1 ')}`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail(`a header of ${start} bytes`, `${bytes.length} bytes`);
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  const length = start + shape.reduce((n, extent) => n * extent, 1);
  if (bytes.length !== length) {
    const expected = `${length} bytes (a header of ${start}, and ${length - start} for [${shape.join(', ')}])`;
    fail(expected, `${bytes.length} bytes`);
  }
  return { shape, data: new Uint8Array(bytes.slice(start)) };
}

async function contents(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FormatError('file', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** Why a file cannot be read, in words where it is common. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  switch ('code' in cause ? cause.code : undefined) {
    case 'ENOENT':
      return 'there is no such file (ENOENT)';
    case 'EISDIR':
      return 'it is a folder (EISDIR)';
    case 'EACCES':
      return 'this user may not read it (EACCES)';
    default:
      return cause.message;
  }
}
