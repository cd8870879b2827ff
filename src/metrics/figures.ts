import { InputError } from '../runtime/issues.ts';
import { type Counts, mean, requireCounts, rowOf } from './counts.ts';

/**
 * The perplexity of a mean cross-entropy in natural logarithms, `e^loss`: between how many words a model hesitates.
 *
 * ```ts
 * metrics.perplexity((await session.evaluate('evaluate', { data })).scalars.loss);
 * ```
 *
 * @throws InputError where the loss is not a number
 */
export function perplexity(loss: number): number {
  if (typeof loss === 'number') return Math.exp(loss);
  throw new InputError('type', 'perplexity', 'takes the mean of a loss, a number');
}

/**
 * The share of samples that are right, of {@link hits}: exact over any batches. NaN where none counted.
 *
 * @throws InputError where it is another array
 */
export function hitRate(hits: Counts): number {
  requireCounts('hitRate', hits, ([n, ...more]) => n === 2 && more.length === 0, 'the two counts of hits');
  return (hits.data[0] ?? 0) / (hits.data[1] ?? 0);
}

/**
 * How much of the targets' variance is explained, of {@link residuals}: scikit-learn's `r2_score`, whose mean over outputs it
 * takes where there are several. Where targets are all one number it is 1 if all are predicted right, else 0. Targets that
 * deviate from their mean by less than a 700th of it are taken for one number, since float32 does not tell: give `residuals` a
 * `center` near their mean.
 *
 * ```ts
 * metrics.r2(outputs.residuals);
 * ```
 *
 * @param residuals `[4, ...]`, as `session.evaluate` gives it
 * @throws InputError where it is another array
 */
export function r2(residuals: Counts): number {
  const { squares, targets, targetSquares } = residualsOf('r2', residuals);
  return mean(
    squares.map((square, k) => {
      const variance = (targetSquares[k] ?? 0) - (targets[k] ?? 0) ** 2;
      if (variance > NOISE * (targetSquares[k] ?? 0)) return 1 - square / variance;
      return square > 0 ? 0 : 1 - square;
    }),
  );
}

/**
 * The variance of equal targets, as a share of their mean square, that rounding leaves at most: 16 units in the last place of
 * float32. Two means are off by half of one each for what they are, and by some more for how they are added up (assumed).
 */
const NOISE = 16 * 2 ** -23;

/** The root of the mean squared error, of {@link residuals}; over several outputs, of the mean of all. @throws InputError as {@link r2} */
export function rmse(residuals: Counts): number {
  return Math.sqrt(mean(residualsOf('rmse', residuals).squares));
}

/** The mean absolute error, of {@link residuals}; over several outputs, of all. @throws InputError as {@link r2} */
export function mae(residuals: Counts): number {
  return mean(residualsOf('mae', residuals).sizes);
}

function residualsOf(
  op: string,
  residuals: Counts,
): Readonly<Record<'squares' | 'sizes' | 'targets' | 'targetSquares', number[]>> {
  requireCounts(op, residuals, ([kinds]) => kinds === 4, 'means [4, ...] of residuals');
  const [squares = [], sizes = [], targets = [], targetSquares = []] = [0, 1, 2, 3].map((row) =>
    rowOf(residuals, row),
  );
  return { squares, sizes, targets, targetSquares };
}
