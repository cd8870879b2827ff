import { requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, ShapeError, type Tensor, whileTraining } from '../graph/index.ts';
import { dimAt, sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { literalIn } from '../nn/literal.ts';
import { uniform } from '../random/index.ts';
import { betaQuantiles } from './beta.ts';
import { bySample, floatsOf, streamOf } from './images.ts';

/** Options of {@link mixUp}. */
export interface MixUpOptions {
  /** Both parameters of the beta distribution of shares, from 0.01 to 100; 0.2 by default: most samples are mixed little. */
  readonly alpha?: number;
  /** How many classes there are, where labels are classes: they become a share for each. */
  readonly classes?: number;
  /** Name of the stream of random numbers, of which there are two: `NAME.share` and `NAME.partner`. */
  readonly name?: string;
}

/** Samples that are mixed, and what they are mixed of. */
export interface Mixed {
  /** Of the shape of the samples, f32. */
  readonly x: Tensor<'f32'>;
  /** Shares of classes `[batch, classes]`, as `nn.crossEntropy` takes them; or targets of the shape of those given. */
  readonly target: Tensor<'f32'>;
}

/** Parts of the distribution of shares between which it runs straight: its density has few kinks that 1,000 parts miss. */
const PARTS = 1024;

/**
 * Mixes each sample with another one of the batch, and their labels (Zhang et al., *mixup*, 2018): `share · x + (1 - share) · other`,
 * with a share of its own, drawn by a beta distribution, others at each step. The other one is so many samples on, as many for
 * all, from the first again behind the last: rows are shuffled already where training shuffles. `evaluation` gives the samples
 * and the labels themselves.
 *
 * ```ts
 * const mixed = augment.mixUp(x, y, { classes: 10 });
 * const loss = nn.crossEntropy(net(mixed.x), mixed.target);
 * const tested = evaluation(loss); // of x and y as they are
 * ```
 *
 * @param x `[batch, ...]`: f32, or u8, which comes out as f32
 * @param labels `[batch]`, integers, with `classes`; or targets `[batch, ...]`, f32
 * @throws ShapeError where the shapes do not fit; GraphError where an option is not known, out of range or missing
 */
export function mixUp(x: Tensor, labels: Tensor, options: MixUpOptions = {}): Mixed {
  const op = 'augment.mixUp';
  requireOptions(op, options, ['alpha', 'classes', 'name']);
  const { alpha = 0.2, classes, name } = options;
  requireOption(op, 'alpha', alpha, alpha >= 0.01 && alpha <= 100, 'a number from 0.01 to 100');
  const samples = floatsOf(op, x);
  const targets = targetsOf(op, labels, classes);
  const batch = bySample(op, samples).slice(0, 1);
  if (!sameShape(batch, targets.shape.slice(0, 1))) {
    const [own, other] = [x, labels].map(({ shape }) => shapeText(shape));
    throw new ShapeError('shape-mismatch', op, `samples ${own} and labels ${other} must have one batch`);
  }
  const share = shareOf(samples, alpha, uniform(samples, batch, streamOf(name, 'share')));
  const partner = partnerOf(samples, uniform(samples, [], streamOf(name, 'partner')));
  const mixed = (own: Tensor<'f32'>): Tensor<'f32'> => {
    const part = share.reshape([dimAt(own.shape, 0), ...own.shape.slice(1).map(() => 1)]);
    const other = own.take(partner);
    return whileTraining(own.sub(other).mul(part).add(other), own);
  };
  return { x: mixed(samples), target: mixed(targets) };
}

/** Labels as floats: a share for each class, or as they are. */
function targetsOf(op: string, labels: Tensor, classes: number | undefined): Tensor<'f32'> {
  requireTensor(op, labels);
  if (labels.dtype === 'f32') {
    if (classes === undefined && labels.shape.length > 0) return labels.cast('f32');
    throw new GraphError(
      'option',
      op,
      'classes are those of integer labels [batch]: targets that are floats have none',
    );
  }
  if (labels.shape.length !== 1)
    throw new ShapeError('rank', op, `labels ${shapeText(labels.shape)}: classes are [batch]`);
  if (classes === undefined)
    throw new GraphError('option', op, 'classes is missing: of integer labels it says how many there are');
  requireOption(
    op,
    'classes',
    classes,
    Number.isSafeInteger(classes) && classes >= 1,
    'a whole number from 1 on',
  );
  return labels.cast('i32').oneHot(classes);
}

/** A share for each sample, by the inverse of the distribution function. */
function shareOf(x: Tensor, alpha: number, drawn: Tensor<'f32'>): Tensor<'f32'> {
  if (alpha === 1) return drawn;
  const quantiles = literalIn(x, [PARTS + 1], betaQuantiles(alpha, PARTS));
  const place = drawn.mul(PARTS);
  const part = place.floor();
  const [low, high] = [part, part.add(1)].map((at) => quantiles.take(at.cast('i32')));
  if (low === undefined || high === undefined) throw new RangeError('a place lies between two quantiles');
  return low.lerp(high, place.sub(part));
}

/** The number of the other sample of each: from 1 to all but one samples on. */
function partnerOf(x: Tensor, drawn: Tensor): Tensor<'i32'> {
  const count = x.liveCount(0);
  const distance = drawn.mul(count.sub(1)).floor().add(1).cast('i32');
  const next = x.iota(x.shape.slice(0, 1), 0).add(distance);
  const all = count.cast('i32');
  return next.ge(all).where(next.sub(all), next);
}
