import { type SafeTensor, writeSafetensors } from '../../weights/safetensors.ts';
import type { OnnxModule, Weights } from './fromOnnx.ts';

/** The weights of a module as a safetensors file, by the names of states. */
export function fileBytes({ weights }: OnnxModule): Uint8Array<ArrayBuffer> {
  return writeSafetensors(new Map([...weights].map(([name, one]) => [name, tensorOf(one)] as const)));
}

function tensorOf({ shape, dtype, values }: Weights): SafeTensor {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  switch (dtype) {
    case 'f32':
      return {
        dtype: 'F32',
        shape,
        data: bytes(values instanceof Float32Array ? values : Float32Array.from(values)),
      };
    case 'i32':
      return { dtype: 'I32', shape, data: bytes(Int32Array.from(values)) };
    case 'u32':
      return { dtype: 'U32', shape, data: bytes(Uint32Array.from(values)) };
    case 'bool':
      return { dtype: 'BOOL', shape, data: Uint8Array.from(values) };
    default:
      return dtype satisfies never;
  }
}
