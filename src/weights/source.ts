import { reasonOf } from '../runtime/issues.ts';
import { type Header, headerLength, parseHeader, unlike } from './header.ts';

/** A file that is read in parts, wherever it lies. */
export interface RandomAccess {
  /** What errors call it. */
  readonly name?: string;
  /** Bytes in all. */
  readonly size: number;
  /** Reads `length` bytes from `offset` on, all of which are there. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A `Blob` or a `File` of a page. */
export interface BlobLike {
  readonly name?: string;
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** A safetensors file: its bytes, or where to read them. */
export type WeightsSource = Uint8Array | RandomAccess | BlobLike;

/** A safetensors file whose header was read. */
export interface OpenWeights extends Header {
  /** What errors call it. */
  readonly file: string;
  /** Bytes in all. */
  readonly size: number;
  /** The byte where its tensors begin. */
  readonly start: number;
  /** Reads bytes. @throws FormatError `file` where they cannot be read */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Opens a safetensors file: reads and checks its header, and nothing else.
 *
 * @throws FormatError `file`
 */
export async function openWeights(source: WeightsSource): Promise<OpenWeights> {
  const { file, size, read: take } = accessTo(source);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    let bytes: Uint8Array;
    try {
      bytes = await take(offset, length);
    } catch (cause) {
      return unlike(file, `bytes ${offset} to ${offset + length}`, `an error: ${reasonOf(cause)}`);
    }
    if (bytes.length !== length) unlike(file, `${length} bytes at ${offset}`, `${bytes.length}: it is cut`);
    return bytes;
  };
  const start = headerLength(await read(0, Math.min(8, size)), size, file);
  return { file, size, start, read, ...parseHeader(await read(0, start), size, file) };
}

function accessTo(source: WeightsSource): {
  readonly file: string;
  readonly size: number;
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
} {
  const fallback = 'the safetensors file';
  if (source instanceof Uint8Array)
    return {
      file: fallback,
      size: source.length,
      read: async (offset, length) => source.subarray(offset, offset + length),
    };
  const file = source.name ?? fallback;
  if ('read' in source)
    return { file, size: source.size, read: (offset, length) => source.read(offset, length) };
  return {
    file,
    size: source.size,
    read: async (offset, length) => new Uint8Array(await source.slice(offset, offset + length).arrayBuffer()),
  };
}
