import type { Dtype } from '../../loops/dtype.ts';
import { type ElementType, elementTypes, type OnnxTensor } from '../proto/index.ts';

/**
 * What an element type is computed in. Words (`u32`) are 64-bit integers from 0 to 2³² - 1, since runtimes have hardly an
 * operator for 32 bits without a sign.
 */
export const computedTypes = {
  f32: 'float32',
  i32: 'int32',
  u32: 'int64',
  bool: 'bool',
  u8: 'uint8',
} as const satisfies Record<Dtype, ElementType>;

/** What an element type is in inputs, outputs and states of a model. */
export const givenTypes = { ...computedTypes, u32: 'uint32' } as const satisfies Record<Dtype, ElementType>;

/** Numbers as a tensor. @throws TypeError for types that numbers are not written in here */
export function tensorOf(
  name: string,
  type: ElementType,
  values: ArrayLike<number>,
  dims: readonly number[],
): OnnxTensor {
  return { name, dims, type: elementTypes[type], data: bytesOf(type, values) };
}

function bytesOf(type: ElementType, values: ArrayLike<number>): Uint8Array {
  switch (type) {
    case 'float32':
      return written(values, 4, (view, at, x) => view.setFloat32(at, x, true));
    case 'float64':
      return written(values, 8, (view, at, x) => view.setFloat64(at, x, true));
    case 'int32':
      return written(values, 4, (view, at, x) => view.setInt32(at, x, true));
    case 'uint32':
      return written(values, 4, (view, at, x) => view.setUint32(at, x, true));
    case 'int64':
    case 'uint64':
      return written(values, 8, (view, at, x) => view.setBigInt64(at, BigInt(x), true));
    case 'bool':
    case 'uint8':
      return written(values, 1, (view, at, x) => view.setUint8(at, x));
    default:
      throw new TypeError(`numbers are not written as ${type}`);
  }
}

// Little-endian, as the format demands, on machines of either order.
function written(
  values: ArrayLike<number>,
  size: number,
  set: (view: DataView, at: number, x: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (let k = 0; k < values.length; k++) set(view, k * size, values[k] ?? 0);
  return bytes;
}
