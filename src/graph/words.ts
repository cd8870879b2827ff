import type { Dtype } from '../loops/index.ts';

/** Numbers as a caller gives them: plain or typed arrays. */
export type Values = ArrayLike<number>;

/**
 * The 32-bit words of values as base64, little-endian: floats by their bits, integers and bools (0 and 1) as
 * they are.
 */
export function wordsOf(values: Values, dtype: Exclude<Dtype, 'u8'>): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let k = 0; k < values.length; k++) {
    const value = values[k] ?? 0;
    switch (dtype) {
      case 'f32':
        view.setFloat32(4 * k, value, true);
        break;
      case 'i32':
        view.setInt32(4 * k, value, true);
        break;
      case 'u32':
      case 'bool':
        view.setUint32(4 * k, value, true);
        break;
      default:
        dtype satisfies never;
    }
  }
  return base64(bytes);
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
  // `fromCharCode` takes its bytes as arguments, and a call takes only so many of them.
  for (let k = 0; k < bytes.length; k += 8192) {
    chunks.push(String.fromCharCode(...bytes.subarray(k, k + 8192)));
  }
  return btoa(chunks.join(''));
}
