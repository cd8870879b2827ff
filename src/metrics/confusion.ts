import { requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { comparedOf, type LabelOptions, labelOptions } from './classes.ts';

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions extends LabelOptions {
  /** How many classes there are, where the predictions are classes, and not logits which say it. */
  readonly classes?: number;
}

/**
 * How many samples of each class are predicted as each: row i, column j counts those with label i that are taken for j, as
 * scikit-learn's `confusion_matrix`. Whole numbers, which `session.evaluate` adds up; of the sum {@link precision},
 * {@link recall}, {@link f1} and others are computed. Labels of an input are checked as they come in, unless some are ignored,
 * and so are predicted classes. A class that is computed, and lies outside, counts as the nearest that there is.
 *
 * ```ts
 * m.entry('evaluate', { loss, confusion: metrics.confusionMatrix(logits, y) });
 * const { outputs } = await session.evaluate('evaluate', { data });
 * metrics.f1(outputs.confusion, { average: 'macro' });
 * ```
 *
 * @param predictions as those of {@link accuracy}
 * @param labels `[...]`
 * @returns `[classes, classes]`, i32; with a threshold `[2, 2]`
 * @throws ShapeError where the shapes do not fit; GraphError `option` where `classes` is missing or another than the logits have
 */
export function confusionMatrix(
  predictions: Tensor,
  labels: Tensor,
  options: ConfusionOptions = {},
): Tensor<'i32'> {
  const op = 'confusionMatrix';
  requireOptions(op, options, ['classes', ...labelOptions]);
  const { predicted, actual, counted, classes: known } = comparedOf(op, predictions, labels, options);
  const classes = options.classes ?? known;
  if (classes === undefined)
    throw new GraphError('option', op, 'classes is missing: of predicted classes it says how many there are');
  const wanted =
    known === undefined ? 'a whole number from 1 on' : `${known}, as many as the predictions have`;
  const holds = Number.isSafeInteger(classes) && classes >= 1 && (known ?? classes) === classes;
  requireOption(op, 'classes', classes, holds, wanted);
  const square = [classes, classes];
  // Taken as rows, so that predicted classes are indices, which are checked where they come in; it costs a comparison.
  const isThere = predicted.iota(square, 0).eq(predicted.iota(square, 1)).take(predicted);
  const counts = counted === undefined ? isThere : isThere.and(counted.expandDims(-1));
  return counts.cast('i32').segmentSum(actual, classes);
}
