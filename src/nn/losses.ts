import { requireOneOf, requireOption, requireOptions } from '../graph/arguments.ts';
import { composite, type Tensor } from '../graph/index.ts';
import { requireTensor } from '../graph/tensor.ts';

/** How the losses of single samples become one: their mean over live samples, or not at all. */
export interface LossOptions {
  readonly reduction?: 'mean' | 'none';
}

/**
 * Cross-entropy of a softmax with integer labels, `logSumExp(x) - x[label]` with x = logits - max(logits): so
 * large logits do not round the difference away.
 *
 * @param logits `[..., classes]`
 * @param labels `[...]`, i32, from 0 up to the number of classes (excluded)
 * @returns a scalar, or `[...]` without reduction
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: LossOptions & { readonly labelSmoothing?: number } = {},
): Tensor {
  requireLoss('crossEntropy', [logits, labels], options, ['labelSmoothing']);
  const { reduction = 'mean', labelSmoothing = 0 } = options;
  const holds = labelSmoothing >= 0 && labelSmoothing <= 1;
  requireOption('crossEntropy', 'labelSmoothing', labelSmoothing, holds, 'from 0 to 1');
  const indices = labels.dtype === 'i32' || labels.dtype === 'f32' ? labels : labels.cast('i32');
  // The maximum drops out of the value, so also of the gradient.
  const x = logits.sub(logits.max(-1, { keepDims: true }).detach());
  const right = x.pick(indices);
  const target =
    labelSmoothing === 0 ? right : right.mul(1 - labelSmoothing).add(x.mean(-1).mul(labelSmoothing));
  return reduce(x.logSumExp(-1).sub(target), reduction);
}

/** Mean squared error. */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  requireLoss('mse', [prediction, target], options);
  return reduce(prediction.sub(target).square(), options.reduction);
}

/**
 * Squared error (halved) up to a distance of `delta`, linear beyond (Huber 1964): at an infinite distance it is
 * infinite, and its gradient is `delta` with the sign of the distance.
 */
export function huber(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly delta?: number } = {},
): Tensor {
  requireLoss('huber', [prediction, target], options, ['delta']);
  const { delta = 1, reduction } = options;
  requireOption('huber', 'delta', delta, delta >= 0, 'a number from 0 on');
  const error = prediction.sub(target);
  // n (e - n / 2) is both: beyond delta the gradient goes through e, where n has none and nothing is infinite. By the
  // signed error: the second derivative of |e| is not that of its square.
  const near = error.ge(delta).where(delta, error.le(-delta).where(-delta, error));
  return reduce(near.mul(error.sub(near.mul(0.5))), reduction);
}

/**
 * Binary cross-entropy of a sigmoid, without overflow: `max(x, 0) - x t + log1p(exp(-|x|))`. A loss that is small,
 * since the logit is right by much, has a small relative error; so has its gradient, `sigmoid(x) - t`.
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  requireLoss('bceWithLogits', [logits, target], options);
  const tail = logits.abs().neg().exp().log1p();
  const losses = logits.relu().sub(logits.mul(target)).add(tail);
  return reduce(composite('bceWithLogits', losses, [logits, target]), options.reduction);
}

function requireLoss(
  op: string,
  tensors: readonly Tensor[],
  options: LossOptions,
  more: readonly string[] = [],
): void {
  for (const tensor of tensors) requireTensor(op, tensor);
  requireOptions(op, options, ['reduction', ...more]);
  if (options.reduction !== undefined) requireOneOf(op, 'reduction', options.reduction, ['mean', 'none']);
}

function reduce(losses: Tensor, reduction: 'mean' | 'none' = 'mean'): Tensor {
  return reduction === 'none' ? losses : losses.mean();
}
