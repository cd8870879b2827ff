import { requireFlag, requireOption } from '../graph/arguments.ts';
import { requireLazy } from './lazy.ts';
import {
  type LazyOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  requireOptimizerOptions,
  requireShares,
} from './optimizer.ts';
import { penalised } from './weightDecay.ts';

export interface SgdOptions extends OptimizerOptions, LazyOptions {
  /** Share of the last step that is taken again. */
  readonly momentum?: number;
  /** Looks ahead by the momentum (Nesterov 1983). */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, by PyTorch's formulas:
 * `g += weightDecay w; b = momentum b + g; w -= lr (nesterov ? g + momentum b : b)`. It updates tables whole; with `lazy`
 * the rows that were looked up.
 *
 * @throws GraphError `option` for `lazy` with momentum or weight decay, among others
 */
export function sgd(options: SgdOptions): Optimizer {
  requireOptimizerOptions('sgd', options, ['momentum', 'nesterov', 'lazy']);
  const { momentum = 0, nesterov = false } = options;
  requireShares('sgd', { momentum });
  requireFlag('sgd', 'nesterov', nesterov);
  requireLazy('sgd', options, { momentum });
  if (nesterov) requireOption('sgd', 'momentum', momentum, momentum > 0, 'positive with nesterov');
  return optimizer('sgd', options, (context) => {
    const { parameter, lr, keep } = context;
    const g = penalised(context);
    if (momentum === 0) return parameter.sub(g.mul(lr));
    const velocity = keep('momentum', (before) => before.mul(momentum).add(g));
    return parameter.sub((nesterov ? g.add(velocity.mul(momentum)) : velocity).mul(lr));
  });
}
