import { requireNumbers, requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, stack, type Tensor } from '../graph/index.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { literalIn } from '../nn/literal.ts';
import { computable, ignoring, isPositive, scoresOf } from './classes.ts';

/** Options of {@link binaryCounts}. */
export interface BinaryCountOptions {
  /**
   * How many thresholds, evenly from below 0 to above 1, as Keras's AUC has them (200 by default); or the thresholds, in
   * rising order.
   */
  readonly thresholds?: number | readonly number[];
  /** A label that is left out. There is none by default. */
  readonly ignoreIndex?: number;
}

/** Thresholds where nothing is said: Keras's. */
const USUAL_COUNT = 200;

/** How far the first and the last threshold lie outside of 0 and 1: Keras's. */
const MARGIN = 1e-7;

/**
 * True and false positives and negatives of scores at many thresholds, for {@link auc}, {@link rocCurve} and
 * {@link precisionRecallCurve}: a sample counts as positive at a threshold if its score is above it; a NaN never is. Whole
 * numbers, which `session.evaluate` adds up.
 *
 * ```ts
 * m.entry('evaluate', { counts: metrics.binaryCounts(logit.sigmoid(), y) });
 * const { outputs } = await session.evaluate('evaluate', { data });
 * metrics.auc(outputs.counts);
 * ```
 *
 * @param scores `[...]` or `[..., 1]`, f32: from 0 to 1, such as a sigmoid gives, unless thresholds are listed
 * @param labels `[...]`: truth values, integers above 0, or floats above 0.5 for class 1
 * @returns `[4, thresholds]`, i32: true positives, false positives, true negatives, false negatives
 * @throws ShapeError where the shapes do not fit; GraphError where the thresholds are not in order
 */
export function binaryCounts(
  scores: Tensor,
  labels: Tensor,
  options: BinaryCountOptions = {},
): Tensor<'i32'> {
  const op = 'binaryCounts';
  requireOptions(op, options, ['thresholds', 'ignoreIndex']);
  for (const tensor of [scores, labels]) requireTensor(op, tensor);
  const thresholds = thresholdsOf(op, options.thresholds ?? USUAL_COUNT);
  const own = ignoring(op, computable(labels), options.ignoreIndex);
  const flat = scoresOf(op, scores, labels);
  const limits = literalIn(flat, [thresholds.length, ...flat.shape.map(() => 1)], thresholds);
  const isNumber = flat.isNaN().not();
  const counts = own.counted === undefined ? isNumber : isNumber.and(own.counted);
  const isAbove = flat.gt(limits).and(counts);
  const isOne = isPositive(own.labels);
  const isCounted = (which: Tensor): Tensor => (own.counted === undefined ? which : which.and(own.counted));
  const sumOf = (which: Tensor): Tensor<'i32'> => which.cast('i32').sum(flat.shape.map((_, k) => k + 1));
  const truePositives = sumOf(isAbove.and(isOne));
  const falsePositives = sumOf(isAbove.and(isOne.not()));
  const [positives, negatives] = [isOne, isOne.not()].map((which) => isCounted(which).cast('i32').sum());
  if (positives === undefined || negatives === undefined) throw new RangeError('there are two classes');
  return stack([truePositives, falsePositives, negatives.sub(falsePositives), positives.sub(truePositives)]);
}

function thresholdsOf(op: string, given: number | readonly number[]): readonly number[] {
  if (typeof given === 'number') {
    requireOption(
      op,
      'thresholds',
      given,
      Number.isSafeInteger(given) && given >= 2,
      'a whole number from 2 on, or a list',
    );
    const between = Array.from({ length: given - 2 }, (_, k) => (k + 1) / (given - 1));
    return [-MARGIN, ...between, 1 + MARGIN];
  }
  requireNumbers(op, given, 'f32', 'thresholds');
  const isRising = given.every(
    (value, k) => k === 0 || Math.fround(value) > Math.fround(given[k - 1] ?? value),
  );
  if (given.length > 0 && isRising && !given.some(Number.isNaN)) return given;
  throw new GraphError('option', op, 'thresholds must be one number or more, in rising order (f32)');
}
