import { Gunzip } from 'fflate';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import { crc32 } from './crc.ts';
import { PIECE_BYTES } from './piece.ts';

/** Bytes behind a member: its checksum, and its length modulo 2^32 (RFC 1952). */
const TRAILER_BYTES = 8;

/** Bytes of a file at least: a header of ten, and what is behind a member. */
export const LEAST_GZIP = 10 + TRAILER_BYTES;

/** Bytes of a member's header at most: two fields of 64 KiB. A name that is longer is refused. */
const MOST_HEADER = 2 ** 17;

/** Whether bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks gzip that comes in pieces, of one member or several (RFC 1952). fflate compares neither checksums nor lengths: each
 * member is compared here, where it ends.
 */
export class GzipReader {
  readonly #at: string;
  readonly #gunzip = new Gunzip();
  /** The last pieces, with the byte of the file behind each: what stands behind a member is known when the next one begins. */
  readonly #recent: { readonly piece: Uint8Array; readonly end: number }[] = [];
  /** Bytes of the file that came. */
  #read = 0;
  /** Of what came out of the member so far. */
  #crc = 0;
  #length = 0;
  #out: Uint8Array[] = [];

  /** @param at what errors call the file */
  constructor(at: string) {
    this.#at = at;
    this.#gunzip.ondata = (piece) => {
      this.#crc = crc32(piece, this.#crc);
      this.#length += piece.length;
      if (piece.length > 0) this.#out.push(piece);
    };
    this.#gunzip.onmember = (start) => this.#endMember(start);
  }

  /**
   * What comes out of the next bytes, of which this has a copy.
   *
   * @throws FormatError `file` where they are damaged, or a member is not what was packed
   */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    // Not all at once: what unpacks goes a call deeper for each member of a piece.
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.slice(at, at + PIECE_BYTES);
      this.#read += piece.length;
      this.#recent.push({ piece, end: this.#read });
      while ((this.#recent[0]?.end ?? Infinity) <= this.#read - piece.length - MOST_HEADER)
        this.#recent.shift();
      yield* this.#unpack(piece, false);
    }
  }

  /** What comes out at the end of the file. @throws FormatError `file`, as `push`; where the file is cut, too */
  *end(): Generator<Uint8Array> {
    if (this.#read < LEAST_GZIP)
      unlike(
        this.#at,
        `a gzip file with a header and ${TRAILER_BYTES} bytes at its end`,
        `${this.#read} bytes`,
      );
    yield* this.#unpack(new Uint8Array(), true);
    this.#endMember(this.#read);
  }

  #unpack(piece: Uint8Array, last: boolean): readonly Uint8Array[] {
    this.#out = [];
    try {
      this.#gunzip.push(piece, last);
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      // Of fflate: the bytes end before what is packed does.
      const reason = Object(cause).code === 0 ? 'the file is cut' : reasonOf(cause);
      throw new FormatError('file', `${this.#at}: what is packed is damaged: ${reason}`, { cause });
    }
    return this.#out;
  }

  /** Compares what came out of a member with what stands behind it. @param end the byte of the file behind that */
  #endMember(end: number): void {
    const bytes = Array.from({ length: TRAILER_BYTES }, (_, k) => this.#byte(end - TRAILER_BYTES + k));
    const view = new DataView(Uint8Array.from(bytes).buffer);
    const [crc, length] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (crc !== this.#crc)
      unlike(this.#at, `bytes with the checksum ${crc.toString(16)}`, this.#crc.toString(16));
    if (length !== this.#length % 2 ** 32)
      unlike(this.#at, `${length} bytes when it is unpacked`, `${this.#length}`);
    this.#crc = 0;
    this.#length = 0;
  }

  #byte(at: number): number {
    const { piece, end } = this.#recent.find((one) => at < one.end) ?? { piece: undefined, end: 0 };
    const byte = piece?.[at - (end - piece.length)];
    return (
      byte ?? unlike(this.#at, `a header of ${MOST_HEADER} bytes at most`, 'a longer one, or a cut file')
    );
  }
}
