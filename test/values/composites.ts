import type { Tensor } from '../../src/graph/index.ts';
import { extentOf } from '../../src/loops/index.ts';
import { standardize } from '../../src/nn/index.ts';

/** Operations of the fixtures that the library has no function for: written in its operations. */

/** Layer normalisation over some axes (Ba, Kiros and Hinton 2016); gain and bias have their shape. */
export function layerNorm(
  x: Tensor,
  gain: Tensor,
  bias: Tensor,
  axes: readonly number[],
  eps: number,
): Tensor {
  return standardize(x, axes, { eps }).mul(gain).add(bias);
}

/** Division by the root of the mean square (Zhang and Sennrich 2019). */
export function rmsNorm(x: Tensor, gain: Tensor, axes: readonly number[], eps: number): Tensor {
  return x.mul(x.square().mean(axes, { keepDims: true }).add(eps).rsqrt()).mul(gain);
}

/** Group normalisation (Wu and He 2018) of `[batch, channels, height, width]`. */
export function groupNorm(x: Tensor, gain: Tensor, bias: Tensor, groups: number, eps: number): Tensor {
  const [batch = 1, channels = 1, ...field] = x.shape;
  const apart = x.reshape([batch, groups, extentOf(channels) / groups, ...field]);
  return perChannel(standardize(apart, [2, 3, 4], { eps }).reshape(x.shape), gain, bias);
}

/** Batch normalisation (Ioffe and Szegedy 2015) of `[batch, channels, height, width]` by the batch's statistics. */
export function batchNorm(x: Tensor, gain: Tensor, bias: Tensor, eps: number): Tensor {
  return perChannel(standardize(x, [0, 2, 3], { eps }), gain, bias);
}

/** `softmax(q · kᵀ / √d) · v`; causal: a query sees keys up to its own place (Vaswani et al. 2017). */
export function attention(q: Tensor, k: Tensor, v: Tensor, causal: boolean): Tensor {
  const scores = q.matmul(k.transpose()).div(Math.sqrt(extentOf(q.shape.at(-1) ?? 1)));
  const rank = scores.shape.length;
  const seen = scores.iotaLike(rank - 1).le(scores.iotaLike(rank - 2));
  return (causal ? seen.where(scores, -Infinity) : scores).softmax().matmul(v);
}

function perChannel(x: Tensor, gain: Tensor, bias: Tensor): Tensor {
  return x.mul(gain.reshape([-1, 1, 1])).add(bias.reshape([-1, 1, 1]));
}
