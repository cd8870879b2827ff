import { requireOption, requireOptions } from '../graph/arguments.ts';
import type { InGraph, Tensor } from '../graph/index.ts';
import type { DimLike } from '../graph/shape.ts';
import { type StreamOptions, WORD_BITS, words } from './stream.ts';

/** One more than the largest i32. */
const SIGNED = 2 ** 31;

/**
 * Whole numbers (i32) evenly from `low` to below `high`, of a shape: the upper word of a random one times how many there
 * are. The probability of each is within 2⁻³² of that of any other.
 *
 * ```ts
 * const rows = random.integers(m, 0, 1000, [batch]);
 * ```
 *
 * @param where `m`, or a tensor of the module
 * @throws GraphError where a bound is not an i32, or there is nothing between them
 */
export function integers(
  where: InGraph,
  low: number,
  high: number,
  shape: readonly DimLike[],
  options: StreamOptions = {},
): Tensor<'i32'> {
  const op = 'random.integers';
  requireOptions(op, options, ['name']);
  requireOption(op, 'low', low, (low | 0) === low, 'a whole number of 32 bits');
  requireOption(op, 'high', high, Number.isInteger(high) && high <= SIGNED, `a whole number up to ${SIGNED}`);
  requireOption(op, 'high', high, high > low, `above low, which is ${low}`);
  const word = words(op, where, shape, options.name);
  const offset = upperProduct(word, high - low);
  return high - low <= SIGNED ? offset.cast('i32').add(low) : wrapped(offset).add(low);
}

/** The upper word of a word's product with n, `floor(word · n / 2³²)`, for n from 1 to 2³²: of halves, each product fits. */
function upperProduct(word: Tensor, n: number): Tensor {
  const bits = Math.log2(n);
  if (Number.isInteger(bits)) return word.shiftRight(WORD_BITS - bits);
  const [high, low] = [Math.floor(n / 2 ** 16), n % 2 ** 16];
  const [upper, lower] = [word.shiftRight(16), word.bitAnd(0xffff)];
  const middle = upper.mul(low).add(lower.mul(low).shiftRight(16));
  if (high === 0) return middle.shiftRight(16);
  const carried = lower.mul(high).add(middle.bitAnd(0xffff)).shiftRight(16);
  return upper.mul(high).add(middle.shiftRight(16)).add(carried);
}

/** Words as i32 of the same bits: a cast would saturate. */
function wrapped(word: Tensor): Tensor<'i32'> {
  return word.shiftRight(1).cast('i32').shiftLeft(1).bitOr(word.bitAnd(1).cast('i32'));
}

/**
 * The numbers 0 to n - 1 (i32) in random order: that in which random words are sorted. Equal words, of which n numbers have
 * about n² / 2³³ pairs, stay in order.
 *
 * ```ts
 * const shuffled = x.take(random.permutation(m, 256));
 * ```
 *
 * @param where `m`, or a tensor of the module
 * @throws GraphError where n is not a whole number from 1 on
 */
export function permutation(where: InGraph, n: number, options: StreamOptions = {}): Tensor<'i32'> {
  const op = 'random.permutation';
  requireOptions(op, options, ['name']);
  requireOption(op, 'n', n, Number.isSafeInteger(n) && n >= 1, 'a whole number from 1 on');
  return words(op, where, [n], options.name).argsort(0);
}
