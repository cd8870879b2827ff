import { FormatError } from '../runtime/issues.ts';
import { CHECKSUM, Checksum, requireChecksum } from './checksum.ts';
import { type Header, headerLength, parseHeader, printHeader } from './header.ts';

/**
 * The bytes of a safetensors file, such as `session.save()` gives, with more texts, and a checksum. A text that is there already
 * is replaced; the one that says where a session stands is `sinter`.
 *
 * @throws FormatError `file` where `bytes` are not such a file
 */
export function withMetadata(
  bytes: Uint8Array,
  texts: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const { start, header } = opened(bytes, FILE);
  const metadata = { ...header.metadata, ...texts };
  const checksum = checksumOf(bytes, start, { ...header, metadata });
  const first = printHeader(header.tensors, { ...metadata, [CHECKSUM]: checksum });
  const whole = new Uint8Array(first.length + bytes.length - start);
  whole.set(first);
  whole.set(bytes.subarray(start), first.length);
  return whole;
}

/**
 * The texts of a safetensors file.
 *
 * @throws FormatError `file` where `bytes` are not such a file
 */
export function metadataOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  return opened(bytes, FILE).header.metadata;
}

/**
 * Requires that a safetensors file has the checksum that it names, if it names one.
 *
 * @param file what errors call it
 * @throws FormatError `file` where it has another, or is not such a file
 */
export function verifyChecksum(bytes: Uint8Array, file = FILE): void {
  const { start, header } = opened(bytes, file);
  if (header.metadata[CHECKSUM] !== undefined)
    requireChecksum(header, checksumOf(bytes, start, header), file);
}

/** Whether bytes are a safetensors file that names its checksum. */
export function hasChecksum(bytes: Uint8Array): boolean {
  try {
    return Object.hasOwn(opened(bytes, FILE).header.metadata, CHECKSUM);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

const FILE = 'the file';

function opened(bytes: Uint8Array, file: string): { readonly start: number; readonly header: Header } {
  const start = headerLength(bytes, bytes.length, file);
  return { start, header: parseHeader(bytes.subarray(0, start), bytes.length, file) };
}

function checksumOf(bytes: Uint8Array, start: number, header: Header): string {
  const sum = new Checksum(header);
  sum.add(bytes.subarray(start));
  return sum.text();
}
