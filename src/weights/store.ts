import { FormatError } from '../runtime/issues.ts';
import { hasChecksum, verifyChecksum } from './metadata.ts';

/**
 * Where checkpoints are kept, by name. Every write is atomic: whatever happens, the old bytes or the new ones are there, whole.
 * A safetensors file that names its checksum is only read where it has it.
 */
export interface Store {
  /** Keeps a copy of bytes, in place of those of the name before. @throws FormatError `file` where they cannot be kept */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** The bytes of a name; undefined where there are none. @throws FormatError `file` where they cannot be read, or were changed */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** All names, sorted. */
  list(): Promise<string[]>;
  /** Forgets a name, whether it is there or not. */
  remove(name: string): Promise<void>;
}

/** Requires what every store can have as a name. @throws FormatError `file` */
export function requireStoreName(name: unknown): asserts name is string {
  const fits = typeof name === 'string' && /^[^/\\:\0]{1,200}$/.test(name) && !/^\.|\.partial$/.test(name);
  if (!fits)
    throw new FormatError(
      'file',
      `${JSON.stringify(name)}: expected a name of 1 to 200 characters without / \\ : that does not begin with a dot or end in .partial`,
    );
}

/** What was read out of a store, if it is whole. @throws FormatError `file` where its checksum is another */
export function whole(bytes: Uint8Array<ArrayBuffer>, name: string): Uint8Array<ArrayBuffer> {
  if (hasChecksum(bytes)) verifyChecksum(bytes, name);
  return bytes;
}

/** Keeps bytes in memory, as long as the store is there. */
export function memoryStore(): Store {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    async write(name, bytes) {
      requireStoreName(name);
      kept.set(name, new Uint8Array(bytes));
    },
    async read(name) {
      requireStoreName(name);
      const bytes = kept.get(name);
      return bytes && whole(new Uint8Array(bytes), name);
    },
    async list() {
      return [...kept.keys()].sort();
    },
    async remove(name) {
      requireStoreName(name);
      kept.delete(name);
    },
  };
}
