import { open, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ByteSource } from '../data/bytes.ts';
import { PIECE_BYTES } from '../data/piece.ts';
import { FormatError } from '../runtime/index.ts';

/** A file: its path, a `file:` URL, or its bytes. */
export type FileLike = string | URL | Uint8Array;

/** A file's bytes, and what errors call it: the name that was given, or its path. */
export async function fileContents(
  file: FileLike,
  name?: string,
): Promise<{ readonly bytes: Uint8Array; readonly options: { readonly name?: string } }> {
  if (file instanceof Uint8Array) return { bytes: file, options: name === undefined ? {} : { name } };
  const path = pathOf(file);
  try {
    return { bytes: await readFile(path), options: { name: name ?? path } };
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** A file as bytes that are read in pieces, when they are asked for. */
export function fileSource(file: string | URL, name = pathOf(file)): ByteSource {
  return {
    name,
    async *pieces() {
      const path = pathOf(file);
      const given = async <T>(asked: Promise<T>): Promise<T> =>
        asked.catch((cause: unknown) => {
          throw fileError(path, cause);
        });
      const handle = await given(open(path));
      try {
        // One buffer for all pieces: a file of gigabytes would leave as many to collect.
        const buffer = new Uint8Array(PIECE_BYTES);
        for (;;) {
          const { bytesRead } = await given(handle.read(buffer));
          if (bytesRead === 0) return;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    },
  };
}

/** The path of a file. */
export function pathOf(file: string | URL): string {
  return typeof file === 'string' ? file : fileURLToPath(file);
}

/** The error for a file or a folder that the system does not give, or take. */
export function fileError(
  path: string,
  cause: unknown,
  what: 'read' | 'written' | 'listed' | 'removed' = 'read',
): FormatError {
  return new FormatError('file', `${path}: cannot be ${what}: ${reasonOf(cause)}`, { cause });
}

/** Why a file cannot be read or written, in words where it is common. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  switch ('code' in cause ? cause.code : undefined) {
    case 'ENOENT':
      return 'there is no such file (ENOENT)';
    case 'EISDIR':
      return 'it is a folder (EISDIR)';
    case 'ENOTDIR':
      return 'it is not a folder (ENOTDIR)';
    case 'EACCES':
      return 'this user may not (EACCES)';
    case 'ENOSPC':
      return 'the disk is full (ENOSPC)';
    case 'EROFS':
      return 'the disk is read-only (EROFS)';
    default:
      return cause.message;
  }
}
