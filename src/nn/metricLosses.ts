import { requireFlag, requireOption, requireOptions } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import { broadcastShapes } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type LossOptions, reduce, requireLoss } from './loss.ts';

/** Of {@link cosineSimilarity}. */
export interface CosineOptions {
  /** The axis of the vectors; the last one where it is left out. */
  readonly axis?: number;
  /** The least that a length counts as, so that zeros have a similarity of 0. */
  readonly eps?: number;
}

/**
 * Cosine of the angle between vectors, `a · b / (max(|a|, eps) max(|b|, eps))`, by PyTorch's `cosine_similarity`.
 *
 * @param a vectors along `axis`, of the shape of `b`, or one that broadcasts with it
 * @returns the shape without `axis`, from -1 to 1
 * @throws GraphError `option` where `eps` (1e-8 where it is left out) is not a positive number
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: CosineOptions = {}): Tensor<'f32'> {
  for (const tensor of [a, b]) requireTensor('cosineSimilarity', tensor);
  requireOptions('cosineSimilarity', options, ['axis', 'eps']);
  const { axis = -1, eps = 1e-8 } = options;
  requireOption('cosineSimilarity', 'eps', eps, eps > 0, 'a positive number');
  // The axis is one of the shape that both broadcast to: lengths are of whole vectors.
  const shape = broadcastShapes('cosineSimilarity', a.shape, b.shape);
  const [x, y] = [a, b].map((tensor) => tensor.broadcastTo(shape).norm(2, axis).maximum(eps));
  const product = a.mul(b).sum(axis);
  if (x === undefined || y === undefined) throw new RangeError('two operands');
  return product.div(x).div(y);
}

/** Of losses that push apart what is nearer than a margin. */
export interface MarginOptions extends LossOptions {
  /** How far apart what differs is to be; each loss says what it is where it is left out. */
  readonly margin?: number;
}

/**
 * `1 - cos(a, b)` of vectors that are to be alike, `max(0, cos(a, b) - margin)` of those that are not, by PyTorch's
 * `cosine_embedding_loss`; `margin` is 0 where it is left out.
 *
 * @param a `[..., n]`, as `b`
 * @param target `[...]`, 1 (alike) or -1 (not alike), floats or integers; others have a loss of 0
 * @returns a scalar, or `[...]` without reduction
 */
export function cosineEmbedding(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  options: MarginOptions = {},
): Tensor<'f32'> {
  requireLoss('cosineEmbedding', [a, b, target], options, ['margin']);
  const { margin = 0, reduction } = options;
  requireOption('cosineEmbedding', 'margin', margin, margin >= -1 && margin <= 1, 'from -1 to 1');
  // PyTorch's: added to the squares, under the root.
  const [x, y] = [a, b].map((tensor) => tensor.square().sum(-1).add(1e-12));
  const product = a.mul(b).sum(-1);
  const cosine = x === undefined || y === undefined ? product : product.div(x.mul(y).sqrt());
  const apart = cosine.sub(margin).relu();
  const losses = target.eq(1).where(cosine.neg().add(1), target.eq(-1).where(apart, 0));
  return reduce(losses, reduction);
}

/** Of {@link tripletMargin}. */
export interface TripletMarginOptions extends MarginOptions {
  /** Which norm is the distance: 2 is Euclid's, 1 the sum of absolute differences. */
  readonly p?: 1 | 2;
  /** Added to each difference, so that equal vectors have a gradient. */
  readonly eps?: number;
  /** Whether the negative counts by its distance to the positive, where that is smaller (Balntas et al. 2016). */
  readonly swap?: boolean;
}

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)`, by PyTorch's `triplet_margin_loss` and with its defaults: a
 * `margin` of 1, `p` of 2, `eps` of 1e-6.
 *
 * @param anchor `[..., n]`, as `positive`, which is to be near it, and `negative`, which is not
 * @returns a scalar, or `[...]` without reduction
 * @throws GraphError `option` where an option is out of range
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor<'f32'> {
  requireLoss('tripletMargin', [anchor, positive, negative], options, ['margin', 'p', 'eps', 'swap']);
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction } = options;
  requireOption('tripletMargin', 'margin', margin, margin > 0, 'a positive number');
  requireOption('tripletMargin', 'p', p, p === 1 || p === 2, '1 or 2');
  requireOption('tripletMargin', 'eps', eps, eps >= 0, 'a number from 0 on');
  requireFlag('tripletMargin', 'swap', swap);
  const distance = (a: Tensor, b: Tensor): Tensor => {
    const difference = a.sub(b).add(eps);
    return p === 1 ? difference.abs().sum(-1) : difference.norm(2, -1);
  };
  const far = distance(anchor, negative);
  const away = swap ? far.minimum(distance(positive, negative)) : far;
  return reduce(distance(anchor, positive).sub(away).add(margin).relu(), reduction);
}

/**
 * Contrastive loss of pairs (Hadsell, Chopra and LeCun 2006), with their Y: `d² / 2` of those that are alike,
 * `max(0, margin - d)² / 2` of others, where d is Euclid's distance.
 *
 * @param a `[..., n]`, as `b`
 * @param dissimilar `[...]`, the paper's Y: 0 (or false) for a pair that is alike, 1 (or true) for one that is not
 * @returns a scalar, or `[...]` without reduction
 * @throws GraphError `option` where `margin` (1 where it is left out) is not a positive number
 */
export function contrastive(
  a: Tensor,
  b: Tensor,
  dissimilar: Tensor,
  options: MarginOptions = {},
): Tensor<'f32'> {
  requireLoss('contrastive', [a, b, dissimilar], options, ['margin']);
  const { margin = 1, reduction } = options;
  requireOption('contrastive', 'margin', margin, margin > 0, 'a positive number');
  const difference = a.sub(b);
  const apart = difference.norm(2, -1).neg().add(margin).relu().square();
  const losses = dissimilar.cast('bool').where(apart, difference.square().sum(-1)).mul(0.5);
  return reduce(losses, reduction);
}
