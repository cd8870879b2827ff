import { requireOption, requireOptions } from '../graph/arguments.ts';
import { type Tensor, whileTraining } from '../graph/index.ts';
import type { DimLike } from '../graph/shape.ts';
import { floats } from '../graph/tensor/value.ts';
import { bernoulli, type StreamOptions } from '../random/index.ts';
import { freshStream } from '../random/stream.ts';
import { type EitherForm, type Inner, inEitherForm } from './layer.ts';

/**
 * Dropout (Srivastava et al., 2014): each element is zero with probability `rate`, and those that stay are divided by
 * `1 - rate`, as PyTorch's. Others are dropped at each step, and by each call. `evaluation` gives x itself. Without x it is a
 * function, for `sequential`; of that too, each application drops others, and one with a `name` is applied once: it names what is
 * drawn.
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
 * @throws GraphError where the rate is not in that range, a name is used twice, or outside of `defineModule`
 */
export function dropout(x: Tensor, rate: number, options?: StreamOptions): Tensor<'f32'>;
export function dropout(rate: number, options?: StreamOptions): (x: Tensor) => Tensor<'f32'>;
export function dropout(...args: EitherForm<DropoutArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'dropout';
  return inEitherForm<DropoutArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (...own) =>
    dropping(op, eachElement, ...own),
  );
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
 * @throws GraphError where the rate is not in that range, a name is used twice, or outside of `defineModule`
 */
export function dropPath(x: Tensor, rate: number, options?: StreamOptions): Tensor<'f32'>;
export function dropPath(rate: number, options?: StreamOptions): (x: Tensor) => Tensor<'f32'>;
export function dropPath(...args: EitherForm<DropoutArgs>): Tensor<'f32'> | ((x: Tensor) => Tensor<'f32'>) {
  const op = 'dropPath';
  return inEitherForm<DropoutArgs, (x: Tensor) => Tensor<'f32'>>(op, 1, args, (...own) =>
    dropping(op, eachSample, ...own),
  );
}

/** Arguments behind the operand. */
type DropoutArgs = [rate: number, options?: StreamOptions | undefined];

/** The shape of which each element is dropped, or not; it broadcasts to that of x. */
type Drawn = (x: Tensor) => readonly DimLike[];

const eachElement: Drawn = ({ shape }) => shape;
const eachSample: Drawn = ({ shape }) => shape.map((dim, k) => (k === 0 ? dim : 1));

/**
 * {@link dropout} as a part of a layer, whose option gives its rate. What a layer draws that was given a name has one too,
 * `NAME.dropout`, and with a number where it draws again: it stays while others are declared before it.
 *
 * @param op of the layer, which errors name, with its option `dropout`
 */
export function dropoutWithin(op: string, rate = 0): (own: Pick<Inner, 'given'>, x: Tensor) => Tensor<'f32'> {
  requireRate(op, 'dropout', rate);
  return ({ given }, x) => {
    const name = given === undefined ? {} : { name: freshStream(x.graph, `${given}.dropout`) };
    return dropping('dropout', eachElement, rate, name)(x);
  };
}

function dropping(
  op: string,
  drawn: Drawn,
  rate: number,
  options: StreamOptions = {},
): (x: Tensor) => Tensor<'f32'> {
  requireRate(op, 'rate', rate);
  requireOptions(op, options, ['name']);
  return (x) => {
    const y = floats(op, x);
    if (rate === 0) return y;
    if (rate === 1) return whileTraining(y.fullLike(0), y);
    const kept = bernoulli(x, 1 - rate, drawn(x), options);
    return whileTraining(kept.where(y.mul(1 / (1 - rate)), 0), y);
  };
}

function requireRate(op: string, name: string, rate: number): void {
  requireOption(op, name, rate, rate >= 0 && rate <= 1, 'a number from 0 to 1');
}
