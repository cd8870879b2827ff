import { GzipReader, isGzip } from './gzip.ts';
import { PIECE_BYTES } from './piece.ts';

/** Bytes that are read in pieces: a file, an answer of a server. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  /** Its bytes from the first on, whenever it is called; a piece may be written over once the next is asked for. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

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
  let reader: GzipReader | undefined;
  /** What came, until it is known whether it is packed: a network may give a byte at a time. */
  let first: Uint8Array | undefined = new Uint8Array();
  for await (const given of pieces()) {
    let piece = given;
    if (first) {
      if (first.length > 0) piece = joined([first, given], first.length + given.length);
      if (piece.length < 2) {
        first = piece.slice();
        continue;
      }
      if (isGzip(piece)) reader = new GzipReader(name);
      first = undefined;
    }
    if (reader) yield* reader.push(piece);
    else if (piece.length > 0) yield piece;
  }
  if (reader) yield* reader.end();
  else if (first && first.length > 0) yield first;
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
