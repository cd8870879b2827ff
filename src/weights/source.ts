import { InputError, isWhole, reasonOf, shown } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import { CHECKSUM, Checksum, requireChecksum } from './checksum.ts';
import { elementBytes, type Header, headerLength, parseHeader, type TensorPlace } from './header.ts';

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

/** Elements that are read at once: 4 MiB of float32. */
const PIECE = 2 ** 20;
/** Bytes of a file that are kept when its checksum was read, so that it is read once: 32 MiB. */
const KEPT = 2 ** 25;

/** The bytes of a tensor, a piece after the other, and the element that each begins with. */
export async function* piecesOf(
  weights: OpenWeights,
  place: TensorPlace,
): AsyncGenerator<readonly [data: Uint8Array, first: number]> {
  const size = elementBytes(place);
  for (let at = place.start; at < place.end; at += PIECE * size)
    yield [await weights.read(at, Math.min(PIECE * size, place.end - at)), (at - place.start) / size];
}

/**
 * Requires that a file has the checksum that it names, if it names one: reads all of it once. A small file is kept then, a
 * large one is read again where it is asked for.
 *
 * @throws FormatError `file` where it has another checksum, or cannot be read
 */
export async function verified(weights: OpenWeights): Promise<OpenWeights> {
  if (!Object.hasOwn(weights.metadata, CHECKSUM)) return weights;
  const { start, size } = weights;
  const sum = new Checksum(weights);
  const kept = size <= KEPT ? new Uint8Array(size) : undefined;
  for (let at = start; at < size; at += 4 * PIECE) {
    const data = await weights.read(at, Math.min(4 * PIECE, size - at));
    sum.add(data);
    kept?.set(data, at);
  }
  requireChecksum(weights, sum.text(), weights.file);
  return kept === undefined
    ? weights
    : { ...weights, read: async (offset, length) => kept.subarray(offset, offset + length) };
}

/**
 * Opens a safetensors file: reads and checks its header, and nothing else.
 *
 * @throws FormatError `file`; InputError `type` for what cannot be read
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
  const fallback = 'the file';
  if (source instanceof Uint8Array)
    return {
      file: fallback,
      size: source.length,
      read: async (offset, length) => source.subarray(offset, offset + length),
    };
  requireReadable(source);
  const { size } = source;
  const file = typeof source.name === 'string' ? source.name : fallback;
  if ('read' in source) return { file, size, read: (offset, length) => source.read(offset, length) };
  return {
    file,
    size,
    read: async (offset, length) => new Uint8Array(await source.slice(offset, offset + length).arrayBuffer()),
  };
}

/** @throws InputError `type` for what is not a file, nor reads one */
function requireReadable(source: unknown): void {
  const { size, read, slice }: Readonly<Record<string, unknown>> = Object(source);
  if (isWhole(size, 0, Number.MAX_SAFE_INTEGER) && [read, slice].some((one) => typeof one === 'function'))
    return;
  const expected =
    'expected the bytes of a safetensors file as a Uint8Array, a Blob or File, or what reads it in parts, { size, read }: openFile of sinter/node opens paths, openUrl of sinter/browser addresses';
  throw new InputError('type', 'source', `${expected}; found ${shown(source)}`);
}
