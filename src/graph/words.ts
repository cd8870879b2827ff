import type { Dtype } from '../loops/index.ts';

/** Numbers as a caller gives them: plain or typed arrays. */
export type Values = ArrayLike<number>;

/**
 * The 32-bit words of values as base64, little-endian: floats by their bits, integers and bools (0 and 1) as
 * they are.
 */
export function wordsOf(values: Values, dtype: Exclude<Dtype, 'u8'>): string {
  const bytes = new Uint8Array(values.length * 4);
  arrayOver(bytes.buffer, dtype).set(values);
  return base64(bytes);
}

/** The array that has elements of a type, over memory. All machines that this runs on are little-endian, as is the text. */
function arrayOver(
  buffer: ArrayBuffer,
  dtype: Exclude<Dtype, 'u8'>,
): Float32Array | Int32Array | Uint32Array {
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    case 'u32':
    case 'bool':
      return new Uint32Array(buffer);
    default:
      return dtype satisfies never;
  }
}

/** The values that {@link wordsOf} encoded. */
export function valuesOf(words: string, dtype: Exclude<Dtype, 'u8'>): number[] {
  const text = atob(words);
  const view = new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  return Array.from({ length: text.length >> 2 }, (_, k) => {
    if (dtype === 'f32') return view.getFloat32(4 * k, true);
    return dtype === 'i32' ? view.getInt32(4 * k, true) : view.getUint32(4 * k, true);
  });
}

/** How many 32-bit words a base64 text holds; -1 where it is no such text. */
export function wordCount(words: string): number {
  if (words.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(words)) return -1;
  const padding = words.endsWith('==') ? 2 : words.endsWith('=') ? 1 : 0;
  const bytes = (words.length / 4) * 3 - padding;
  return bytes % 4 === 0 ? bytes / 4 : -1;
}

function base64(bytes: Uint8Array): string {
  const chunks: string[] = [];
  // `fromCharCode` takes its bytes as arguments, and a call takes only so many of them; three of them are four characters.
  for (let k = 0; k < bytes.length; k += 8190) {
    chunks.push(btoa(String.fromCharCode(...bytes.subarray(k, k + 8190))));
  }
  return chunks.join('');
}
