import { MOST_ELEMENTS } from '../../loops/size.ts';
import { clipped, listed } from '../../runtime/clipped.ts';
import { decode, tensorTypes } from '../../weights/dtypes.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxTensor } from '../proto/model.ts';
import { type ElementType, elementType } from './elementTypes.ts';
import { countOf, type Known, type Weight } from './value.ts';

/** Gives a file beside the model, by the location that it names. */
export type External = (location: string) => Uint8Array;

/** The same, asked once for each file: many tensors lie in one. */
export function askedOnce(external: External): External {
  const files = new Map<string, Uint8Array>();
  return (location) => {
    const bytes = files.get(location) ?? external(location);
    files.set(location, bytes);
    return bytes;
  };
}

/** A tensor of the file as what is known. @throws OnnxError as {@link numbersOf} */
export function knownTensor(tensor: OnnxTensor, external: External | undefined): Known {
  const { number, dtype } = typeOf(tensor);
  return {
    kind: 'known',
    elem: number,
    dtype,
    shape: tensor.dims,
    elements: numbersOf(tensor, external),
    name: tensor.name,
  };
}

/** A tensor of the file as a weight, whose bytes are read when they are asked for. @throws OnnxError as {@link numbersOf} */
export function weightOf(tensor: OnnxTensor, external: External | undefined): Weight {
  const { number } = typeOf(tensor);
  requireSize(tensor, external);
  let values: Float32Array | undefined;
  return {
    kind: 'weight',
    elem: number,
    dtype: 'f32',
    shape: tensor.dims,
    name: tensor.name,
    values: () => {
      values ??= Float32Array.from(numbersOf(tensor, external));
      return values;
    },
  };
}

/** How messages name a tensor. */
export function tensorText({ name }: OnnxTensor): string {
  return name === '' ? 'a constant' : `the initializer ${JSON.stringify(clipped(name))}`;
}

/** The element type of a tensor. @throws OnnxError `element-type` */
export function typeOf(tensor: OnnxTensor): ElementType {
  return elementType(tensor.type, tensorText(tensor));
}

/**
 * The elements of a tensor, row-major. Integers of 64 bits become numbers, which are exact up to 2^53.
 *
 * @throws OnnxError `element-type`, `initializer-size`, `external`, `too-large`
 */
export function numbersOf(tensor: OnnxTensor, external: External | undefined): ArrayLike<number> {
  const type = typeOf(tensor);
  const data = requireSize(tensor, external);
  if (type.stored === 'packed') return unpacked(data, countOf(tensor.dims), type.narrow?.[0] ?? 0);
  const elements = decode(type.stored, data);
  if (elements === undefined) throw new RangeError(`elements of type ${type.name} are not read`);
  if (!(elements instanceof BigInt64Array || elements instanceof BigUint64Array)) return elements;
  const numbers = new Float64Array(elements.length);
  for (let k = 0; k < numbers.length; k++) numbers[k] = Number(elements[k]);
  return numbers;
}

/** The bytes of a tensor, as many as its shape says. */
function requireSize(tensor: OnnxTensor, external: External | undefined): Uint8Array {
  const { dims } = tensor;
  const what = tensorText(tensor);
  if (dims.length > 64 || !dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    const text = `${what} has the dimensions [${listed(dims.map(String))}]: they must be whole numbers from 0 on`;
    throw new OnnxError('tensor', text);
  }
  const count = countOf(dims);
  if (count > MOST_ELEMENTS) {
    const text = `${what} has ${count} elements: a tensor has at most ${MOST_ELEMENTS}`;
    throw new OnnxError('too-large', text);
  }
  const { stored, name } = typeOf(tensor);
  const wanted = stored === 'packed' ? Math.ceil(count / 2) : (count * tensorTypes[stored]) / 8;
  const data =
    tensor.external === undefined ? tensor.data : outside(tensor, tensor.external, wanted, external);
  if (data.length === wanted) return data;
  const text = `${what} has ${data.length} bytes: ${name} of shape [${dims.join(', ')}] has ${wanted}`;
  throw new OnnxError('initializer-size', text);
}

function outside(
  tensor: OnnxTensor,
  { location, offset, length }: NonNullable<OnnxTensor['external']>,
  wanted: number,
  external: External | undefined,
): Uint8Array {
  const place = `the file ${JSON.stringify(clipped(location))}`;
  if (leaves(location)) {
    const text = `${tensorText(tensor)} lies in ${place}: it must lie in the folder of the model, or in one within it`;
    throw new OnnxError('external', text);
  }
  if (external === undefined) {
    const text = `${tensorText(tensor)} lies in ${place} beside the model: give the option external, (location) => its bytes`;
    throw new OnnxError('external', text);
  }
  const bytes: unknown = external(location);
  if (!(bytes instanceof Uint8Array)) {
    throw new OnnxError('external', `external gives no Uint8Array for ${place}`);
  }
  const end = offset + (length ?? wanted);
  if (end <= bytes.length) return bytes.subarray(offset, end);
  const text = `${tensorText(tensor)} ends at byte ${end} of ${place}, which has ${bytes.length}: it is another file, or truncated`;
  throw new OnnxError('external', text);
}

/**
 * Whether a location may leave the folder of the model. A file of others' could have any file of this machine read, and
 * its bytes written as weights.
 */
function leaves(location: string): boolean {
  return /^([/\\]|[a-z]:)/i.test(location) || location.split(/[/\\]/).includes('..');
}

/** Elements of 4 bits. */
function unpacked(data: Uint8Array, count: number, least: number): Int8Array {
  return Int8Array.from({ length: count }, (_, k) => {
    const bits = ((data[k >> 1] ?? 0) >> (4 * (k & 1))) & 15;
    return least < 0 && bits > 7 ? bits - 16 : bits;
  });
}
