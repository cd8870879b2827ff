import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError } from '../runtime/index.ts';
import type { callbacks } from '../train/index.ts';

/**
 * A log as a file, in a folder that is made where there is none, for `csvLog`, `jsonLinesLog` and `tensorBoard`. Where training
 * begins it is written over; where it is resumed, what was written after the checkpoint is cut off.
 *
 * @throws FormatError `file`, when training begins or goes on, where the file cannot be written
 */
export function fileLog(path: string): callbacks.LogWriter<string | Uint8Array> {
  let file: FileHandle | undefined;
  let at = 0;
  const naming = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FormatError('file', `${path}: cannot be written: ${reason}`, { cause });
    }
  };
  return {
    begin: (length) =>
      naming(async () => {
        await mkdir(dirname(path), { recursive: true });
        // Opened to be written anywhere: what is there stays.
        const opened = await open(path, length === 0 ? 'w' : 'r+');
        file = opened;
        at = Math.min(length, (await opened.stat()).size);
        await opened.truncate(at);
      }),
    write: (chunk) =>
      naming(async () => {
        if (file === undefined) throw new Error('the log is not open');
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        await file.write(bytes, 0, bytes.length, at);
        at += bytes.length;
      }),
    end: () =>
      naming(async () => {
        await file?.close();
        file = undefined;
      }),
  };
}
