import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unfit } from '../runtime/issues.ts';
import type { callbacks } from '../train/index.ts';
import { fileError } from './files.ts';

/**
 * A log as a file, in a folder that is made where there is none, for `csvLog`, `jsonLinesLog` and `tensorBoard`. Where training
 * begins it is written over; where it is resumed, what was written after the checkpoint is cut off. A log that is gone by then, or
 * shorter, goes on with what is there.
 *
 * @throws FormatError `file`, when training begins or goes on, where the file cannot be written
 */
export function fileLog(path: string): callbacks.LogWriter<string | Uint8Array> {
  if (typeof path !== 'string') unfit('type', 'path', 'the path of a file', path);
  let file: FileHandle | undefined;
  let at = 0;
  const naming = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw fileError(path, cause, 'written');
    }
  };
  return {
    begin: (length) =>
      naming(async () => {
        await mkdir(dirname(path), { recursive: true });
        // Made where there is none, and opened to be written anywhere: what is there stays.
        const opened = await open(path, constants.O_RDWR | constants.O_CREAT);
        try {
          at = Math.min(length, (await opened.stat()).size);
          await opened.truncate(at);
        } catch (error) {
          // A log that does not begin is not ended.
          await opened.close();
          throw error;
        }
        file = opened;
      }),
    write: (chunk) =>
      naming(async () => {
        if (file === undefined) throw new Error('the log is not open');
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        // A disk that is nearly full takes a part, and says that it is full when it is asked to take the rest.
        for (let from = 0; from < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, from, bytes.length - from, at);
          from += bytesWritten;
          at += bytesWritten;
        }
      }),
    end: () =>
      naming(async () => {
        await file?.close();
        file = undefined;
      }),
  };
}
