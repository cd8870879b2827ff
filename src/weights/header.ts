import { FormatError, isWhole, shown } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import { isTensorType, type TensorType, tensorTypes } from './dtypes.ts';
import { notSafetensors } from './foreign.ts';

/** A tensor as the header of a file describes it. */
export interface TensorPlace {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** The byte of the file where it begins, and the one behind it. */
  readonly start: number;
  readonly end: number;
}

/** What stands before the tensors of a safetensors file. */
export interface Header {
  /** In the order in which they lie. */
  readonly tensors: ReadonlyMap<string, TensorPlace>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of a header at most, as the reference implementation has it. */
const MOST_HEADER_BYTES = 100_000_000;

/** What a header calls its texts, which no tensor can be called. */
export const METADATA = '__metadata__';

/**
 * The number of bytes of a file's header, with the eight that say how long it is.
 *
 * @param first the file's first eight bytes
 * @param size  of the whole file, in bytes
 * @throws FormatError `file`
 */
export function headerLength(first: Uint8Array, size: number, file: string): number {
  if (size < 8 || first.length < 8)
    notSafetensors(
      file,
      first,
      `it has ${size} bytes, and one has 8 at least, which say how long its header is`,
    );
  const length = Number(new DataView(new Uint8Array(first.subarray(0, 8)).buffer).getBigUint64(0, true));
  if (length > MOST_HEADER_BYTES)
    notSafetensors(
      file,
      first,
      `its first 8 bytes should say how long its header is, up to ${MOST_HEADER_BYTES} bytes, and say ${length}`,
    );
  if (8 + length > size) unlike(file, `a header of ${length} bytes`, `${size} bytes in all: it is cut`);
  return 8 + length;
}

/**
 * Reads the header of a safetensors file, and requires that its tensors fill the file without holes or overlaps.
 *
 * @param bytes the file's first bytes, as many as `headerLength` says
 * @param size  of the whole file, in bytes
 * @throws FormatError `file`, which names the tensor and what is wrong
 */
export function parseHeader(bytes: Uint8Array, size: number, file: string): Header {
  const fields = parsed(bytes, file);
  const tensors: [string, TensorPlace][] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === METADATA) metadata = textsOf(value, file);
    else tensors.push([name, placeOf(value, bytes.length, `${file}: tensor ${shown(name)}`)]);
  }
  tensors.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let end = bytes.length;
  for (const [name, place] of tensors) {
    if (place.start !== end) {
      const what = place.start > end ? 'behind a hole' : 'inside of another tensor';
      unlike(
        `${file}: tensor ${shown(name)}`,
        `data_offsets from ${end - bytes.length} on`,
        `${place.start - bytes.length}, ${what}`,
      );
    }
    end = place.end;
  }
  if (end !== size) {
    const what = end > size ? 'it is cut' : 'there is more behind its tensors';
    unlike(file, `${end} bytes`, `${size}: ${what}`);
  }
  return { tensors: new Map(tensors), metadata };
}

/** The fields of a header. */
function parsed(bytes: Uint8Array, file: string): object {
  // A copy: decoders refuse memory that threads share.
  const content = new Uint8Array(bytes.subarray(8));
  if (content[0] !== 0x7b)
    notSafetensors(
      file,
      bytes,
      `its header should begin with {, and ${content.length === 0 ? 'is empty' : `begins with the byte ${content[0]}`}`,
    );
  let fields: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    fields = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : 'text that is not UTF-8';
    throw new FormatError('file', `${file}: expected a header of JSON, found ${reason}`, { cause });
  }
  const twice = keyTwice(text);
  if (twice !== undefined) unlike(file, 'each name once in the header', `${shown(twice)} twice`);
  return Object(fields);
}

/** A key that an object of a JSON text has twice; the parser of the language keeps the last one, and says nothing. */
function keyTwice(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
      let behind = i + 1;
      while (/\s/.test(json[behind] ?? '')) behind++;
      if (json[behind] !== ':') continue;
      const key: unknown = JSON.parse(json.slice(start, i + 1));
      const keys = open.at(-1);
      if (typeof key !== 'string' || keys === undefined) continue;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function textsOf(value: unknown, file: string): Readonly<Record<string, string>> {
  const at = `${file}: ${METADATA}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    unlike(at, 'an object of texts', shown(value));
  return Object.fromEntries(
    Object.entries(value).map(([key, text]: [string, unknown]) =>
      typeof text === 'string' ? [key, text] : unlike(`${at}: ${shown(key)}`, 'a text', shown(text)),
    ),
  );
}

/** Bytes of a tensor. @throws FormatError `file` for a type or a shape that there is not */
export function requireSize(
  { dtype, shape }: Readonly<Record<'dtype' | 'shape', unknown>>,
  at: string,
): number {
  if (!isTensorType(dtype))
    unlike(at, `a dtype, one of ${Object.keys(tensorTypes).join(', ')}`, shown(dtype));
  if (!isCounts(shape)) unlike(at, 'a shape, a list of whole numbers from 0 on', listText(shape));
  const bytes = tensorBytes({ dtype, shape });
  if (!Number.isSafeInteger(8 * bytes))
    unlike(at, 'elements that can be counted', `the shape ${listText(shape)}`);
  if (!Number.isInteger(bytes)) unlike(at, 'whole bytes', `${bytes} bytes for ${dtype} ${listText(shape)}`);
  return bytes;
}

/** @param first the byte of the file where tensors begin */
function placeOf(value: unknown, first: number, at: string): TensorPlace {
  const { dtype, shape, data_offsets: offsets }: Readonly<Record<string, unknown>> = Object(value);
  if (!isTensorType(dtype))
    unlike(at, `a dtype, one of ${Object.keys(tensorTypes).join(', ')}`, shown(dtype));
  if (!isCounts(shape)) unlike(at, 'a shape, a list of whole numbers from 0 on', listText(shape));
  if (!isCounts(offsets) || offsets.length !== 2)
    unlike(at, 'data_offsets, two whole numbers from 0 on', listText(offsets));
  const [start = 0, end = 0] = offsets;
  const bits = shape.reduce((n, extent) => n * extent, tensorTypes[dtype]);
  if (!Number.isSafeInteger(bits)) unlike(at, `elements that can be counted`, `the shape ${listText(shape)}`);
  if (end - start !== bits / 8) {
    const text = `${bits / 8} bytes for ${dtype} ${listText(shape)}`;
    unlike(at, text, `data_offsets ${listText(offsets)}, ${end - start} bytes`);
  }
  return { dtype, shape, start: first + start, end: first + end };
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => isWhole(n, 0, Number.MAX_SAFE_INTEGER));
}

function listText(value: unknown): string {
  if (!Array.isArray(value)) return shown(value);
  const few = value.slice(0, 8).map(shown).join(', ');
  return `[${few}${value.length > 8 ? ', …' : ''}]`;
}

/** What a tensor takes in a header. */
export interface TensorSize {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
}

/** Bytes of a tensor's elements. */
export function tensorBytes({ dtype, shape }: TensorSize): number {
  return shape.reduce((n, extent) => n * extent, tensorTypes[dtype]) / 8;
}

/** Bytes of an element; of types narrower than a byte a part of one. */
export function elementBytes({ dtype }: Pick<TensorSize, 'dtype'>): number {
  return tensorTypes[dtype] / 8;
}

/**
 * The first bytes of a file that holds tensors in this order: their length, the header, and spaces, so that elements begin at a
 * multiple of eight bytes.
 *
 * @throws FormatError `file` for what `parseHeader` would refuse: a type or a shape that there is not, a text that is not one, a
 *   name that comes twice, or is that of the texts
 */
export function printHeader(
  tensors: Iterable<readonly [name: string, size: TensorSize]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const fields = new Map<string, object>();
  const texts = textsOf(metadata, 'a safetensors file');
  if (Object.keys(texts).length > 0) fields.set(METADATA, texts);
  for (const [name, size] of tensors) {
    if (name === METADATA || fields.has(name))
      unlike('a safetensors file', 'names that differ from each other and from __metadata__', shown(name));
    const start = end;
    end += requireSize(size, `tensor ${shown(name)}`);
    fields.set(name, { dtype: size.dtype, shape: size.shape, data_offsets: [start, end] });
  }
  // As entries: a name may be __proto__.
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const bytes = new Uint8Array(8 + 8 * Math.ceil(header.length / 8)).fill(32);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(header, 8);
  return bytes;
}
