import { inflateSync } from 'fflate';
import { FormatError, reasonOf } from '../runtime/issues.ts';
import { crc32 } from './crc.ts';
import { refuse } from './refuse.ts';

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

/** The most bytes that a packed file may come to. */
export function mostBytes(packed: Uint8Array, { maxBytes }: ReadOptions): number {
  return maxBytes ?? Math.max(FREE_BYTES, FREE_RATIO * packed.length);
}

/** @throws FormatError where something comes to more bytes than it may */
export function checkUnpacked(size: number, most: number, at: string): void {
  if (size > most)
    refuse(at, `${most} bytes at most when it is unpacked (maxBytes says how many)`, `${size}`);
}

/**
 * Unpacks deflated bytes.
 *
 * @param size of what comes out, and its `crc`, as the file says
 * @throws FormatError where that is not what comes out
 */
export function inflated(packed: Uint8Array, size: number, crc: number, at: string): Uint8Array<ArrayBuffer> {
  const most = DEFLATE_RATIO * (packed.length + 1);
  if (size > most) refuse(at, `${most} bytes at most out of ${packed.length} that are packed`, `${size}`);
  const out = new Uint8Array(size);
  let length: number;
  try {
    length = inflateSync(packed, { out }).length;
  } catch (cause) {
    throw new FormatError('file', `${at}: what is packed is damaged: ${reasonOf(cause)}`, { cause });
  }
  if (length !== size) refuse(at, `${size} bytes when it is unpacked`, `${length}`);
  checkCrc(out, crc, at);
  return out;
}

/** @throws FormatError where bytes are not those that were packed */
export function checkCrc(bytes: Uint8Array, crc: number, at: string): void {
  const found = crc32(bytes);
  if (found !== crc) refuse(at, `bytes with the checksum ${crc.toString(16)}`, found.toString(16));
}

/** Whether bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The contents of a file that is packed by gzip, of one member; of any other file its bytes.
 *
 * @throws FormatError `file` where it is damaged, or comes to too many bytes
 */
export function unpacked(bytes: Uint8Array, at: string, options: ReadOptions): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const start = gzipHeader(bytes, at);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(bytes.length - 4, true);
  checkUnpacked(size, mostBytes(bytes, options), at);
  return inflated(bytes.subarray(start, -8), size, view.getUint32(bytes.length - 8, true), at);
}

/** Bytes of the header of a gzip file (RFC 1952). */
function gzipHeader(bytes: Uint8Array, at: string): number {
  const flags = bytes[3] ?? 0;
  let start = 10;
  if (flags & 4) start += 2 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  // A name and a comment, each up to a zero.
  for (const flag of [8, 16]) if (flags & flag) start = bytes.indexOf(0, start) + 1 || bytes.length;
  if (flags & 2) start += 2;
  if (bytes[2] !== 8) refuse(at, 'gzip with deflate', `method ${bytes[2] ?? 'none'}`);
  if (start + 8 > bytes.length)
    refuse(at, 'a gzip file with a header and 8 bytes at its end', `${bytes.length} bytes`);
  return start;
}
