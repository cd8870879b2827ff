import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireStoreName, type Store, whole } from '../weights/store.ts';
import { fileError } from './files.ts';

/** What every file that is not yet whole is called: `.NAME.PROCESS-NUMBER.partial`. */
const PARTIAL = /^\.(.+)\.(\d+)-\d+\.partial$/;

let writes = 0;

/**
 * Keeps checkpoints as files of a folder, which is made with the first of them. Each is written beside the one before, reaches the
 * disk, and takes its place at once: whatever happens, a full disk, a killed process or a power cut, the old file or the new
 * one is there, whole.
 */
export function fileStore(folder: string): Store {
  return {
    async write(name, bytes) {
      requireStoreName(name);
      const partial = join(folder, `.${name}.${process.pid}-${++writes}.partial`);
      try {
        await mkdir(folder, { recursive: true });
        await removeLeftovers(folder, name);
        try {
          await writeWhole(partial, bytes);
          await rename(partial, join(folder, name));
        } catch (error) {
          await rm(partial, { force: true });
          throw error;
        }
        await syncFolder(folder);
      } catch (cause) {
        throw fileError(join(folder, name), cause, 'written');
      }
    },
    async read(name) {
      requireStoreName(name);
      const path = join(folder, name);
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(await readFile(path));
      } catch (cause) {
        if (isAbsent(cause)) return undefined;
        throw fileError(path, cause, 'read');
      }
      return whole(bytes, path);
    },
    async list() {
      try {
        const entries = await readdir(folder, { withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
        return files.map((entry) => entry.name).sort();
      } catch (cause) {
        if (isAbsent(cause)) return [];
        throw fileError(folder, cause, 'listed');
      }
    },
    async remove(name) {
      requireStoreName(name);
      const path = join(folder, name);
      try {
        await rm(path, { force: true });
        await removeLeftovers(folder, name);
      } catch (cause) {
        throw fileError(path, cause, 'removed');
      }
    },
  };
}

/** Writes a file that was not there, and waits until the disk has it. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has a folder's names; Windows keeps them by itself, and opens no folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const opened = await open(folder, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** Removes what processes that have ended meanwhile left of a name. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    const [, of, pid] = PARTIAL.exec(file) ?? [];
    if (of === name && !isRunning(Number(pid))) await rm(join(folder, file), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, and is another user's.
    return Object(error).code === 'EPERM';
  }
}

function isAbsent(error: unknown): boolean {
  return Object(error).code === 'ENOENT';
}
