import { requireOneOf, requireOption, requireOptions } from '../graph/arguments.ts';
import { composite, type Tensor } from '../graph/index.ts';
import { floats, requireTensor } from '../graph/tensor/value.ts';
import type { Dtype } from '../loops/index.ts';

/** Activations that layers take by name. */
export const activations = {
  relu,
  gelu: (x) => gelu(x),
  geluTanh: (x) => gelu(x, { approximate: 'tanh' }),
  tanh,
  sigmoid,
  silu,
  leakyRelu: <D extends Dtype>(x: Tensor<D>) => leakyRelu(x),
  hardswish,
  softplus,
  logSigmoid,
  elu: (x) => elu(x),
  celu: (x) => celu(x),
  selu,
  mish,
} satisfies Record<string, (x: Tensor) => Tensor>;

/** The name of an activation. */
export type Activation = keyof typeof activations;

/** What an activation makes of `x`, or `x` itself where none is asked for. */
export function applied(activation: Activation | undefined, x: Tensor<'f32'>): Tensor<'f32'> {
  return activation === undefined ? x : activations[activation](x);
}

/** `x` where it is positive, else 0; a NaN stays. The method of tensors as a function. */
export function relu<D extends Dtype>(x: Tensor<D>): Tensor<D> {
  requireTensor('relu', x);
  return x.relu();
}

/** The hyperbolic tangent. The method of tensors as a function. */
export function tanh(x: Tensor): Tensor<'f32'> {
  requireTensor('tanh', x);
  return x.tanh();
}

/** `1 / (1 + exp(-x))`. The method of tensors as a function. */
export function sigmoid(x: Tensor): Tensor<'f32'> {
  requireTensor('sigmoid', x);
  return x.sigmoid();
}

/**
 * `x Φ(x)`, with the normal distribution's Φ by the error function, or by the `tanh` formula (Hendrycks and
 * Gimpel 2016).
 */
export function gelu(x: Tensor, options: { readonly approximate?: 'none' | 'tanh' } = {}): Tensor<'f32'> {
  requireTensor('gelu', x);
  requireOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  requireOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  if (approximate === 'none') return floats('gelu', x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1)));
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return floats('gelu', x.mul(0.5).mul(inner.tanh().add(1)));
}

/** `x sigmoid(x)`, also called swish. */
export function silu(x: Tensor): Tensor<'f32'> {
  requireTensor('silu', x);
  return floats('silu', x.mul(x.sigmoid()));
}

/** `x` where it is positive, else `slope x`. */
export function leakyRelu<D extends Dtype>(x: Tensor<D>, slope = 0.01): Tensor<D> {
  requireTensor('leakyRelu', x);
  requireOption('leakyRelu', 'slope', slope, Number.isFinite(slope), 'a finite number');
  return x.gt(0).where(x, x.mul(slope));
}

/** `x clamp(x + 3, 0, 6) / 6` (Howard et al. 2019). At -3 and 3 the gradient is that of the straight line outside. */
export function hardswish(x: Tensor): Tensor<'f32'> {
  requireTensor('hardswish', x);
  // In pieces, since a product with a clamp has half a gradient at its kinks. The curve never sees an infinity: chosen
  // or not, its gradient would be NaN.
  const inside = x.clamp(-3, 3);
  const curve = inside.mul(inside.add(3)).div(6);
  return floats('hardswish', x.le(-3).where(x.mul(0), x.lt(3).where(curve, x)));
}

/**
 * `log(1 + exp(x))` without overflow, as `max(x, 0) + log1p(exp(-|x|))`: its relative error is small wherever the
 * result is a normal number. The gradient is `sigmoid(x)` everywhere, and differentiates again.
 */
export function softplus(x: Tensor): Tensor<'f32'> {
  requireTensor('softplus', x);
  return floats('softplus', composite('softplus', x.relu().add(x.abs().neg().exp().log1p()), [x]));
}

/** `log(sigmoid(x))`, which is `-softplus(-x)`. */
export function logSigmoid(x: Tensor): Tensor<'f32'> {
  requireTensor('logSigmoid', x);
  return softplus(x.neg()).neg();
}

/** `x` where it is positive, else `alpha (exp(x) - 1)` (Clevert et al. 2016). At 0 the gradient is `alpha`. */
export function elu(x: Tensor, alpha = 1): Tensor<'f32'> {
  requireTensor('elu', x);
  requireOption('elu', 'alpha', alpha, Number.isFinite(alpha), 'a finite number');
  // Where the gradient has no step at 0, its own is that of the line there, as in PyTorch.
  const isNegative = alpha === 1 ? x.lt(0) : x.le(0);
  // Chosen twice, so that nothing overflows where it is not wanted; `minimum` would halve the gradient at 0.
  return floats('elu', isNegative.where(isNegative.where(x, 0).expm1().mul(alpha), x));
}

/** `x` where it is positive, else `alpha (exp(x / alpha) - 1)` (Barron 2017): the gradient has no step at 0. */
export function celu(x: Tensor, alpha = 1): Tensor<'f32'> {
  requireTensor('celu', x);
  requireOption('celu', 'alpha', alpha, alpha > 0, 'a number above 0');
  return elu(x.div(alpha)).mul(alpha);
}

/** The `elu` times a number, with constants that keep a mean of 0 and a variance of 1 (Klambauer et al. 2017). */
export function selu(x: Tensor): Tensor<'f32'> {
  requireTensor('selu', x);
  return elu(x, 1.6732632423543772).mul(1.0507009873554805);
}

/** `x tanh(softplus(x))` (Misra 2019). */
export function mish(x: Tensor): Tensor<'f32'> {
  requireTensor('mish', x);
  return floats('mish', x.mul(softplus(x).tanh()));
}
