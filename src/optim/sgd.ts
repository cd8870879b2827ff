import { requireFlag, requireOption } from '../graph/arguments.ts';
import {
  type LazyOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  requireOptimizerOptions,
} from './optimizer.ts';

export interface SgdOptions extends OptimizerOptions, LazyOptions {
  /** Share of the last step that is taken again. */
  readonly momentum?: number;
  /** Looks ahead by the momentum (Nesterov 1983). */
  readonly nesterov?: boolean;
  /** Times the state, added to its gradient. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent, by PyTorch's formulas:
 * `g += weightDecay w; b = momentum b + g; w -= lr (nesterov ? g + momentum b : b)`. It updates tables whole; with `lazy`
 * the rows that were looked up.
 *
 * @throws GraphError `option` for `lazy` with momentum or weight decay, among others
 */
export function sgd(options: SgdOptions): Optimizer {
  requireOptimizerOptions('sgd', options, ['momentum', 'nesterov', 'weightDecay', 'lazy']);
  const { momentum = 0, nesterov = false, weightDecay = 0, lazy = false } = options;
  requireOption('sgd', 'momentum', momentum, momentum >= 0 && momentum < 1, 'from 0 up to 1 (excluded)');
  requireOption('sgd', 'weightDecay', weightDecay, weightDecay >= 0, 'a number from 0 on');
  requireFlag('sgd', 'lazy', lazy);
  for (const [name, value] of lazy ? Object.entries({ momentum, weightDecay }) : [])
    requireOption('sgd', name, value, value === 0, '0 with lazy: it changes rows that have no gradient too');
  if (nesterov) requireOption('sgd', 'momentum', momentum, momentum > 0, 'positive with nesterov');
  return optimizer('sgd', options, ({ parameter, gradient, lr, keep }) => {
    const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
    if (momentum === 0) return parameter.sub(g.mul(lr));
    const velocity = keep('momentum', (before) => before.mul(momentum).add(g));
    return parameter.sub((nesterov ? g.add(velocity.mul(momentum)) : velocity).mul(lr));
  });
}
