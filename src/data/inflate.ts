import { inflateSync } from 'fflate';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import { crc32 } from './crc.ts';
import { GzipReader, isGzip, LEAST_GZIP } from './gzip.ts';
import { requireBytes } from './issues.ts';

/** Bytes that a packed file may come to by default: as many as one that is not packed with any care. */
const FREE_BYTES = 2 ** 26;
/** How many times its own bytes it may come to, above that. Images come to 5 times, text to 10, deflate can do 1032. */
const FREE_RATIO = 100;

/** What a byte can come to: 258 bytes for two bits, a length and a distance. (RFC 1951) */
const DEFLATE_RATIO = 1032;

/** How files are read. */
export interface ReadOptions {
  /** What errors call the file. */
  readonly name?: string;
  /**
   * Bytes that a packed file may come to when it is unpacked; by default 64 MiB, or 100 times its own bytes where that is
   * more. A small file may come to very many.
   */
  readonly maxBytes?: number;
}

/** The names of the options of all files. */
export const readOptionNames: Readonly<Record<keyof ReadOptions, true>> = { name: true, maxBytes: true };

/** The most bytes that a packed file may come to. */
export function mostBytes(packed: Uint8Array, { maxBytes }: ReadOptions): number {
  return maxBytes ?? Math.max(FREE_BYTES, FREE_RATIO * packed.length);
}

/** @throws FormatError where something comes to more bytes than it may */
export function checkUnpacked(size: number, most: number, at: string): void {
  if (size > most)
    unlike(at, `${most} bytes at most when it is unpacked (maxBytes says how many)`, `${size}`);
}

/**
 * Unpacks deflated bytes.
 *
 * @param size of what comes out, and its `crc`, as the file says
 * @throws FormatError where that is not what comes out
 */
export function inflated(packed: Uint8Array, size: number, crc: number, at: string): Uint8Array<ArrayBuffer> {
  checkRatio(size, packed, at);
  const out = new Uint8Array(size);
  let length: number;
  try {
    length = inflateSync(packed, { out }).length;
  } catch (cause) {
    throw new FormatError('file', `${at}: what is packed is damaged: ${reasonOf(cause)}`, { cause });
  }
  if (length !== size) unlike(at, `${size} bytes when it is unpacked`, `${length}`);
  checkCrc(out, crc, at);
  return out;
}

/** @throws FormatError where bytes are said to come to more than any can */
function checkRatio(size: number, packed: Uint8Array, at: string): void {
  const most = DEFLATE_RATIO * (packed.length + 1);
  if (size > most) unlike(at, `${most} bytes at most out of ${packed.length} that are packed`, `${size}`);
}

/** @throws FormatError where bytes are not those that were packed */
export function checkCrc(bytes: Uint8Array, crc: number, at: string): void {
  const found = crc32(bytes);
  if (found !== crc) unlike(at, `bytes with the checksum ${crc.toString(16)}`, found.toString(16));
}

/**
 * The contents of a file that is packed by gzip; of any other file its bytes.
 *
 * @throws FormatError `file` where it is damaged, or comes to too many bytes
 */
export function unpacked(bytes: Uint8Array, at: string, options: ReadOptions): Uint8Array {
  requireBytes(bytes);
  if (!isGzip(bytes)) return bytes;
  const most = mostBytes(bytes, options);
  // The size of the last member, most often the only one, as the file says.
  const end = bytes.length - 4;
  const last =
    bytes.length < LEAST_GZIP ? 0 : new DataView(bytes.buffer, bytes.byteOffset + end).getUint32(0, true);
  // Of a file that is cut, or has something behind it, these are other bytes: what comes out counts.
  const isLikely = last <= Math.min(most, DEFLATE_RATIO * (bytes.length + 1));
  let out = new Uint8Array(isLikely ? last : 0);
  let length = 0;
  const take = (pieces: Iterable<Uint8Array>): void => {
    for (const piece of pieces) {
      checkUnpacked(length + piece.length, most, at);
      if (length + piece.length > out.length) {
        const larger = new Uint8Array(Math.min(most, Math.max(2 * out.length, length + piece.length)));
        larger.set(out.subarray(0, length));
        out = larger;
      }
      out.set(piece, length);
      length += piece.length;
    }
  };
  const reader = new GzipReader(at);
  take(reader.push(bytes));
  take(reader.end());
  return out.subarray(0, length);
}
