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
export function gelu(
  x: Tensor,
  { approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' } = {},
): Tensor {
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

/** `log(1 + exp(x))` without overflow. */
export function softplus(x: Tensor): Tensor {
  return x.maximum(0).add(x.abs().neg().exp().add(1).log());
}

/** `x` where it is positive, else `alpha (exp(x) - 1)`. */
export function elu(x: Tensor, alpha = 1): Tensor {
  // The exponential sees no positive number: it must not overflow where it is not chosen.
  return x.gt(0).where(x, x.minimum(0).exp().sub(1).mul(alpha));
}

/** `x tanh(softplus(x))` (Misra 2019). */
export function mish(x: Tensor): Tensor {
  return x.mul(softplus(x).tanh());
}
