import { requireOption } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import {
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  type RuleContext,
  requireOptimizerOptions,
} from './optimizer.ts';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the mean of gradients. */
  readonly b1?: number;
  /** Decay of the mean of squared gradients. */
  readonly b2?: number;
  /** Added to the root, outside of it. */
  readonly eps?: number;
  /** Times the state: added to its gradient by `adam`, taken from the state itself by `adamw`. */
  readonly weightDecay?: number;
}

/** Adam (Kingma and Ba 2015), by PyTorch's formulas. */
export function adam(options: AdamOptions): Optimizer {
  requireAdam('adam', options);
  const { weightDecay = 0 } = options;
  return optimizer('adam', options, (context) => {
    const { parameter, gradient } = context;
    const decayed = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    return parameter.sub(adamStep(context, decayed, options));
  });
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019): `w *= 1 - lr weightDecay` first. */
export function adamw(options: AdamOptions): Optimizer {
  requireAdam('adamw', options);
  const { weightDecay = 0.01 } = options;
  return optimizer('adamw', options, (context) => {
    const { parameter, gradient, lr } = context;
    const shrunk = weightDecay === 0 ? parameter : parameter.mul(lr.mul(-weightDecay).add(1));
    return shrunk.sub(adamStep(context, gradient, options));
  });
}

/** Adam by the largest gradient (Kingma and Ba 2015, section 7.1), by PyTorch's formulas. */
export function adamax(options: AdamOptions): Optimizer {
  requireAdam('adamax', options);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  return optimizer('adamax', options, ({ parameter, gradient, lr, step, keep }) => {
    const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    const mean = keep('m', (before) => before.mul(b1).add(g.mul(1 - b1)));
    const largest = keep('u', (before) => before.mul(b2).maximum(g.abs().add(eps)));
    return parameter.sub(mean.div(largest).mul(lr.div(oneMinusPower(b1, step()))));
  });
}

/** `lr m̂ / (sqrt(v̂) + eps)`, with both means corrected for having begun at zero. */
function adamStep({ lr, step, keep }: RuleContext, gradient: Tensor, options: AdamOptions): Tensor {
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

function requireAdam(op: string, options: AdamOptions): void {
  requireOptimizerOptions(op, options, ['b1', 'b2', 'eps', 'weightDecay']);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  requireOption(op, 'b1', b1, b1 >= 0 && b1 < 1, 'from 0 up to 1 (excluded)');
  requireOption(op, 'b2', b2, b2 >= 0 && b2 < 1, 'from 0 up to 1 (excluded)');
  requireOption(op, 'eps', eps, eps >= 0, 'a number from 0 on');
  requireOption(op, 'weightDecay', weightDecay, weightDecay >= 0, 'a number from 0 on');
}
