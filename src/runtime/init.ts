import { InputError } from './issues.ts';
import type { StateSlot } from './program.ts';
import { normal, uniform } from './random.ts';
import { asElements } from './values.ts';

/**
 * A state's first value as 32-bit words, for a program that was checked. Draws are float64, rounded once to float32;
 * element i of a state depends on the seed, the state's stream and i alone.
 *
 * @throws InputError `missing` where values are given beside the program
 */
export function firstValue(
  { name, init, dtype, shape }: Omit<StateSlot, 'arena' | 'offset'>,
  seed: number,
): Uint32Array<ArrayBuffer> {
  if (init.kind === 'given') throw new InputError('missing', name, 'give its values as initial');
  if (init.kind === 'values') return decodeWords(init.words);
  const words = new Uint32Array(elementCount(shape));
  const values = asElements(dtype, words);
  if (init.kind === 'constant') values.fill(init.value);
  else {
    for (let i = 0; i < values.length; i++) {
      values[i] =
        init.kind === 'uniform'
          ? init.low + (init.high - init.low) * uniform(seed, init.stream, i, 0)
          : init.mean + init.deviation * normal(seed, init.stream, i);
    }
  }
  return words;
}

/** 32-bit words out of base64; bytes beyond the last whole word are dropped. */
export function decodeWords(text: string): Uint32Array<ArrayBuffer> {
  const { buffer, length } = decodeBytes(text);
  return new Uint32Array(buffer, 0, length >> 2);
}

/** Bytes out of base64. */
export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text);
  // By number: `Uint8Array.from` goes through a text ten times as long.
  return new Uint8Array(plain.length).map((_, k) => plain.charCodeAt(k));
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}
