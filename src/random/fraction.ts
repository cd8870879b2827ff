import type { Tensor } from '../graph/index.ts';
import { WORD_BITS } from './stream.ts';

/** Bits of a float's fraction: as many of a word make a number in [0, 1). */
const FLOAT_BITS = 24;

/** A float in [0, 1) of the upper bits of a word. */
export function fraction(word: Tensor): Tensor<'f32'> {
  return word
    .shiftRight(WORD_BITS - FLOAT_BITS)
    .cast('f32')
    .mul(2 ** -FLOAT_BITS);
}
