import { FormatError, reasonOf } from '../runtime/issues.ts';
import { requireStoreName, type Store, whole } from '../weights/store.ts';

/** The one table of a store's database. */
const TABLE = 'files';

/** Keeps checkpoints in a database of a page's own, which has this name. Each write is a transaction: all of it, or nothing. */
export function indexedDbStore(name: string): Store {
  requireStoreName(name);
  return {
    async write(key, bytes) {
      requireStoreName(key);
      const copy = new Uint8Array(bytes);
      await transacted(name, 'readwrite', `${key}: cannot be written`, (files) => files.put(copy, key));
    },
    async read(key) {
      requireStoreName(key);
      const found: unknown = await transacted(name, 'readonly', `${key}: cannot be read`, (files) =>
        files.get(key),
      );
      return found instanceof Uint8Array ? whole(new Uint8Array(found), key) : undefined;
    },
    async list() {
      const keys = await transacted(name, 'readonly', `${name}: cannot be listed`, (files) =>
        files.getAllKeys(),
      );
      return keys.map(String).sort();
    },
    async remove(key) {
      requireStoreName(key);
      await transacted(name, 'readwrite', `${key}: cannot be removed`, (files) => files.delete(key));
    },
  };
}

/** Does one thing in a transaction of its own. @throws FormatError `file` where it is not done */
async function transacted<T>(
  name: string,
  mode: 'readonly' | 'readwrite',
  failure: string,
  work: (files: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const fail = (cause: unknown): FormatError =>
    new FormatError('file', `${failure}: ${reasonOf(cause)}`, { cause });
  let database: IDBDatabase | undefined;
  try {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    database = await settled(opening);
    // Its disk has it before it says so.
    const transaction = database.transaction(TABLE, mode, { durability: 'strict' });
    const over = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const [result] = await Promise.all([settled(work(transaction.objectStore(TABLE))), over]);
    return result;
  } catch (cause) {
    throw fail(cause);
  } finally {
    database?.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
