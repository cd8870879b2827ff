import { FormatError, reasonOf } from '../runtime/issues.ts';
import { requireStoreName, type Store, whole } from '../weights/store.ts';

/**
 * Keeps checkpoints as files of a page's own (its *origin private file system*), in a folder of this name. A file takes its place
 * when all of it is written: whatever happens before, the old one is there, whole.
 */
export function opfsStore(folder: string): Store {
  requireStoreName(folder);
  return {
    async write(name, bytes) {
      requireStoreName(name);
      await named(name, 'written', async () => {
        const place = await opened(folder, true);
        const file = await place.getFileHandle(name, { create: true });
        // What is written here replaces the file when it is closed, at once.
        const writable = await file.createWritable();
        try {
          await writable.write(new Uint8Array(bytes));
          await writable.close();
        } catch (error) {
          await writable.abort().catch(() => {});
          // A file that was only just made holds nothing: there was none before.
          if ((await file.getFile()).size === 0) await place.removeEntry(name);
          throw error;
        }
      });
    },
    async read(name) {
      requireStoreName(name);
      const bytes = await named(name, 'read', async () => {
        const place = await opened(folder, false);
        const file = await place?.getFileHandle(name).catch(absent);
        return file && new Uint8Array(await (await file.getFile()).arrayBuffer());
      });
      // An empty file is one whose first write did not end.
      return bytes === undefined || bytes.length === 0 ? undefined : whole(bytes, name);
    },
    async list() {
      return named(folder, 'listed', async () => {
        const names: string[] = [];
        const place = await opened(folder, false);
        for await (const [name, handle] of place?.entries() ?? [])
          if (handle instanceof FileSystemFileHandle && (await handle.getFile()).size > 0) names.push(name);
        return names.sort();
      });
    },
    async remove(name) {
      requireStoreName(name);
      await named(name, 'removed', async () => {
        const place = await opened(folder, false);
        await place?.removeEntry(name).catch(absent);
      });
    },
  };
}

async function opened(folder: string, create: true): Promise<FileSystemDirectoryHandle>;
async function opened(folder: string, create: false): Promise<FileSystemDirectoryHandle | undefined>;
async function opened(folder: string, create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(folder, { create }).catch(absent);
}

/** Nothing, for what is not there. */
function absent(error: unknown): undefined {
  if (Object(error).name !== 'NotFoundError') throw error;
}

async function named<T>(name: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new FormatError('file', `${name}: cannot be ${what}: ${reasonOf(cause)}`, { cause });
  }
}
