import { requireOneOf, requireOptions } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';

/** Activations that layers take by name. */
export const activations = {
  relu: (x) => x.relu(),
  gelu: (x) => gelu(x),
  geluTanh: (x) => gelu(x, { approximate: 'tanh' }),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  silu,
  leakyRelu: (x) => leakyRelu(x),
  hardswish,
  softplus,
  elu: (x) => elu(x),
  mish,
} satisfies Record<string, (x: Tensor) => Tensor>;

/** The name of an activation. */
export type Activation = keyof typeof activations;

/**
 * `x Φ(x)`, with the normal distribution's Φ by the error function, or by the `tanh` formula (Hendrycks and
 * Gimpel 2016).
 */
export function gelu(x: Tensor, options: { readonly approximate?: 'none' | 'tanh' } = {}): Tensor {
  requireOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  requireOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  if (approximate === 'none') return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

/** `x sigmoid(x)`, also called swish. */
export function silu(x: Tensor): Tensor {
  return x.mul(x.sigmoid());
}

/** `x` where it is positive, else `slope x`. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return x.gt(0).where(x, x.mul(slope));
}

/** `x clamp(x + 3, 0, 6) / 6` (Howard et al. 2019). */
export function hardswish(x: Tensor): Tensor {
  return x.mul(x.add(3).clamp(0, 6)).div(6);
}

/**
 * `log(1 + exp(x))` without overflow, as `max(x, 0) + log(1 + exp(-|x|))`. The rounding of `1 + exp(-|x|)` in
 * float32 leaves the logarithm an absolute error of up to 6e-8: it is 0 where x is below -17.
 */
export function softplus(x: Tensor): Tensor {
  return x.maximum(0).add(x.abs().neg().exp().add(1).log());
}

/** `x` where it is positive, else `alpha (exp(x) - 1)`. */
export function elu(x: Tensor, alpha = 1): Tensor {
  const isPositive = x.gt(0);
  // Chosen twice, so that nothing overflows where it is not wanted; `minimum` would halve the gradient at 0.
  return isPositive.where(x, expm1(isPositive.where(0, x)).mul(alpha));
}

/** `x tanh(softplus(x))` (Misra 2019), with {@link softplus}'s error times |x|: 0 where x is below -17. */
export function mish(x: Tensor): Tensor {
  return x.mul(softplus(x).tanh());
}

/**
 * `exp(x) - 1` of numbers that are not positive, without cancellation: near zero, where `exp(x)` rounds x away,
 * it is `2t / (1 - t)` with t = tanh(x / 2), an identity all of whose steps keep the relative error. Below -1 the
 * difference as it stands is exact enough, and its gradient exp(x) is better than that of the identity, which
 * has the factor `1 - t²`.
 */
function expm1(x: Tensor): Tensor {
  const t = x.mul(0.5).tanh();
  return x.gt(-1).where(t.mul(2).div(t.neg().add(1)), x.exp().sub(1));
}
