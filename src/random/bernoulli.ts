import { requireOption, requireOptions } from '../graph/arguments.ts';
import { full, type InGraph, ShapeError, Tensor } from '../graph/index.ts';
import { knownRange } from '../graph/ops/knownIndices.ts';
import { broadcastShapes, type DimLike, sameShape, toShape } from '../graph/shape.ts';
import { type Dim, shapeText } from '../loops/index.ts';
import { fraction } from './fraction.ts';
import { type StreamOptions, WORD_BITS, words } from './stream.ts';

/**
 * Truth values of a shape, each of which holds with probability p: a number, rounded to a multiple of 2⁻³², or a tensor (f32)
 * that broadcasts to the shape, of which 24 bits count. An element of it that is above 1 counts as 1, one below 0 or NaN as 0;
 * those that are known when the module is declared, of literals and constants, are refused.
 *
 * ```ts
 * const keep = random.bernoulli(m, 0.9, x.shape);
 * ```
 *
 * @param where `m`, or a tensor of the module
 * @throws GraphError where a number, or a known element, is not from 0 to 1; ShapeError where a tensor is not of f32 or does
 *   not broadcast to the shape
 */
export function bernoulli(
  where: InGraph,
  p: number | Tensor,
  shape: readonly DimLike[],
  options: StreamOptions = {},
): Tensor<'bool'> {
  requireOptions('random.bernoulli', options, ['name']);
  if (p instanceof Tensor) {
    const dims = toShape('random.bernoulli', shape);
    requireProbabilities(p, dims);
    const unit = fraction(words('random.bernoulli', where, dims, options.name));
    return unit.lt(p.broadcastTo(dims));
  }
  requireOption('random.bernoulli', 'p', p, p >= 0 && p <= 1, 'a number from 0 to 1, or a tensor');
  const word = words('random.bernoulli', where, shape, options.name);
  const below = Math.round(p * 2 ** WORD_BITS);
  return below < 2 ** WORD_BITS ? word.lt(below) : full(where, toShape('random.bernoulli', shape), 1, 'bool');
}

function requireProbabilities({ node }: Tensor, shape: readonly Dim[]): void {
  const op = 'random.bernoulli';
  if (node.dtype !== 'f32')
    throw new ShapeError('dtype', op, `p of type ${node.dtype}; takes f32: cast it first`);
  if (!sameShape(broadcastShapes(op, node.shape, shape), shape)) {
    const text = `p ${shapeText(node.shape)} does not broadcast to ${shapeText(shape)}`;
    throw new ShapeError('broadcast', op, text);
  }
  for (const value of knownRange(node) ?? [])
    requireOption(op, 'an element of p', value, value >= 0 && value <= 1, 'a number from 0 to 1');
}
