import { requireOption, requireOptions } from '../graph/arguments.ts';
import { full, type InGraph, Tensor } from '../graph/index.ts';
import { type DimLike, toShape } from '../graph/shape.ts';
import { fraction } from './fraction.ts';
import { type StreamOptions, WORD_BITS, words } from './stream.ts';

/**
 * Truth values of a shape, each of which holds with probability p: a number, rounded to a multiple of 2⁻³², or a tensor (f32)
 * that broadcasts to the shape, of which 24 bits count.
 *
 * ```ts
 * const keep = random.bernoulli(m, 0.9, x.shape);
 * ```
 *
 * @param where `m`, or a tensor of the module
 * @throws GraphError where a number is not from 0 to 1
 */
export function bernoulli(
  where: InGraph,
  p: number | Tensor,
  shape: readonly DimLike[],
  options: StreamOptions = {},
): Tensor {
  requireOptions('random.bernoulli', options, ['name']);
  if (p instanceof Tensor) {
    const unit = fraction(words('random.bernoulli', where, shape, options.name));
    return unit.lt(p.broadcastTo(unit.shape));
  }
  requireOption('random.bernoulli', 'p', p, p >= 0 && p <= 1, 'a number from 0 to 1, or a tensor');
  const word = words('random.bernoulli', where, shape, options.name);
  const below = Math.round(p * 2 ** WORD_BITS);
  return below < 2 ** WORD_BITS ? word.lt(below) : full(where, toShape('random.bernoulli', shape), 1, 'bool');
}
