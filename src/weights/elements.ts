import { FormatError, shown } from '../runtime/issues.ts';
import type { ValueType } from '../runtime/program.ts';
import { valueTypes } from '../runtime/values.ts';
import { decode, type TensorType } from './dtypes.ts';

/** Elements of the types that programs have: `Uint32Array` for u32, and for bool, 0 or 1. */
export type Converted =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/**
 * The elements of a tensor as another type. Floats of fewer bits become float32 exactly, those of 64 bits are rounded; whatever
 * else the type does not hold exactly is refused.
 *
 * @param name what errors call the tensor
 * @param data whole elements
 * @param first the number of the first of them within the tensor, for errors
 * @throws FormatError `file`, which names the tensor and the element
 */
export function converted(
  to: ValueType,
  type: TensorType,
  data: Uint8Array,
  name: string,
  first = 0,
): Converted {
  const elements = decode(type, data);
  if (elements === undefined)
    throw new FormatError('file', `${shown(name)}: elements of ${type} are listed, and not read`);
  if (to === 'f32' && elements instanceof Float32Array) return new Float32Array(elements);
  const result = new valueTypes[to][0](elements.length);
  const most = type === 'BOOL' || to === 'bool' ? 1 : Infinity;
  for (let i = 0; i < result.length; i++) {
    const element = elements[i] ?? 0;
    const value = Number(element);
    result[i] = value;
    if (value > most || !isHeld(element, result[i] ?? 0, type === 'F64' && to === 'f32'))
      throw new FormatError(
        'file',
        `${shown(name)}: element ${first + i} is ${elements[i]}, which ${value > most ? 'bool' : to} does not hold`,
      );
  }
  return result;
}

/** Whether what an element became counts as it. @param mayRound whether it may be rounded, though not to an infinity */
function isHeld(element: number | bigint, made: number, mayRound: boolean): boolean {
  if (typeof element === 'bigint') return Number.isInteger(made) && BigInt(made) === element;
  return mayRound ? Number.isFinite(element) === Number.isFinite(made) : Object.is(element + 0, made + 0);
}

/** The type of a file that holds a program's elements as they are. */
export const typeOf = {
  f32: 'F32',
  i32: 'I32',
  u32: 'U32',
  bool: 'BOOL',
  u8: 'U8',
} as const satisfies Record<ValueType, TensorType>;

/** Elements of a program as a file holds them. */
export function bytesOf(dtype: ValueType, elements: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const array = dtype === 'bool' ? Uint8Array.from(elements) : valueTypes[dtype][0].from(elements);
  return new Uint8Array(array.buffer);
}
