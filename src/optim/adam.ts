import { requireFlag, requireOption } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import {
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  type RuleContext,
  requireOptimizerOptions,
  requireShares,
} from './optimizer.ts';
import { penalised, shrunk } from './weightDecay.ts';

/** What optimizers take that keep means of gradients and of their sizes. */
export interface MomentOptions extends OptimizerOptions {
  /** Decay of the mean of gradients. */
  readonly b1?: number;
  /** Decay of the mean of squared gradients. */
  readonly b2?: number;
  /** Added to the root, outside of it. */
  readonly eps?: number;
}

export interface AdamOptions extends MomentOptions {
  /**
   * Whether weight decay is taken from the state itself, as by {@link adamw}, rather than added to its gradient. PyTorch's
   * `decoupled_weight_decay`.
   */
  readonly decoupledWeightDecay?: boolean;
}

/** Adam (Kingma and Ba 2015), by PyTorch's formulas. Weight decay, 0 where it is left out, is added to the gradient. */
export function adam(options: AdamOptions): Optimizer {
  requireMoments('adam', options, ['decoupledWeightDecay']);
  const { decoupledWeightDecay = false } = options;
  requireFlag('adam', 'decoupledWeightDecay', decoupledWeightDecay);
  return decoupledWeightDecay ? decoupled('adam', options) : coupled('adam', options);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019): `w *= 1 - lr weightDecay` first, 0.01 where it is left out. */
export function adamw(options: MomentOptions): Optimizer {
  requireMoments('adamw', options);
  return decoupled('adamw', { ...options, weightDecay: options.weightDecay ?? 0.01 });
}

/**
 * Adam by the largest gradient (Kingma and Ba 2015, section 7.1), by PyTorch's formulas. Weight decay, 0 where it is left out, is
 * added to the gradient.
 */
export function adamax(options: MomentOptions): Optimizer {
  requireMoments('adamax', options);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = options;
  return optimizer('adamax', options, (context) => {
    const { parameter, lr, step, keep } = context;
    const g = penalised(context);
    const mean = keep('m', (before) => before.mul(b1).add(g.mul(1 - b1)));
    const largest = keep('u', (before) => before.mul(b2).maximum(g.abs().add(eps)));
    return parameter.sub(mean.div(largest).mul(lr.div(oneMinusPower(b1, step()))));
  });
}

function coupled(op: string, options: MomentOptions): Optimizer {
  return optimizer(op, options, (context) =>
    context.parameter.sub(adamStep(context, penalised(context), options)),
  );
}

function decoupled(op: string, options: MomentOptions): Optimizer {
  return optimizer(op, options, (context) =>
    shrunk(context).sub(adamStep(context, context.gradient, options)),
  );
}

/** `lr m̂ / (sqrt(v̂) + eps)`, with both means corrected for having begun at zero. */
function adamStep({ lr, step, keep }: RuleContext, gradient: Tensor, options: MomentOptions): Tensor {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = options;
  const mean = keep('m', (before) => before.mul(b1).add(gradient.mul(1 - b1)));
  const square = keep('v', (before) => before.mul(b2).add(gradient.square().mul(1 - b2)));
  const root = square.sqrt().div(oneMinusPower(b2, step()).sqrt()).add(eps);
  return mean.mul(lr.div(oneMinusPower(b1, step()))).div(root);
}

/**
 * `1 - b^t` without cancellation: with `h = tanh(t log(b) / 2)` it is `2h / (h - 1)`. (Computed as it stands
 * with b = 0.999, the first steps would lose three to four digits in float32.)
 */
function oneMinusPower(b: number, t: Tensor): Tensor {
  // b = 0 has no logarithm, and 1 - 0^t is 1 from the first step on.
  if (b === 0) return t.fullLike(1);
  const h = t.mul(Math.log(b) / 2).tanh();
  return h.mul(2).div(h.sub(1));
}

function requireMoments(op: string, options: MomentOptions, more: readonly string[] = []): void {
  requireOptimizerOptions(op, options, ['b1', 'b2', 'eps', ...more]);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = options;
  requireShares(op, { b1, b2 });
  requireOption(op, 'eps', eps, eps >= 0, 'a number from 0 on');
}
