import { requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import type { DimLike } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { bernoulli, type StreamOptions } from '../random/index.ts';

/**
 * Dropout (Srivastava et al., 2014): each element is zero with probability `rate`, and those that stay are divided by
 * `1 - rate`, as PyTorch's. Others are dropped at each step, and by each call. `evaluation` gives x itself. Without x it is a
 * function, for `sequential`; of that too, each application drops others.
 *
 * The mask is a function of the session's seed, the number of the step and that of the element: the backward pass computes
 * it again. Two entries that share one call drop the same elements at the same count of their steps.
 *
 * ```ts
 * const hidden = nn.dropout(nn.dense(x, 128, { activation: 'relu', name: 'hidden' }), 0.1);
 * const net = nn.sequential([nn.dense(128), nn.relu, nn.dropout(0.1), nn.dense(10)]);
 * ```
 *
 * @param x    any shape, f32
 * @param rate from 0, which gives x, to 1, which gives zeros
 * @throws GraphError where the rate is not in that range, or outside of `defineModule`
 */
export function dropout(x: Tensor, rate: number, options?: StreamOptions): Tensor;
export function dropout(rate: number): (x: Tensor) => Tensor;
export function dropout(
  of: Tensor | number,
  rate?: number,
  options?: StreamOptions,
): Tensor | ((x: Tensor) => Tensor) {
  return inEitherForm('dropout', ({ shape }) => shape, of, rate, options);
}

/**
 * Stochastic depth (Huang et al., 2016): a branch is left out for whole samples. For each element of axis 0 all others are
 * kept, divided by `1 - rate`, or zero. `evaluation` gives x itself. Without x it is a function.
 *
 * ```ts
 * const y = x.add(nn.dropPath(block(x), 0.2));
 * ```
 *
 * @param x `[batch, ...]`, f32
 * @param rate probability that a sample lacks the branch, from 0 to 1
 * @throws GraphError where the rate is not in that range, or outside of `defineModule`
 */
export function dropPath(x: Tensor, rate: number, options?: StreamOptions): Tensor;
export function dropPath(rate: number): (x: Tensor) => Tensor;
export function dropPath(
  of: Tensor | number,
  rate?: number,
  options?: StreamOptions,
): Tensor | ((x: Tensor) => Tensor) {
  return inEitherForm(
    'dropPath',
    ({ shape }) => shape.map((dim, k) => (k === 0 ? dim : 1)),
    of,
    rate,
    options,
  );
}

/** @param drawn the shape of which each element is dropped, or not; it broadcasts to that of x */
function inEitherForm(
  op: string,
  drawn: (x: Tensor) => readonly DimLike[],
  of: Tensor | number,
  rate: number | undefined,
  options: StreamOptions = {},
): Tensor | ((x: Tensor) => Tensor) {
  if (typeof of === 'number') {
    requireRate(op, of);
    return (x) => dropped(op, x, of, drawn, {});
  }
  requireTensor(op, of);
  requireRate(op, rate);
  return dropped(op, of, rate, drawn, options);
}

function dropped(
  op: string,
  x: Tensor,
  rate: number,
  drawn: (x: Tensor) => readonly DimLike[],
  options: StreamOptions,
): Tensor {
  requireTensor(op, x);
  requireFloat(op, x.node);
  requireOptions(op, options, ['name']);
  if (rate === 0) return x;
  if (rate === 1) return whileTraining(x.fullLike(0), x);
  const kept = bernoulli(x, 1 - rate, drawn(x), options);
  return whileTraining(kept.where(x.mul(1 / (1 - rate)), 0), x);
}

function requireRate(op: string, rate: unknown): asserts rate is number {
  const holds = typeof rate === 'number' && rate >= 0 && rate <= 1;
  requireOption(op, 'rate', rate, holds, 'a number from 0 to 1');
}
