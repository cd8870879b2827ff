import { Gunzip } from 'fflate';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { isGzip } from './inflate.ts';

/** Bytes that are read in pieces: a file, an answer of a server. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  /** Its bytes from the first on, whenever it is called; a piece may be written over once the next is asked for. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

/** Bytes of a piece: what is made of one lives until the next. */
const PIECE_BYTES = 2 ** 16;

/** Bytes that are there as a source. */
export function bytesSource(bytes: Uint8Array, name = 'the bytes'): ByteSource {
  return {
    name,
    async *pieces() {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
    },
  };
}

/** The pieces of a source, unpacked where it is packed by gzip. @throws FormatError `file` where that is damaged */
export async function* contentsOf({ name, pieces }: ByteSource): AsyncGenerator<Uint8Array> {
  let unpack: ((piece: Uint8Array, last: boolean) => Uint8Array[]) | undefined;
  let isFirst = true;
  for await (const piece of pieces()) {
    if (piece.length === 0) continue;
    // Both bytes that say so come in one piece from all that read files.
    if (isFirst && isGzip(piece)) unpack = unpacker(name);
    isFirst = false;
    // What unpacks keeps pieces.
    if (unpack) yield* unpack(piece.slice(), false);
    else yield piece;
  }
  if (unpack) yield* unpack(new Uint8Array(), true);
}

function unpacker(at: string): (piece: Uint8Array, last: boolean) => Uint8Array[] {
  const gunzip = new Gunzip();
  let ended = false;
  let out: Uint8Array[] = [];
  gunzip.ondata = (piece, last) => {
    out.push(piece);
    ended = last;
  };
  return (piece, last) => {
    out = [];
    try {
      if (!ended) gunzip.push(piece, last);
    } catch (cause) {
      throw new FormatError('file', `${at}: what is packed is damaged: ${reasonOf(cause)}`, { cause });
    }
    return out;
  };
}

/** Bytes that are allocated before they have come: what a header says of more may not be true. */
const TRUSTED_BYTES = 2 ** 20;

/** Reads so many bytes at a time of those that come in pieces. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** What is not read yet of the last piece, which is whole until the next is asked for. */
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `count` bytes in an array of their own, fewer at the end. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    let bytes = new Uint8Array(Math.min(count, TRUSTED_BYTES));
    let length = 0;
    while (length < count) {
      if (this.#rest.length === 0) {
        const { done, value } = this.#ended ? { done: true } : await this.#pieces.next();
        this.#ended = done === true;
        if (value === undefined) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, count - length);
      if (length + part.length > bytes.length) {
        const larger = new Uint8Array(Math.min(count, Math.max(2 * bytes.length, length + part.length)));
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(part, length);
      length += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes.subarray(0, length);
  }

  /** Closes the source, unless it has ended. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#pieces.return?.();
  }
}

/** Pieces one after the other. */
export function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
