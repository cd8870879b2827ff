import { requireOption } from '../graph/arguments.ts';
import { requireLazy } from './lazy.ts';
import {
  type LazyOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  requireOptimizerOptions,
} from './optimizer.ts';
import { penalised } from './weightDecay.ts';

export interface RmspropOptions extends OptimizerOptions {
  /** Decay of the mean of squared gradients. */
  readonly alpha?: number;
  /** Added to the root, outside of it. */
  readonly eps?: number;
}

/**
 * RMSProp (Tieleman and Hinton 2012), by PyTorch's formulas: `g += weightDecay w; v = α v + (1 - α) g²; w -= lr g / (sqrt(v) + eps)`.
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  requireOptimizerOptions('rmsprop', options, ['alpha', 'eps']);
  const { alpha = 0.99, eps = 1e-8 } = options;
  requireOption('rmsprop', 'alpha', alpha, alpha >= 0 && alpha <= 1, 'from 0 to 1');
  requireOption('rmsprop', 'eps', eps, eps >= 0, 'a number from 0 on');
  return optimizer('rmsprop', options, (context) => {
    const { parameter, lr, keep } = context;
    const g = penalised(context);
    const square = keep('v', (before) => before.mul(alpha).add(g.square().mul(1 - alpha)));
    return parameter.sub(g.mul(lr).div(square.sqrt().add(eps)));
  });
}

export interface AdagradOptions extends OptimizerOptions, LazyOptions {
  /** Added to the root, outside of it. */
  readonly eps?: number;
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011), by PyTorch's formulas: `g += weightDecay w; s += g²; w -= lr g / (sqrt(s) + eps)`.
 * It updates tables whole; with `lazy` the rows that were looked up, and their sums.
 *
 * @throws GraphError `option` for `lazy` without `eps`, or with weight decay, among others: a row that was never looked up would become 0 / 0
 */
export function adagrad(options: AdagradOptions): Optimizer {
  requireOptimizerOptions('adagrad', options, ['eps', 'lazy']);
  const { eps = 1e-10, lazy = false } = options;
  requireOption('adagrad', 'eps', eps, eps >= 0, 'a number from 0 on');
  requireLazy('adagrad', options);
  // A smaller one is 0 where denormals are flushed.
  if (lazy) requireOption('adagrad', 'eps', eps, eps >= 2 ** -126, 'at least 2^-126 with lazy');
  return optimizer('adagrad', options, (context) => {
    const { parameter, lr, keep } = context;
    const g = penalised(context);
    const sum = keep('sum', (before) => before.add(g.square()));
    return parameter.sub(g.mul(lr).div(sum.sqrt().add(eps)));
  });
}
