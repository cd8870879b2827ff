import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { unfit } from '../runtime/issues.ts';
import { requireStoreName, type Store, whole } from '../weights/store.ts';
import { fileError } from './files.ts';

/** What every file that is not yet whole is called: `.NAME.HOST-PROCESS-RANDOM.partial`. */
const PARTIAL = /^\.(.+)\.([0-9a-f]+)-(\d+)-[0-9a-f]+\.partial$/;

/**
 * Keeps checkpoints as files of a folder, which is made with the first of them. Each is written beside the one before, reaches the
 * disk, and takes its place at once: whatever happens, a full disk, a killed process or a power cut, the old file or the new
 * one is there, whole.
 *
 * @throws InputError `type` for what is not a path
 */
export function fileStore(folder: string): Store {
  if (typeof folder !== 'string') unfit('type', 'folder', 'the path of a folder', folder);
  return {
    async write(name, bytes) {
      requireStoreName(name);
      try {
        const host = await hostKey();
        // Random: threads of one process write too.
        const partial = `.${name}.${host}-${process.pid}-${randomBytes(6).toString('hex')}.partial`;
        await mkdir(folder, { recursive: true });
        await removeLeftovers(folder, name, host);
        await writeWhole(join(folder, partial), bytes, join(folder, name));
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
        await removeLeftovers(folder, name, await hostKey());
      } catch (cause) {
        throw fileError(path, cause, 'removed');
      }
    },
  };
}

/** Writes a file that was not there, waits until the disk has it, and gives it its place; what fails leaves nothing. */
async function writeWhole(partial: string, bytes: Uint8Array, path: string): Promise<void> {
  // Where this fails there is none, or it is of another writer.
  const file = await open(partial, 'wx');
  try {
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Where this process has its number: a host, and on Linux a space of numbers on it, since containers that share a folder may all be
 * process 1 of one host's name.
 */
async function hostKey(): Promise<string> {
  const space = await readlink('/proc/self/ns/pid').catch(() => '');
  return createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 8);
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

/** Removes what processes of this host that have ended meanwhile left of a name; those of others may be at work. */
async function removeLeftovers(folder: string, name: string, own: string): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    const [, of, host, pid] = PARTIAL.exec(file) ?? [];
    if (of === name && host === own && !isRunning(Number(pid))) await rm(join(folder, file), { force: true });
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
