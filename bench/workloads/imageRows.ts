import type { DataFor } from '../steps.ts';
import { draws } from './draws.ts';

const CLASSES = 10;

/**
 * Noise of `channels` × `size` × `size` as `u8` pixels `x`, and labels `y: [rows]` of ten classes: each has a stripe
 * of its own that is brighter, so that there is something to learn.
 */
export function images(channels: number, size: number): DataFor {
  const pixels = channels * size * size;
  return (rows) => {
    const draw = draws(2);
    const x = new Uint8Array(rows * pixels);
    const y = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const label = Math.floor(CLASSES * draw());
      y[row] = label;
      for (let at = 0; at < pixels; at++) {
        const stripe = Math.floor(((at % size) * CLASSES) / size);
        x[row * pixels + at] = Math.floor(128 * draw()) + (stripe === label ? 127 : 0);
      }
    }
    return { x, y };
  };
}
