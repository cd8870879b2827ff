import { requireFlag, requireOption } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import { type LossOptions, reduce, requireLoss } from './loss.ts';

/** Mean squared error. @param prediction of the shape of `target`, or one that broadcasts with it */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor<'f32'> {
  requireLoss('mse', [prediction, target], options);
  return reduce(prediction.sub(target).square(), options.reduction);
}

/** Mean absolute error, PyTorch's `l1_loss`; its gradient where both are equal is 0. */
export function l1(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor<'f32'> {
  requireLoss('l1', [prediction, target], options);
  return reduce(prediction.sub(target).abs(), options.reduction);
}

/**
 * Squared error (halved) up to a distance of `delta`, linear beyond (Huber 1964): at an infinite distance it is
 * infinite, and its gradient is `delta` with the sign of the distance.
 */
export function huber(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly delta?: number } = {},
): Tensor<'f32'> {
  requireLoss('huber', [prediction, target], options, ['delta']);
  const { delta = 1, reduction } = options;
  requireOption('huber', 'delta', delta, delta >= 0, 'a number from 0 on');
  const error = prediction.sub(target);
  const near = within(error, delta);
  return reduce(near.mul(error.sub(near.mul(0.5))), reduction);
}

/**
 * Absolute error less `beta / 2`, and `error² / (2 beta)` where it is smaller than `beta` (Girshick 2015), by PyTorch's
 * `smooth_l1_loss`: {@link huber} divided by `beta`. With a `beta` of 0 it is {@link l1}.
 *
 * @throws GraphError `option` where `beta` (1 where it is left out) is not a finite number from 0 on
 */
export function smoothL1(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions & { readonly beta?: number } = {},
): Tensor<'f32'> {
  requireLoss('smoothL1', [prediction, target], options, ['beta']);
  const { beta = 1, reduction } = options;
  const holds = beta >= 0 && Number.isFinite(beta);
  requireOption('smoothL1', 'beta', beta, holds, 'a finite number from 0 on');
  const error = prediction.sub(target);
  if (beta === 0) return reduce(error.abs(), reduction);
  const near = within(error, beta);
  return reduce(near.div(beta).mul(error.sub(near.mul(0.5))), reduction);
}

/**
 * An error cut to ±`delta`. With it, n (e - n / 2) is both parts of a Huber loss: beyond delta the gradient goes
 * through e, where n has none and nothing is infinite. By the signed error: the second derivative of |e| is not that of
 * its square.
 */
function within(error: Tensor, delta: number): Tensor {
  return error.ge(delta).where(delta, error.le(-delta).where(-delta, error));
}

/** Of {@link hinge}. */
export interface HingeOptions extends LossOptions {
  /** Whether losses are squared, which makes them smooth. */
  readonly squared?: boolean;
}

/**
 * Hinge loss of a classifier by its sign, `max(0, 1 - target · prediction)`, as Keras' (Cortes and Vapnik 1995).
 *
 * @param target -1 or 1, floats or integers
 */
export function hinge(prediction: Tensor, target: Tensor, options: HingeOptions = {}): Tensor<'f32'> {
  requireLoss('hinge', [prediction, target], options, ['squared']);
  const { squared = false, reduction } = options;
  requireFlag('hinge', 'squared', squared);
  const losses = prediction.mul(target.cast('f32')).neg().add(1).relu();
  return reduce(squared ? losses.square() : losses, reduction);
}

/** Of {@link klDivergence}. */
export interface KlDivergenceOptions extends LossOptions {
  /** Whether the target is logarithms of probabilities too. */
  readonly logTarget?: boolean;
}

/**
 * Terms of the divergence of Kullback and Leibler (1951), `target · (log(target) - logs)`, by PyTorch's `kl_div`. A target
 * of 0 has a loss and gradients of 0, whatever the prediction is, -∞ too.
 *
 * The mean is that of all elements, as PyTorch's; the mean divergence of distributions along the last axis is
 * `klDivergence(logs, target, { reduction: 'none' }).sum(-1).mean()`.
 *
 * @param logs logarithms of predicted probabilities, such as `logSoftmax` gives
 * @param target probabilities, or with `logTarget` their logarithms; of the shape of `logs`
 */
export function klDivergence(logs: Tensor, target: Tensor, options: KlDivergenceOptions = {}): Tensor<'f32'> {
  requireLoss('klDivergence', [logs, target], options, ['logTarget']);
  const { logTarget = false, reduction } = options;
  requireFlag('klDivergence', 'logTarget', logTarget);
  // What a probability of 0 leaves out takes no part in gradients either: 0 · (-∞) is not a number.
  const absent = target.eq(logTarget ? -Infinity : 0);
  const present = absent.where(logTarget ? 0 : 1, target);
  const [share, log] = logTarget ? [present.exp(), present] : [present, present.log()];
  const terms = share.mul(log.sub(absent.where(0, logs)));
  return reduce(absent.where(0, terms), reduction);
}
