import { requireOneOf, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import type { Tensor } from '../graph/index.ts';
import { floats, requireTensor } from '../graph/tensor/value.ts';

/** How the losses of single samples or elements become one. */
export type Reduction = 'mean' | 'sum' | 'none';

/** What every loss takes. */
export interface LossOptions {
  /**
   * `mean` (the default) over all losses, those of live rows where a size is bounded; their `sum`; or `none`, which
   * leaves them as they are.
   */
  readonly reduction?: Reduction;
}

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];

/**
 * Requires tensors, of which the first, what was predicted, is of floats, and options that a loss has.
 *
 * @throws GraphError saying which there are; ShapeError for another element type
 */
export function requireLoss(
  op: string,
  tensors: readonly Tensor[],
  options: LossOptions,
  more: readonly string[] = [],
): void {
  for (const tensor of tensors) requireTensor(op, tensor);
  for (const predicted of tensors.slice(0, 1)) requireFloat(op, predicted.node);
  requireOptions(op, options, ['reduction', ...more]);
  if (options.reduction !== undefined) requireOneOf(op, 'reduction', options.reduction, reductions);
}

/**
 * The losses of live samples or elements as one.
 *
 * @param count what their mean divides by; how many are live where it is left out
 */
export function reduce(losses: Tensor, reduction: Reduction = 'mean', count?: Tensor): Tensor<'f32'> {
  switch (reduction) {
    case 'none':
      return floats('loss', losses);
    case 'sum':
      return floats('loss', losses.sum());
    case 'mean':
      return count === undefined ? losses.mean() : losses.sum().div(count);
  }
}
