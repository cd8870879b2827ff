import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileStore } from '../node/fileStore.ts';
import { FormatError } from '../runtime/issues.ts';
import type { Output } from './run.ts';
import { UsageError } from './usage.ts';

/**
 * Writes files of a folder, which is made where it is not there: each whole or not at all, in place of the one that is
 * there. Says what was written, a line a file.
 *
 * @throws UsageError where a file cannot be written
 */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  stdout: Output,
): Promise<void> {
  const store = fileStore(folder);
  const pathOf = (called: string): string => join(folder, called);
  const width = Math.max(...[...files.keys()].map((called) => pathOf(called).length));
  for (const [called, bytes] of files) {
    const path = pathOf(called);
    const isReplaced = existsSync(path);
    try {
      await store.write(called, bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new UsageError(cause.message, { cause });
    }
    const size = `${bytes.length.toLocaleString('en')} bytes`;
    stdout.write(`${path.padEnd(width)}  ${size}${isReplaced ? ', in place of the one before' : ''}\n`);
  }
}
