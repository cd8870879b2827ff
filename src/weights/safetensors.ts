import { shown } from '../runtime/issues.ts';
import { unlike } from '../runtime/unlike.ts';
import type { TensorType } from './dtypes.ts';
import { headerLength, parseHeader, printHeader, tensorBytes } from './header.ts';

/** A tensor of a safetensors file: `data` holds its elements as they lie there, little-endian, the last axis fastest. */
export interface SafeTensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a safetensors file holds. */
export interface SafeTensors {
  /** By name, in the order in which they lie. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file as its specification says: the length of its header, the header, and tensors that fill the rest
 * without holes or overlaps. Nothing is copied: tensors are views of `bytes`.
 *
 * @param file what errors call it
 * @throws FormatError `file`, which says where the file is not as it should be
 */
export function readSafetensors(bytes: Uint8Array, file = 'the file'): SafeTensors {
  const header = headerLength(bytes, bytes.length, file);
  const { tensors, metadata } = parseHeader(bytes.subarray(0, header), bytes.length, file);
  const entries = [...tensors].map(
    ([name, { dtype, shape, start, end }]) =>
      [name, { dtype, shape, data: bytes.subarray(start, end) }] as const,
  );
  return { tensors: new Map(entries), metadata };
}

/**
 * A safetensors file of tensors, in the order in which they are given. What is given is copied.
 *
 * @throws FormatError `file` for what `readSafetensors` would refuse: a tensor of a type that there is not, or with other bytes
 *   than its shape says, the name `__metadata__`, a text that is not one
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header = printHeader(tensors, metadata);
  for (const [name, tensor] of tensors)
    if (tensor.data.length !== tensorBytes(tensor))
      unlike(`tensor ${shown(name)}`, `${tensorBytes(tensor)} bytes`, `${tensor.data.length}`);
  let end = header.length;
  const parts = [...tensors.values()].map(({ data }) => {
    const start = end;
    end += data.length;
    return [start, data] as const;
  });
  const bytes = new Uint8Array(end);
  bytes.set(header);
  for (const [start, data] of parts) bytes.set(data, start);
  return bytes;
}
