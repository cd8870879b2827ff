import type { ValueDtype } from '../../graph/module.ts';
import type { Dtype } from '../../loops/dtype.ts';
import type { TensorType } from '../../weights/dtypes.ts';
import { OnnxError } from '../issues.ts';

/** An element type of ONNX, and what stands for it here. */
export interface ElementType {
  /** As `TensorProto.DataType` spells it. */
  readonly name: string;
  /** Its number there. */
  readonly number: number;
  /** The type that its values are computed in: floats of any width are f32, integers of 64 bits i32 where their values fit. */
  readonly dtype: ValueDtype;
  /** How its elements lie in a tensor's bytes; those of fewer than 8 bits lie two a byte, the first in the lower half. */
  readonly stored: TensorType | 'packed';
  /** Least and largest value, of an integer that is narrower than the type it is computed in: results wrap to it. */
  readonly narrow?: readonly [least: number, most: number];
}

const types: readonly ElementType[] = [
  { name: 'FLOAT', number: 1, dtype: 'f32', stored: 'F32' },
  { name: 'UINT8', number: 2, dtype: 'i32', stored: 'U8', narrow: [0, 255] },
  { name: 'INT8', number: 3, dtype: 'i32', stored: 'I8', narrow: [-128, 127] },
  { name: 'UINT16', number: 4, dtype: 'i32', stored: 'U16', narrow: [0, 65535] },
  { name: 'INT16', number: 5, dtype: 'i32', stored: 'I16', narrow: [-32768, 32767] },
  { name: 'INT32', number: 6, dtype: 'i32', stored: 'I32' },
  { name: 'INT64', number: 7, dtype: 'i32', stored: 'I64' },
  { name: 'BOOL', number: 9, dtype: 'bool', stored: 'BOOL' },
  { name: 'FLOAT16', number: 10, dtype: 'f32', stored: 'F16' },
  { name: 'DOUBLE', number: 11, dtype: 'f32', stored: 'F64' },
  { name: 'UINT32', number: 12, dtype: 'u32', stored: 'U32' },
  { name: 'UINT64', number: 13, dtype: 'u32', stored: 'U64' },
  { name: 'BFLOAT16', number: 16, dtype: 'f32', stored: 'BF16' },
  { name: 'UINT4', number: 21, dtype: 'i32', stored: 'packed', narrow: [0, 15] },
  { name: 'INT4', number: 22, dtype: 'i32', stored: 'packed', narrow: [-8, 7] },
];

const byNumber: ReadonlyMap<number, ElementType> = new Map(types.map((type) => [type.number, type]));

/** Numbers of element types that rows of the table of operators name. */
export const elem = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  uint32: 12,
} as const;

/** Names of types that are not computed with here, by their numbers. */
const others: ReadonlyMap<number, string> = new Map([
  [8, 'STRING'],
  [14, 'COMPLEX64'],
  [15, 'COMPLEX128'],
  [17, 'FLOAT8E4M3FN'],
  [18, 'FLOAT8E4M3FNUZ'],
  [19, 'FLOAT8E5M2'],
  [20, 'FLOAT8E5M2FNUZ'],
  [23, 'FLOAT4E2M1'],
  [24, 'FLOAT8E8M0'],
]);

/**
 * The element type of a number.
 *
 * @param what has it, for the error
 * @throws OnnxError `element-type`
 */
export function elementType(number: number, what: string): ElementType {
  const type = byNumber.get(number);
  if (type !== undefined) return type;
  const name = others.get(number) ?? `number ${number}`;
  const known = types.map((one) => one.name).join(', ');
  throw new OnnxError(
    'element-type',
    `${what} has elements of type ${name}, which is not computed with: there are ${known}`,
  );
}

/** The element type of what is computed here, where nothing else says it. */
export function elemOf(dtype: Dtype): number {
  switch (dtype) {
    case 'f32':
      return elem.float;
    case 'i32':
      return elem.int64;
    case 'u32':
      return elem.uint32;
    case 'bool':
      return elem.bool;
    case 'u8':
      return elem.uint8;
    default:
      return dtype satisfies never;
  }
}
