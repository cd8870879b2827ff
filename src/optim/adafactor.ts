import { requireOption } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import {
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  type RuleContext,
  requireOptimizerOptions,
} from './optimizer.ts';
import { shapeOf } from './states.ts';
import { shrunk } from './weightDecay.ts';

export interface AdafactorOptions extends OptimizerOptions {
  /** The mean of squared gradients takes `t^beta2Decay` of the newest. */
  readonly beta2Decay?: number;
  /** The least root of a mean of squares that a gradient is divided by. */
  readonly eps1?: number;
  /** The least size of a state that its step is measured by. */
  readonly eps2?: number;
  /** Updates whose root mean square is larger are scaled down to it. */
  readonly d?: number;
}

/**
 * Adafactor (Shazeer and Stern 2018), by PyTorch's formulas: steps are in proportion to the root mean square of the state, by
 * `min(lr, 1 / sqrt(t))`. Of a state of two axes or more, means of squared gradients are kept by rows and by columns of
 * its last two axes (`STATE.row`, `STATE.column`), n + m numbers for n m of them; of others whole (`STATE.v`).
 *
 * Defaults are PyTorch's: `beta2Decay` -0.8, `eps1` 2⁻²³, `eps2` 1e-3, `d` 1; weight decay, 0, is decoupled.
 */
export function adafactor(options: AdafactorOptions): Optimizer {
  requireOptimizerOptions('adafactor', options, ['beta2Decay', 'eps1', 'eps2', 'd']);
  const { beta2Decay = -0.8, eps1 = 2 ** -23, eps2 = 1e-3, d = 1 } = options;
  requireOption('adafactor', 'beta2Decay', beta2Decay, beta2Decay <= 0, 'a number up to 0');
  // Its square is added to squares: a smaller one would be 0 in float32.
  requireOption('adafactor', 'eps1', eps1, eps1 >= 2 ** -63, 'at least 2^-63');
  requireOption('adafactor', 'eps2', eps2, eps2 >= 0, 'a number from 0 on');
  requireOption('adafactor', 'd', d, d >= 1, 'a number from 1 on');
  return optimizer('adafactor', options, (context) => {
    const { parameter, gradient, lr, step } = context;
    const t = step();
    const square = meanSquare(context, t.pow(beta2Decay), eps1);
    const update = gradient.mul(square.maximum(eps1 ** 2).rsqrt());
    const size = parameter.square().mean().sqrt().maximum(eps2).mul(lr.minimum(t.rsqrt()));
    const tooLarge = update.square().mean().sqrt().div(d).maximum(1);
    return shrunk(context).sub(update.mul(size.div(tooLarge)));
  });
}

/** The decaying mean of squared gradients, of the parameter's shape. @param share of the newest, a scalar */
function meanSquare({ gradient, keep }: RuleContext, share: Tensor, eps: number): Tensor {
  const shape = shapeOf(gradient);
  const newest = gradient.square();
  const towards = (next: Tensor) => (before: Tensor) => before.add(next.sub(before).mul(share));
  if (shape.length < 2) return keep('v', towards(newest));
  const row = keep('row', towards(newest.mean(-1)), shape.slice(0, -1));
  const column = keep('column', towards(newest.mean(-2)), shape.toSpliced(-2, 1));
  const rows = row.div(row.mean(-1, { keepDims: true }).maximum(eps));
  return rows.expandDims(-1).mul(column.expandDims(-2));
}
