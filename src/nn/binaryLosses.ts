import { requireOption } from '../graph/arguments.ts';
import { composite, type Tensor } from '../graph/index.ts';
import { type LossOptions, reduce, requireLoss } from './loss.ts';

/**
 * Binary cross-entropy of a sigmoid, without overflow: `max(x, 0) - x t + log1p(exp(-|x|))`. A loss that is small,
 * since the logit is right by much, has a small relative error; so has its gradient, `sigmoid(x) - t`.
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor<'f32'> {
  requireLoss('bceWithLogits', [logits, target], options);
  return reduce(lossesOf(logits, target), options.reduction);
}

/** Of {@link focal}. */
export interface FocalOptions extends LossOptions {
  /** Weight of the class 1, from 0 to 1; the other one has the rest. `false` weighs neither. */
  readonly alpha?: number | false;
  /** How much a sample that is right counts less, from 0 (not at all) on. */
  readonly gamma?: number;
}

/**
 * Focal loss of a sigmoid (Lin et al. 2017), `alphaₜ (1 - pₜ)^gamma` times {@link bceWithLogits}, where pₜ is the
 * probability of the right class: by torchvision's `sigmoid_focal_loss`, with its `alpha` of 0.25 and `gamma` of 2.
 *
 * @param logits of any shape
 * @param target 0 or 1, or between, of the shape of `logits`
 * @throws GraphError `option` where `alpha` or `gamma` is out of range
 */
export function focal(logits: Tensor, target: Tensor, options: FocalOptions = {}): Tensor<'f32'> {
  requireLoss('focal', [logits, target], options, ['alpha', 'gamma']);
  const { alpha = 0.25, gamma = 2, reduction } = options;
  if (alpha !== false)
    requireOption('focal', 'alpha', alpha, alpha >= 0 && alpha <= 1, 'from 0 to 1, or false');
  const holds = gamma >= 0 && Number.isFinite(gamma);
  requireOption('focal', 'gamma', gamma, holds, 'a finite number from 0 on');
  const other = target.neg().add(1);
  // 1 - pₜ, of both sigmoids: 1 - sigmoid(x) would have no digits left where the logit is right by much.
  const wrong = logits.sigmoid().mul(other).add(logits.neg().sigmoid().mul(target));
  const losses = power(wrong, gamma).mul(lossesOf(logits, target));
  const weighed = alpha === false ? losses : losses.mul(target.mul(alpha).add(other.mul(1 - alpha)));
  return reduce(weighed, reduction);
}

function lossesOf(logits: Tensor, target: Tensor): Tensor {
  const tail = logits.abs().neg().exp().log1p();
  return composite('bceWithLogits', logits.relu().sub(logits.mul(target)).add(tail), [logits, target]);
}

/** The smallest normal number, whose powers have a finite gradient. */
const SMALLEST = 2 ** -126;

/** A power of a number from 0 on, whose gradient is finite. */
function power(x: Tensor, exponent: number): Tensor {
  return (exponent === 0 || exponent >= 1 ? x : x.maximum(SMALLEST)).pow(exponent);
}
