import { section } from './row.ts';

export const graphMetrics = section(
  'Metrics in the graph',
  'Outputs of an entry, which `session.evaluate` adds up: counts are sums, f32 means over samples. A label of `ignoreIndex` is left out. Of logits a NaN is the largest, of scores it is above nothing.',
  `
metrics.accuracy(predictions, labels) ¦ share of labels that are the first of the largest logits, or with a threshold what a score says ¦ […, n] or […], […] → [] ¦ zero ¦ NaN where no label counts ¦ torchmetrics Accuracy ¦
metrics.topK(logits, labels, k) ¦ share of labels among the k largest logits ¦ […, n], […] → [] ¦ zero ¦ the first of equal ones; NaN where no label counts ¦ torchmetrics Accuracy ¦
metrics.hits(predictions, labels) ¦ how many are right, and how many count ¦ […, n] or […], […] → [2], i32 ¦ none ¦ exact over batches that ignore labels ¦ ¦
metrics.confusionMatrix(predictions, labels) ¦ how many of each label are taken for each class ¦ […, n] or […], […] → [n, n], i32 ¦ none ¦ labels and classes of an input are checked; other classes outside count as the nearest ¦ torchmetrics ConfusionMatrix ¦
metrics.binaryCounts(scores, labels) ¦ true and false positives, true and false negatives at thresholds ¦ […], […] → [4, thresholds], i32 ¦ none ¦ ¦ torchmetrics BinaryROC ¦
metrics.residuals(prediction, target) ¦ means of e², |e|, y and y², e = x - y ¦ [b, …], [b, …] → [4, …] ¦ as of its pieces ¦ ¦ torchmetrics R2Score ¦
`,
);

export const figures = section(
  'Metrics of sums',
  'On the host: numbers of what `session.evaluate` gives for the metrics above, by scikit-learn’s and Keras’s formulas. `average` is binary, macro, micro or weighted.',
  `
metrics.precision(confusion) ¦ tp / (tp + fp) ¦ [n, n] → number ¦ none ¦ 0 of nothing predicted; classes that are nowhere are left out ¦ sklearn precision_score ¦
metrics.recall(confusion) ¦ tp / (tp + fn) ¦ [n, n] → number ¦ none ¦ 0 of no labels; classes that are nowhere are left out ¦ sklearn recall_score ¦
metrics.f1(confusion) ¦ 2 tp / (2 tp + fp + fn) ¦ [n, n] → number ¦ none ¦ classes that are nowhere are left out ¦ sklearn f1_score ¦
metrics.meanIou(confusion) ¦ mean of tp / (tp + fp + fn) ¦ [n, n] → number ¦ none ¦ classes that are nowhere are left out ¦ torchmetrics MeanIoU ¦
metrics.perClass(confusion) ¦ these of each class, with its support ¦ [n, n] → n reports ¦ none ¦ ¦ sklearn classification_report ¦
metrics.hitRate(hits) ¦ right / counted ¦ [2] → number ¦ none ¦ NaN of none ¦ ¦
metrics.auc(counts) ¦ area under the curve, ROC or precision by recall ¦ [4, thresholds] → number ¦ none ¦ NaN of one class alone ¦ sklearn roc_auc_score ¦
metrics.rocCurve(counts) ¦ fp / negatives, tp / positives ¦ [4, thresholds] → points ¦ none ¦ ¦ sklearn roc_curve ¦
metrics.precisionRecallCurve(counts) ¦ tp / (tp + fp), tp / positives ¦ [4, thresholds] → points ¦ none ¦ precision 1 where none is above ¦ sklearn precision_recall_curve ¦
metrics.perplexity(loss) ¦ e^loss ¦ number → number ¦ none ¦ ¦ torchmetrics Perplexity ¦
metrics.r2(residuals) ¦ 1 - mean(e²) / (mean(y²) - mean(y)²) ¦ [4, …] → number ¦ none ¦ 1 or 0 where all targets are one ¦ sklearn r2_score ¦
metrics.rmse(residuals) ¦ √mean(e²) ¦ [4, …] → number ¦ none ¦ ¦ sklearn root_mean_squared_error ¦
metrics.mae(residuals) ¦ mean(|e|) ¦ [4, …] → number ¦ none ¦ ¦ sklearn mean_absolute_error ¦
`,
);
