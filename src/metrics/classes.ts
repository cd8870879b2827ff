import { requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, ShapeError, stack, type Tensor } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dim, type Dtype, shapeText } from '../loops/index.ts';

/** Options of metrics that compare what is predicted with labels. */
export interface LabelOptions {
  /**
   * Of one score for each sample: it is class 1 above this, class 0 otherwise, a NaN too. 0 for logits, 0.5 for
   * probabilities. There is none by default, so that the one is never taken for the other.
   */
  readonly threshold?: number;
  /** A label that is left out, such as that of padding. There is none by default. */
  readonly ignoreIndex?: number;
}

/** Names of the options of {@link LabelOptions}. */
export const labelOptions: readonly (keyof LabelOptions)[] = ['threshold', 'ignoreIndex'];

/**
 * The share of samples that are predicted right, as Keras's `accuracy`: a mean, which `session.evaluate` weighs by samples.
 * Labels are classes, and what is predicted is the first of the largest logits, of which a NaN is the largest, as `argmax` has
 * it; with a `threshold` there is one score for each sample. With `ignoreIndex` it is the mean over the labels that count in
 * each batch, NaN where none does: over batches of which some have fewer, {@link hits} are exact.
 *
 * ```ts
 * m.entry('evaluate', { loss, accuracy: metrics.accuracy(logits, y) });
 * metrics.accuracy(logit, y, { threshold: 0 }); // two classes, one logit
 * ```
 *
 * @param predictions logits or probabilities `[..., classes]`, f32; classes `[...]`, integers; with a threshold, scores `[...]`
 * @param labels `[...]`, integers; with a threshold truth values, or floats that are above 0.5 for class 1, too
 * @returns a scalar, f32
 * @throws ShapeError where the shapes do not fit; GraphError `option` where scores lack a threshold
 */
export function accuracy(predictions: Tensor, labels: Tensor, options: LabelOptions = {}): Tensor<'f32'> {
  requireOptions('accuracy', options, labelOptions);
  const { predicted, actual, counted } = comparedOf('accuracy', predictions, labels, options);
  return shareOf(predicted.eq(actual), counted);
}

/**
 * The share of samples whose label is among the k largest logits, of which the first of equal ones come first and a NaN is the
 * largest: with a k of 1 it is {@link accuracy}.
 *
 * ```ts
 * m.entry('evaluate', { top5: metrics.topK(logits, y, 5) });
 * ```
 *
 * @param logits `[..., classes]`, f32
 * @param labels `[...]`, integers from 0 up to the number of classes (excluded)
 * @param k from 1 to the number of classes
 * @returns a scalar, f32; with `ignoreIndex` as {@link accuracy}
 */
export function topK(
  logits: Tensor,
  labels: Tensor,
  k: number,
  options: Pick<LabelOptions, 'ignoreIndex'> = {},
): Tensor<'f32'> {
  requireOptions('topK', options, ['ignoreIndex']);
  const { right, counted } = amongFirst('topK', logits, labels, k, options);
  return shareOf(right, counted);
}

/** Options of {@link hits}. */
export interface HitOptions extends LabelOptions {
  /** Whether the label is among so many of the largest logits, as in {@link topK}; 1 by default. */
  readonly k?: number;
}

/**
 * How many samples are predicted right, and how many count: whole numbers, which `session.evaluate` adds up, so that their
 * quotient, {@link hitRate}, is exact whichever labels are ignored in which batch.
 *
 * ```ts
 * m.entry('evaluate', { hits: metrics.hits(logits, y, { ignoreIndex: -100 }) });
 * const share = metrics.hitRate((await session.evaluate('evaluate', { data })).outputs.hits);
 * ```
 *
 * @param predictions as {@link accuracy}; with `k`, logits
 * @returns `[2]`, i32: those that are right, and all that count
 */
export function hits(predictions: Tensor, labels: Tensor, options: HitOptions = {}): Tensor<'i32'> {
  requireOptions('hits', options, ['k', ...labelOptions]);
  const { k = 1 } = options;
  if (k !== 1 && options.threshold !== undefined)
    throw new GraphError('option', 'hits', 'takes k, of several classes, or a threshold, of two, not both');
  const { right, counted } =
    k === 1
      ? rightOf('hits', predictions, labels, options)
      : amongFirst('hits', predictions, labels, k, options);
  const isRight = counted === undefined ? right : right.and(counted);
  const count = counted?.cast('i32') ?? right.fullLike(1, 'i32');
  return stack([isRight.cast('i32').sum(), count.sum()]);
}

/** Which samples are right, and which count: all where `counted` is left out. */
interface Judged {
  readonly right: Tensor<'bool'>;
  readonly counted?: Tensor<'bool'>;
}

function rightOf(op: string, predictions: Tensor, labels: Tensor, options: LabelOptions): Judged {
  const { predicted, actual, counted } = comparedOf(op, predictions, labels, options);
  return { right: predicted.eq(actual), ...(counted === undefined ? {} : { counted }) };
}

function shareOf(right: Tensor, counted: Tensor | undefined): Tensor<'f32'> {
  if (counted === undefined) return right.cast('f32').mean();
  return right.and(counted).cast('f32').sum().div(counted.cast('f32').sum());
}

/** Classes that are predicted and those that are right, both of the labels' shape, i32. */
interface Compared {
  readonly predicted: Tensor<'i32'>;
  readonly actual: Tensor<'i32'>;
  /** Which samples count; all where it is left out. The others have the label 0. */
  readonly counted?: Tensor<'bool'>;
  /** How many classes there are, where the predictions say so. */
  readonly classes?: number;
}

/** What is predicted, beside labels. @throws ShapeError, GraphError as {@link accuracy} */
export function comparedOf(op: string, predictions: Tensor, labels: Tensor, options: LabelOptions): Compared {
  for (const tensor of [predictions, labels]) requireTensor(op, tensor);
  const { threshold, ignoreIndex } = options;
  if (threshold !== undefined) {
    const scores = scoresOf(op, predictions, labels);
    const own = ignoring(op, computable(labels), ignoreIndex);
    const predicted = isAbove(scores, threshold, op).cast('i32');
    const actual = isPositive(own.labels).cast('i32');
    return { predicted, actual, classes: 2, ...countedIn(own) };
  }
  const own = ignoring(op, requireClasses(op, labels), ignoreIndex);
  if (predictions.dtype !== 'f32') {
    requireShape(op, predictions.shape, labels);
    return { predicted: whole(predictions), actual: own.labels, ...countedIn(own) };
  }
  const classes = requireLogits(op, predictions, labels);
  return { predicted: predictions.argmax(-1), actual: own.labels, classes, ...countedIn(own) };
}

/** Scores of the labels' shape, of which an axis of one element behind the others is taken off. */
export function scoresOf(op: string, scores: Tensor, labels: Tensor): Tensor {
  const isColumn = scores.shape.length === labels.shape.length + 1 && scores.shape.at(-1) === 1;
  const flat = isColumn ? scores.squeeze(-1) : scores;
  if (flat.dtype !== 'f32')
    throw new ShapeError('dtype', op, `scores of type ${flat.dtype}; takes f32: cast them first`);
  requireShape(op, flat.shape, labels);
  return flat;
}

/** Whether scores are above a threshold; a NaN is not, whatever a driver makes of the comparison. */
function isAbove(scores: Tensor, threshold: number, op: string): Tensor<'bool'> {
  requireOption(op, 'threshold', threshold, !Number.isNaN(threshold), 'a number');
  return scores.gt(threshold).and(scores.isNaN().not());
}

/** Whether labels are those of class 1: true, an integer above 0, a float above 0.5. */
export function isPositive(labels: Tensor): Tensor<'bool'> {
  switch (labels.dtype) {
    case 'bool':
      return labels.cast('bool');
    case 'f32':
      return labels.gt(0.5);
    default:
      return whole(labels).gt(0);
  }
}

/** Labels, of which the ignored ones are 0, and which count. */
export function ignoring<D extends Dtype>(
  op: string,
  labels: Tensor<D>,
  ignoreIndex: number | undefined,
): { readonly labels: Tensor<D>; readonly counted?: Tensor<'bool'> } {
  if (ignoreIndex === undefined) return { labels };
  const holds = Number.isInteger(ignoreIndex) && Math.abs(ignoreIndex) < 2 ** 31;
  requireOption(op, 'ignoreIndex', ignoreIndex, holds, 'a whole number of 32 bits');
  if (labels.dtype === 'bool')
    throw new GraphError('option', op, 'ignoreIndex is a label: there is none among truth values');
  const counted = (labels.dtype === 'f32' ? labels : whole(labels)).ne(ignoreIndex);
  return { labels: counted.where(labels, 0), counted };
}

/** Those that count, where it is said, as an optional member. */
function countedIn({ counted }: { readonly counted?: Tensor<'bool'> }): {
  readonly counted?: Tensor<'bool'>;
} {
  return counted === undefined ? {} : { counted };
}

/** Labels that are whole numbers, as i32. @throws ShapeError where they are floats or truth values */
function requireClasses(op: string, labels: Tensor): Tensor<'i32'> {
  if (labels.dtype !== 'f32' && labels.dtype !== 'bool') return whole(labels);
  const text = `labels of type ${labels.dtype}: classes are integers; of two classes with one score each, give a threshold`;
  throw new ShapeError('dtype', op, text);
}

/** Labels that can be computed with: bytes as integers. */
export function computable(labels: Tensor): Tensor {
  return labels.dtype === 'u8' ? whole(labels) : labels;
}

function whole(labels: Tensor): Tensor<'i32'> {
  return labels.cast('i32');
}

/** Logits of the labels' samples. @returns how many classes there are */
function requireLogits(op: string, logits: Tensor, labels: Tensor): number {
  const classes = logits.shape.at(-1);
  if (sameShape(logits.shape, labels.shape) || (classes === 1 && logits.shape.length > labels.shape.length)) {
    const text = `${shapeText(logits.shape)} for labels ${shapeText(labels.shape)} is one score a sample: say by threshold above what it is class 1, 0 for logits and 0.5 for probabilities`;
    throw new GraphError('option', op, text);
  }
  requireShape(op, logits.shape.slice(0, -1), labels, logits.shape);
  if (typeof classes === 'number' && classes > 0) return classes;
  throw new ShapeError(
    'rank',
    op,
    `${shapeText(logits.shape)} has no fixed number of classes as its last axis`,
  );
}

/** Requires a shape to be that of the labels. @param predictions the whole shape, for the message */
function requireShape(op: string, found: readonly Dim[], labels: Tensor, predictions = found): void {
  if (sameShape(found, labels.shape)) return;
  const [own, other] = [predictions, labels.shape].map(shapeText);
  const text = `predictions ${own} do not fit labels ${other}: they must be [..., classes] for labels [...], or of the labels' shape`;
  throw new ShapeError('shape-mismatch', op, text);
}

/** Whether the label is among the first k of its logits in falling order. */
function amongFirst(
  op: string,
  logits: Tensor,
  labels: Tensor,
  k: number,
  { ignoreIndex }: Pick<LabelOptions, 'ignoreIndex'>,
): Judged {
  for (const tensor of [logits, labels]) requireTensor(op, tensor);
  if (logits.dtype !== 'f32')
    throw new ShapeError('dtype', op, `logits of type ${logits.dtype}; takes f32: cast them first`);
  const own = ignoring(op, requireClasses(op, labels), ignoreIndex);
  const classes = requireLogits(op, logits, labels);
  const holds = Number.isInteger(k) && k >= 1 && k <= classes;
  requireOption(op, 'k', k, holds, `a whole number from 1 to ${classes}, the number of classes`);
  const right = logits.pick(own.labels).expandDims(-1);
  const [areNaN, isRightNaN] = [logits.isNaN(), right.isNaN()];
  const isNumber = isRightNaN.not();
  const isLarger = areNaN.where(isNumber, isNumber.and(logits.gt(right)));
  const isEqual = areNaN.where(isRightNaN, isNumber.and(logits.eq(right)));
  const isBefore = logits.iotaLike(-1).lt(own.labels.expandDims(-1));
  const before = isLarger.or(isEqual.and(isBefore)).cast('i32').sum(-1);
  return { right: before.lt(k), ...countedIn(own) };
}
