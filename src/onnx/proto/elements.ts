import { OnnxError } from '../issues.ts';
import type { Message } from './messages.ts';
import { type ElementType, elementBits, elementTypeOf } from './model.ts';

/**
 * The elements of a tensor in bytes, little-endian: those of `raw_data`, or of the field for their type.
 *
 * @param name of the tensor, for errors
 * @throws OnnxError `tensor` where the type is unknown, a dimension is negative, or bytes and dimensions do not fit
 */
export function elementBytes(
  name: string,
  dims: readonly number[],
  tensor: Message<'TensorProto'>,
): Uint8Array {
  const what = `tensor ${JSON.stringify(name)}`;
  const number = Number(tensor.dataType ?? 0n);
  const type = elementTypeOf(number);
  if (type === undefined) throw new OnnxError('tensor', `${what}: ${number} is not an element type`);
  const negative = dims.find((dim) => dim < 0);
  if (negative !== undefined) throw new OnnxError('tensor', `${what}: a dimension of ${negative}: from 0 on`);
  if (type === 'string') return new Uint8Array(0);
  const bytes = tensor.rawData ?? typedBytes(type, tensor);
  // Nothing has been made by dimensions: they may promise anything.
  const count = dims.reduce((n, dim) => n * dim, 1);
  const wanted = Math.ceil((count * elementBits[type]) / 8);
  if (bytes.length === wanted) return bytes;
  const shape = `[${dims.join(', ')}] of ${type}`;
  throw new OnnxError('tensor', `${what}: ${shape} has ${wanted} bytes, and the file has ${bytes.length}`);
}

/** Elements that stand in a field for their type. Small ones stand in whole numbers, floats of them by their bits. */
function typedBytes(type: ElementType, tensor: Message<'TensorProto'>): Uint8Array {
  const { floatData = [], doubleData = [], int32Data = [], int64Data = [], uint64Data = [] } = tensor;
  switch (type) {
    case 'float32':
    case 'complex64':
      return filled(floatData, 4, (view, at, value) => view.setFloat32(at, value, true));
    case 'float64':
    case 'complex128':
      return filled(doubleData, 8, (view, at, value) => view.setFloat64(at, value, true));
    case 'int64':
      return filled(int64Data, 8, (view, at, value) => view.setBigInt64(at, value, true));
    case 'uint64':
      return filled(uint64Data, 8, (view, at, value) => view.setBigUint64(at, value, true));
    case 'uint32':
      return filled(uint64Data, 4, (view, at, value) => view.setUint32(at, low(value), true));
    case 'int32':
      return filled(int32Data, 4, (view, at, value) => view.setInt32(at, low(value), true));
    case 'int16':
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return filled(int32Data, 2, (view, at, value) => view.setUint16(at, low(value), true));
    case 'bool':
    case 'int8':
    case 'uint8':
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0':
    // Of elements of less than a byte a whole number holds the byte that they share.
    case 'int4':
    case 'uint4':
    case 'float4e2m1':
    case 'int2':
    case 'uint2':
      return filled(int32Data, 1, (view, at, value) => view.setUint8(at, low(value)));
    case 'string':
      return new Uint8Array(0);
    default:
      return type satisfies never;
  }
}

/** The low 32 bits. */
function low(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function filled<T>(
  values: readonly T[],
  size: number,
  set: (view: DataView, at: number, value: T) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (const [k, value] of values.entries()) set(view, k * size, value);
  return bytes;
}
