import { open } from 'node:fs/promises';
import type { RandomAccess } from '../weights/index.ts';
import { fileError, pathOf } from './files.ts';

/** A file of this machine that is read in parts; close it when it is not needed any more. */
export interface OpenFile extends RandomAccess {
  readonly name: string;
  close(): Promise<void>;
}

/**
 * Opens a file to be read in parts, as `loadWeights` does, so that it need not fit in memory.
 *
 * @throws FormatError `file` where it cannot be read
 */
export async function openFile(file: string | URL): Promise<OpenFile> {
  const path = pathOf(file);
  try {
    const opened = await open(path, 'r');
    const stat = await opened.stat();
    if (stat.isDirectory()) {
      await opened.close();
      throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
    }
    return {
      name: path,
      size: stat.size,
      async read(offset, length) {
        const bytes = new Uint8Array(length);
        let filled = 0;
        while (filled < length) {
          const { bytesRead } = await opened.read(bytes, filled, length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      },
      close: () => opened.close(),
    };
  } catch (cause) {
    throw fileError(path, cause);
  }
}
