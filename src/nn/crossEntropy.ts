import { requireNumbers, requireOption } from '../graph/arguments.ts';
import { GraphError, ShapeError, Tensor } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { literalIn } from './literal.ts';
import { type LossOptions, reduce, requireLoss } from './loss.ts';

/** What losses of classes take. */
export interface ClassOptions extends LossOptions {
  /**
   * What each class counts, `[classes]`. The mean over labels divides by the weights of those that count, that over
   * probabilities by the number of samples, as PyTorch's do.
   */
  readonly weight?: Tensor | readonly number[];
  /**
   * A label that is left out, such as that of padding: its loss and its gradient are 0, whatever its logits are, and the mean
   * is over the others. Of none at all the mean is NaN, as PyTorch's is (0 / 0). PyTorch's default is -100; here there is
   * none, so that labels which are no class are refused as they come in. With it, they are not checked.
   */
  readonly ignoreIndex?: number;
}

/** Of {@link crossEntropy}. */
export interface CrossEntropyOptions extends ClassOptions {
  /** How much of the target is shared by all classes alike, from 0 to 1 (Szegedy et al. 2016). */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of a softmax, `logSumExp(x) - x[label]` with x = logits - max(logits): so large logits do not round the
 * difference away. Options are PyTorch's.
 *
 * @param logits `[..., classes]`
 * @param labels `[...]`, integers from 0 up to the number of classes (excluded); or `[..., classes]`, f32, a
 *   probability for each class: one of 0 leaves out its class, one of -∞ too
 * @returns a scalar, or `[...]` without reduction
 * @throws GraphError `option` for `ignoreIndex` with probabilities, among others; ShapeError where `weight` or `labels` have
 *   another shape
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): Tensor<'f32'> {
  requireLoss('crossEntropy', [logits, labels], options, ['labelSmoothing', 'weight', 'ignoreIndex']);
  const { labelSmoothing: smoothing = 0 } = options;
  const holds = smoothing >= 0 && smoothing <= 1;
  requireOption('crossEntropy', 'labelSmoothing', smoothing, holds, 'from 0 to 1');
  if (labels.dtype === 'f32' && labels.shape.length > 0 && labels.shape.length === logits.shape.length)
    return ofProbabilities(logits, labels, smoothing, options);
  const { weights, at, counted, kept } = selectionOf('crossEntropy', logits, labels, options);
  const x = shifted(kept);
  const [right, total] = [x.pick(at), x.logSumExp(-1)];
  if (weights === undefined) {
    const target = smoothing === 0 ? right : right.mul(1 - smoothing).add(x.mean(-1).mul(smoothing));
    return overLabels(total.sub(target), options, counted);
  }
  const own = weights.take(at);
  const losses = weighed(total.sub(right), own);
  if (smoothing === 0) return overLabels(losses, options, counted, own);
  const even = weighed(total.expandDims(-1).sub(x), weights.broadcastTo(x.shape)).sum(-1);
  const smooth = losses.mul(1 - smoothing).add(even.mul(smoothing / classesOf(logits)));
  return overLabels(smooth, options, counted, own);
}

/**
 * Negative log-likelihood of labels, `-logs[label]`, by PyTorch's `nll_loss`: with `logSoftmax` before it, it is
 * {@link crossEntropy}, which rounds less.
 *
 * @param logs `[..., classes]`, logarithms of probabilities
 * @param labels `[...]`, integers from 0 up to the number of classes (excluded)
 * @returns a scalar, or `[...]` without reduction
 */
export function nll(logs: Tensor, labels: Tensor, options: ClassOptions = {}): Tensor<'f32'> {
  requireLoss('nll', [logs, labels], options, ['weight', 'ignoreIndex']);
  const { weights, at, counted, kept } = selectionOf('nll', logs, labels, options);
  const losses = kept.pick(at).neg();
  if (weights === undefined) return overLabels(losses, options, counted);
  const own = weights.take(at);
  return overLabels(weighed(losses, own), options, counted, own);
}

/** The cross-entropy with a probability for each class. */
function ofProbabilities(
  logits: Tensor,
  target: Tensor,
  smoothing: number,
  options: CrossEntropyOptions,
): Tensor<'f32'> {
  if (!sameShape(logits.shape, target.shape)) {
    const [given, wanted] = [target, logits].map(({ shape }) => shapeText(shape));
    const text = `probabilities of the shape ${given} for logits of the shape ${wanted}: they must have one shape`;
    throw new ShapeError('shape-mismatch', 'crossEntropy', text);
  }
  if (options.ignoreIndex !== undefined) {
    const text =
      'ignoreIndex is a label: there is none among probabilities, whose samples are left out by zeros';
    throw new GraphError('option', 'crossEntropy', text);
  }
  const weights = weightsOf('crossEntropy', logits, options.weight);
  const smooth = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classesOf(logits));
  const shares = weights === undefined ? smooth : smooth.mul(weights);
  const x = shifted(logits);
  // Not wherever a share is 0: there the gradient in it is the loss.
  const impossible = x.eq(-Infinity).and(shares.eq(0));
  const losses = impossible.where(0, x.logSumExp(-1).expandDims(-1).sub(x));
  return reduce(losses.mul(shares).sum(-1), options.reduction);
}

/** Which samples count, and what stands in the place of the others. */
interface Selection {
  /** `[classes]` */
  readonly weights?: Tensor;
  /** Indices of classes, all of them in range. */
  readonly at: Tensor;
  /** Which samples count; all where it is left out. */
  readonly counted?: Tensor;
  /** Logits or logarithms. Those of samples that do not count are 0, so that nothing of them is in a gradient. */
  readonly kept: Tensor;
}

function selectionOf(op: string, x: Tensor, labels: Tensor, options: ClassOptions): Selection {
  const { weight, ignoreIndex } = options;
  const weights = weightsOf(op, x, weight);
  const own = weights === undefined ? {} : { weights };
  const indices = labels.dtype === 'i32' || labels.dtype === 'f32' ? labels : labels.cast('i32');
  if (ignoreIndex === undefined) return { at: indices, kept: x, ...own };
  const holds = Number.isInteger(ignoreIndex) && Math.abs(ignoreIndex) < 2 ** 31;
  requireOption(op, 'ignoreIndex', ignoreIndex, holds, 'a whole number of 32 bits');
  const counted = indices.ne(ignoreIndex);
  return { at: counted.where(indices, 0), counted, kept: counted.expandDims(-1).where(x, 0), ...own };
}

/** The losses of samples as one: those that count, each by its weight. */
function overLabels(
  losses: Tensor,
  { reduction }: LossOptions,
  counted: Tensor | undefined,
  weights?: Tensor,
): Tensor<'f32'> {
  if (counted === undefined) return reduce(losses, reduction, weights?.sum());
  return reduce(
    counted.where(losses, 0),
    reduction,
    counted
      .where(weights ?? 1, 0)
      .cast('f32')
      .sum(),
  );
}

/** Losses times weights: one of 0 leaves its loss out, also where that is infinite. */
function weighed(losses: Tensor, weights: Tensor): Tensor {
  return weights.eq(0).where(0, losses).mul(weights);
}

/** Logits less their largest, which drops out of the value, so also of the gradient. */
function shifted(logits: Tensor): Tensor {
  return logits.sub(logits.max(-1, { keepDims: true }).detach());
}

function weightsOf(op: string, x: Tensor, weight: ClassOptions['weight']): Tensor | undefined {
  if (weight === undefined) return undefined;
  const classes = classesOf(x);
  if (!(weight instanceof Tensor) && Array.isArray(weight)) {
    requireNumbers(op, weight, 'f32', 'weight');
    if (weight.length === classes) return literalIn(x, [classes], weight);
    throw new GraphError('values', op, `weight has ${weight.length} numbers for ${classes} classes`);
  }
  requireTensor(op, weight);
  if (weight.dtype === 'f32' && sameShape(weight.shape, [classes])) return weight;
  const text = `weight is ${weight}: it must be f32[${classes}], a number for each class`;
  throw new ShapeError('shape-mismatch', op, text);
}

/** How many classes there are: the last axis, which is never bounded. */
function classesOf(x: Tensor): number {
  const last = x.shape.at(-1);
  return typeof last === 'number' ? last : 1;
}
