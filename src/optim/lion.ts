import {
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  requireOptimizerOptions,
  requireShares,
} from './optimizer.ts';
import { shrunk } from './weightDecay.ts';

export interface LionOptions extends OptimizerOptions {
  /** Share of the mean of gradients in the direction of a step. */
  readonly b1?: number;
  /** Decay of the mean of gradients. */
  readonly b2?: number;
}

/**
 * Lion (Chen et al. 2023): `w -= lr (sign(b1 m + (1 - b1) g) + weightDecay w); m = b2 m + (1 - b2) g`. A step has one size
 * for all elements, so the rate is three to ten times smaller than Adam's, and weight decay as many times larger.
 * `b1` is 0.9 and `b2` 0.99 where they are left out, weight decay 0, as in the paper's program.
 */
export function lion(options: LionOptions): Optimizer {
  requireOptimizerOptions('lion', options, ['b1', 'b2']);
  const { b1 = 0.9, b2 = 0.99 } = options;
  requireShares('lion', { b1, b2 });
  return optimizer('lion', options, (context) => {
    const { gradient, lr, keep } = context;
    let direction = gradient;
    keep('m', (before) => {
      direction = before
        .mul(b1)
        .add(gradient.mul(1 - b1))
        .sign();
      return before.mul(b2).add(gradient.mul(1 - b2));
    });
    return shrunk(context).sub(direction.mul(lr));
  });
}
