import { InputError } from '../runtime/issues.ts';
import { type Counts, mean, requireCounts, rowOf, sum } from './counts.ts';

/**
 * How classes become one number, as scikit-learn's: `binary` takes class 1 alone, `macro` the mean of classes, `weighted` that
 * by how many samples have each as their label, `micro` counts all samples alike, which makes it the accuracy.
 */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted';

/** Options of {@link precision}, {@link recall} and {@link f1}. */
export interface AverageOptions {
  /** `binary` where there are two classes, else `macro`, where it is left out. */
  readonly average?: Average;
  /** The class that `binary` takes; 1 by default. */
  readonly positive?: number;
}

/** What one class of a confusion matrix comes to: shares are 0 where they would be 0 / 0. */
export interface ClassReport {
  /** Of the samples predicted as it, how many are. */
  readonly precision: number;
  /** Of its samples, how many are predicted as it. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
  /** Of the samples that are it or are predicted as it, how many are both: intersection over union. */
  readonly iou: number;
  /** How many samples have it as their label. */
  readonly support: number;
  /** How many are predicted as it. */
  readonly predicted: number;
}

/**
 * Each class of a confusion matrix, as scikit-learn's `classification_report`.
 *
 * ```ts
 * metrics.perClass(outputs.confusion)[3].recall;
 * ```
 *
 * @param confusion `[classes, classes]`, label by prediction
 * @throws InputError where it is another array
 */
export function perClass(confusion: Counts): ClassReport[] {
  return reportsOf('perClass', confusion);
}

/**
 * Of the samples predicted as a class, the share that is it: scikit-learn's `precision_score`. A class that nothing is predicted
 * as has 0; one that is neither a label nor predicted is left out of means. NaN where nothing was counted.
 *
 * ```ts
 * metrics.precision(outputs.confusion, { average: 'macro' });
 * ```
 *
 * @param confusion `[classes, classes]`, as {@link confusionMatrix} and `session.evaluate` give it
 * @throws InputError where it is another array, or an option is not known
 */
export function precision(confusion: Counts, options: AverageOptions = {}): number {
  return averaged('precision', confusion, options);
}

/** Of the samples of a class, the share that is predicted as it: scikit-learn's `recall_score`. Otherwise as {@link precision}. */
export function recall(confusion: Counts, options: AverageOptions = {}): number {
  return averaged('recall', confusion, options);
}

/**
 * The harmonic mean of precision and recall, `2 tp / (2 tp + fp + fn)`: scikit-learn's `f1_score`, whose means are those of the
 * classes' own. Otherwise as {@link precision}.
 */
export function f1(confusion: Counts, options: AverageOptions = {}): number {
  return averaged('f1', confusion, options);
}

/**
 * The mean over classes of intersection over union, `tp / (tp + fp + fn)`, as Keras's `MeanIoU`: of those that are a label or
 * predicted anywhere. NaN where nothing was counted.
 *
 * @param confusion `[classes, classes]`
 */
export function meanIou(confusion: Counts): number {
  return mean(seen(reportsOf('meanIou', confusion)).map(({ iou }) => iou));
}

function averaged(metric: 'precision' | 'recall' | 'f1', confusion: Counts, options: AverageOptions): number {
  const reports = reportsOf(metric, confusion);
  const { average = reports.length === 2 ? 'binary' : 'macro', positive = 1 } = options;
  const own = seen(reports);
  const supports = sum(own.map(({ support }) => support));
  switch (average) {
    case 'binary': {
      const report = reports[positive];
      if (report !== undefined) return supports === 0 ? Number.NaN : report[metric];
      const there = `there are ${reports.length} classes, from 0 on`;
      throw new InputError('range', metric, `positive is ${positive}: ${there}`);
    }
    case 'macro':
      return mean(own.map((report) => report[metric]));
    case 'weighted':
      return sum(own.map((report) => report[metric] * report.support)) / supports;
    case 'micro': // Every sample that is wrong is a false positive of one class and a false negative of another.
      return sum(own.map(({ recall, support }) => recall * support)) / supports;
    default: {
      const none: never = average;
      throw new InputError(
        'unknown',
        metric,
        `average is ${none}: it must be one of binary, macro, micro, weighted`,
      );
    }
  }
}

/** Classes that are a label or predicted somewhere. */
function seen(reports: readonly ClassReport[]): ClassReport[] {
  return reports.filter(({ support, predicted }) => support + predicted > 0);
}

function reportsOf(op: string, confusion: Counts): ClassReport[] {
  const isSquare = ([rows, columns, ...more]: readonly number[]): boolean =>
    rows !== undefined && rows === columns && more.length === 0;
  requireCounts(op, confusion, isSquare, 'a confusion matrix [classes, classes]');
  const rows = Array.from({ length: confusion.shape[0] ?? 0 }, (_, k) => rowOf(confusion, k));
  return rows.map((row, k) => {
    const right = row[k] ?? 0;
    const [support, predicted] = [sum(row), sum(rows.map((other) => other[k] ?? 0))];
    return {
      precision: share(right, predicted),
      recall: share(right, support),
      f1: share(2 * right, support + predicted),
      iou: share(right, support + predicted - right),
      support,
      predicted,
    };
  });
}

/** A share of a count; 0 of nothing, as scikit-learn's `zero_division` has it. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
