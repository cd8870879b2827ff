import { requireOption } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import type { DimLike } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { bernoulli } from '../random/index.ts';

/**
 * Dropout (Srivastava et al., 2014): each element is zero with probability `rate`, and those that stay are divided by
 * `1 - rate`, as PyTorch's. Others are dropped at each step, and by each call. `evaluation` gives x itself.
 *
 * The mask is a function of the session's seed, the number of the step and that of the element: the backward pass computes
 * it again. Two entries that share one call drop the same elements at the same count of their steps.
 *
 * ```ts
 * const hidden = nn.dropout(nn.dense(x, { name: 'hidden', units: 128 }).relu(), 0.1);
 * ```
 *
 * @param x    any shape, f32
 * @param rate from 0, which gives x, to 1, which gives zeros
 * @throws GraphError where the rate is not in that range, or outside of `defineModule`
 */
export function dropout(x: Tensor, rate: number): Tensor {
  requireTensor('dropout', x);
  return dropped('dropout', x, rate, x.shape);
}

/**
 * Stochastic depth (Huang et al., 2016): a branch is left out for whole samples. For each element of axis 0 all others are
 * kept, divided by `1 - rate`, or zero. `evaluation` gives x itself.
 *
 * ```ts
 * const y = x.add(nn.dropPath(block(x), 0.2));
 * ```
 *
 * @param x `[batch, ...]`, f32
 * @param rate probability that a sample lacks the branch, from 0 to 1
 * @throws GraphError where the rate is not in that range, or outside of `defineModule`
 */
export function dropPath(x: Tensor, rate: number): Tensor {
  requireTensor('dropPath', x);
  return dropped(
    'dropPath',
    x,
    rate,
    x.shape.map((dim, k) => (k === 0 ? dim : 1)),
  );
}

/** @param drawn the shape of which each element is dropped, or not; it broadcasts to that of x */
function dropped(op: string, x: Tensor, rate: number, drawn: readonly DimLike[]): Tensor {
  requireFloat(op, x.node);
  requireOption(op, 'rate', rate, rate >= 0 && rate <= 1, 'a number from 0 to 1');
  if (rate === 0) return x;
  if (rate === 1) return whileTraining(x.fullLike(0), x);
  const kept = bernoulli(x, 1 - rate, drawn);
  return whileTraining(kept.where(x.mul(1 / (1 - rate)), 0), x);
}
