import { FormatError } from './issues.ts';
import type { StateSlot } from './program.ts';
import { normal, uniform } from './random.ts';

/**
 * A state's first value as 32-bit words. Draws are float64, rounded once to float32; element i of a state
 * depends on the seed, the state's stream and i alone.
 *
 * @throws FormatError where given values are not as many as the state's elements
 */
export function firstValue(slot: StateSlot, seed: number): Uint32Array<ArrayBuffer> {
  const { init, dtype, shape, name } = slot;
  const count = elementCount(shape);
  const words = new Uint32Array(count);
  if (init.kind === 'values') {
    const given = decodeWords(init.words);
    if (given.length !== count) {
      throw new FormatError('program', `state ${name}: ${given.length} given values for ${count} elements`);
    }
    return given;
  }
  const values =
    dtype === 'f32' ? new Float32Array(words.buffer) : dtype === 'i32' ? new Int32Array(words.buffer) : words;
  switch (init.kind) {
    case 'constant':
      values.fill(init.value);
      break;
    case 'uniform':
      for (let i = 0; i < count; i++)
        values[i] = init.low + (init.high - init.low) * uniform(seed, init.stream, i, 0);
      break;
    case 'normal':
      for (let i = 0; i < count; i++) values[i] = init.mean + init.deviation * normal(seed, init.stream, i);
      break;
    default:
      throw new FormatError(
        'program',
        `state ${name}: no such first value: ${JSON.stringify(init satisfies never)}`,
      );
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
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}
