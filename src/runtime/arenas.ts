import { elementCount } from './init.ts';
import type { ProgramBase } from './program.ts';
import { fail } from './shape.ts';

/**
 * Says whether states and given arrays lie inside of their arenas, and as many first values are given as there are elements.
 *
 * @throws FormatError naming the first place that does not
 */
export function checkArenas({ state, constants, buffers }: ProgramBase): void {
  for (const [i, { arena, offset, shape, init }] of state.entries()) {
    const at = `program.state[${i}]`;
    const count = elementCount(shape);
    checkInside(at, offset + count, buffers[arena]);
    const given = init.kind === 'values' ? wordCount(init.words) : count;
    if (given !== count) fail(`${at}.init.words`, `${count} words`, given);
  }
  for (const [i, { arena, offset, words }] of constants.entries())
    checkInside(`program.constants[${i}]`, offset + wordCount(words), buffers[arena]);
}

/** @param words where a slot ends; a product of extents may be NaN, which is not inside either */
export function checkInside(at: string, words: number, bytes: number): void {
  if (!(4 * words <= bytes)) fail(`${at}.offset`, `an end within ${bytes} bytes`, 4 * words);
}

/** Whole 32-bit words in a text of base64, or in what stands in its place. */
export function wordCount(text: unknown): number {
  return Math.floor((3 * String(text).length) / 16);
}
