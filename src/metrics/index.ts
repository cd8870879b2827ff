/**
 * How good a model is. In the graph: what an entry gives for `session.evaluate` to add up. On the host: numbers of these sums.
 */
export {
  type Average,
  type AverageOptions,
  type ClassReport,
  f1,
  meanIou,
  perClass,
  precision,
  recall,
} from './averages.ts';
export { type BinaryCountOptions, binaryCounts } from './binaryCounts.ts';
export { accuracy, type HitOptions, hits, type LabelOptions, topK } from './classes.ts';
export { type ConfusionOptions, confusionMatrix } from './confusion.ts';
export type { Counts } from './counts.ts';
export {
  type AucOptions,
  auc,
  type PrecisionRecallPoint,
  precisionRecallCurve,
  type RocPoint,
  rocCurve,
} from './curves.ts';
export { hitRate, mae, perplexity, r2, rmse } from './figures.ts';
export { type ResidualOptions, residuals } from './residuals.ts';
