import type { DataFor } from '../steps.ts';
import { draws } from './draws.ts';

/**
 * Lines of characters `x: [rows, length]` and what follows each, `y: [rows, length]`: numbers below `vocabulary`. A
 * character has two that may follow it, each as often, so that there is something to learn.
 */
export function characters(vocabulary: number, length: number): DataFor {
  return (rows) => {
    const draw = draws(1);
    const x = new Int32Array(rows * length);
    const y = new Int32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      let character = Math.floor(vocabulary * draw());
      for (let at = row * length; at < (row + 1) * length; at++) {
        x[at] = character;
        character = (7 * character + 1 + Math.floor(2 * draw())) % vocabulary;
        y[at] = character;
      }
    }
    return { x, y };
  };
}
