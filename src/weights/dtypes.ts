import { half } from '../half.ts';
/**
 * Types of elements that a safetensors file may name, and the bits of one. Those narrower than a byte lie side by side.
 * (https://github.com/huggingface/safetensors, `Dtype`)
 */
export const tensorTypes = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** The name of a type of elements, as files spell it. */
export type TensorType = keyof typeof tensorTypes;

/** Whether a file may name such a type. */
export function isTensorType(name: unknown): name is TensorType {
  return typeof name === 'string' && Object.hasOwn(tensorTypes, name);
}

/** Elements as numbers, or as large integers where a number does not hold all of them. */
export type Elements = ArrayLike<number> | BigInt64Array | BigUint64Array;

/**
 * The elements of a tensor's bytes, each exactly; undefined for types whose elements are not read: complex numbers, and floats
 * of eight bits or fewer except `F8_E4M3` and `F8_E5M2`.
 *
 * @param data whole elements, little-endian
 */
export function decode(type: TensorType, data: Uint8Array): Elements | undefined {
  // A copy: elements need not be aligned in a file.
  const { buffer } = new Uint8Array(data);
  switch (type) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return widened(new Uint16Array(buffer), half);
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'F8_E5M2':
      return widened(new Uint8Array(buffer), (bits) => half(bits << 8));
    case 'F8_E4M3':
      return widened(new Uint8Array(buffer), e4m3);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U64':
      return new BigUint64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I16':
      return new Int16Array(buffer);
    case 'U16':
      return new Uint16Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer);
    case 'C64':
    case 'F4':
    case 'F6_E2M3':
    case 'F6_E3M2':
    case 'F8_E8M0':
    case 'F8_E4M3FNUZ':
    case 'F8_E5M2FNUZ':
      return undefined;
  }
}

function widened(bits: Uint16Array | Uint8Array, value: (bits: number) => number): Float32Array {
  return Float32Array.from(bits, value);
}

/** A float of eight bits with four of the exponent, without infinities (Micikevicius et al. 2022). */
function e4m3(bits: number): number {
  const exponent = (bits >> 3) & 15;
  const fraction = bits & 7;
  const sign = bits & 128 ? -1 : 1;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -9 : sign * (8 + fraction) * 2 ** (exponent - 10);
}
