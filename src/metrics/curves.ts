import { InputError } from '../runtime/issues.ts';
import { type Counts, requireCounts, rowOf } from './counts.ts';

/** A point of a curve for each threshold, in their order: from everything positive to nothing. */
export interface RocPoint {
  /** Negatives above the threshold, as a share of all negatives. */
  readonly falsePositiveRate: number;
  /** Positives above the threshold, as a share of all positives: the recall. */
  readonly truePositiveRate: number;
}

/** A point of a precision-recall curve. */
export interface PrecisionRecallPoint {
  /** Of those above the threshold, how many are positive; 1 where none is above. */
  readonly precision: number;
  readonly recall: number;
}

/** Options of {@link auc}. */
export interface AucOptions {
  /** `roc`, which is the default, or `pr`: precision by recall. */
  readonly curve?: 'roc' | 'pr';
}

/**
 * The receiver operating characteristic of counts at thresholds, with the points at which all and none are positive.
 *
 * @param counts `[4, thresholds]`, as {@link binaryCounts} and `session.evaluate` give it
 * @throws InputError where it is another array
 */
export function rocCurve(counts: Counts): RocPoint[] {
  return countsAt('rocCurve', counts).map(({ tp, fp, positives, negatives }) => ({
    falsePositiveRate: fp / negatives,
    truePositiveRate: tp / positives,
  }));
}

/**
 * Precision by recall of counts at thresholds, with the points at which all and none are positive.
 *
 * @param counts `[4, thresholds]`, as {@link binaryCounts} and `session.evaluate` give it
 * @throws InputError where it is another array
 */
export function precisionRecallCurve(counts: Counts): PrecisionRecallPoint[] {
  return countsAt('precisionRecallCurve', counts).map(({ tp, fp, positives }) => ({
    precision: tp + fp === 0 ? 1 : tp / (tp + fp),
    recall: tp / positives,
  }));
}

/**
 * The area under a curve, as Keras's `AUC`: under the receiver operating characteristic by trapezoids, under the
 * precision-recall curve by the interpolation of Davis and Goadrich (2006), along which true positives grow in proportion.
 * NaN where there are no positives, or, of `roc`, no negatives.
 *
 * ```ts
 * metrics.auc(outputs.counts);
 * metrics.auc(outputs.counts, { curve: 'pr' });
 * ```
 *
 * @param counts `[4, thresholds]`, as {@link binaryCounts} and `session.evaluate` give it
 * @throws InputError where it is another array, or the curve is not known
 */
export function auc(counts: Counts, { curve = 'roc' }: AucOptions = {}): number {
  const points = countsAt('auc', counts);
  const between = points.slice(1).map((next, k) => [points[k] ?? next, next] as const);
  switch (curve) {
    case 'roc':
      return between.reduce((area, [a, b]) => {
        const width = (a.fp - b.fp) / a.negatives;
        return area + (width * (a.tp + b.tp)) / (2 * a.positives);
      }, 0);
    case 'pr':
      return between.reduce((area, [a, b]) => {
        const [from, to] = [a.tp + a.fp, b.tp + b.fp];
        const slope = from === to ? 0 : (a.tp - b.tp) / (from - to);
        const intercept = b.tp - slope * to;
        const ratio = from > 0 && to > 0 ? from / to : 1;
        return area + (slope * (a.tp - b.tp + intercept * Math.log(ratio))) / a.positives;
      }, 0);
    default: {
      const none: never = curve;
      throw new InputError('unknown', 'auc', `curve is ${none}: it must be roc or pr`);
    }
  }
}

interface CountsAt {
  readonly tp: number;
  readonly fp: number;
  readonly positives: number;
  readonly negatives: number;
}

/** Counts at each threshold, and at those below and above all scores. */
function countsAt(op: string, counts: Counts): CountsAt[] {
  const isFit = ([kinds, thresholds = 0, ...more]: readonly number[]): boolean =>
    kinds === 4 && thresholds > 0 && more.length === 0;
  requireCounts(op, counts, isFit, 'counts [4, thresholds] of binaryCounts');
  const [tp = [], fp = [], tn = [], fn = []] = [0, 1, 2, 3].map((row) => rowOf(counts, row));
  const positives = (tp[0] ?? 0) + (fn[0] ?? 0);
  const negatives = (fp[0] ?? 0) + (tn[0] ?? 0);
  const own = tp.map((count, k) => ({ tp: count, fp: fp[k] ?? 0, positives, negatives }));
  const all = { tp: positives, fp: negatives, positives, negatives };
  return [all, ...own, { tp: 0, fp: 0, positives, negatives }];
}
