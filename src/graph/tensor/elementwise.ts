import type { Dtype } from '../../loops/index.ts';
import { dtypeFrom } from '../attributes.ts';
import { choice, filled, pointwise } from '../build.ts';
import {
  areFinite,
  areNaN,
  clamp,
  copysign,
  hypot,
  isInf,
  lerp,
  maskedFill,
  polygamma,
  xor,
} from '../composed/elementwise.ts';
import { pow } from '../composed/powers.ts';
import type { Tensor } from '../tensor.ts';
import { Integers } from './integers.ts';
import { operandOf, typed } from './value.ts';

/** Element by element: arithmetic, functions, comparison and logic. */
export abstract class Elementwise<D extends Dtype = Dtype> extends Integers<D> {
  // Arithmetic

  /** x + y; both broadcast, and integers wrap. `x.add(bias)`: [batch, n], [n] → [batch, n] */
  add(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'add', other);
  }
  /** x - y; both broadcast. `prediction.sub(target)` */
  sub(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'sub', other);
  }
  /**
   * x · y, element by element; both broadcast.
   * `x.mul(gain)`. Products of matrices are {@link Tensor.matmul}.
   */
  mul(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'mul', other);
  }
  /** Quotient of floats. `x.div(255)` */
  div(other: Tensor | number): Tensor<'f32'> {
    return this.pointwise('f32', 'div', other);
  }
  /**
   * The smaller of two, element by element; see {@link Tensor.min} for the smallest along axes.
   * `x.minimum(y)`
   */
  minimum(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'min', other);
  }
  /**
   * The larger of two, element by element; see {@link Tensor.max} for the largest along axes.
   * `x.maximum(0)`
   */
  maximum(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'max', other);
  }
  /** -x. `x.neg()` */
  neg(): Tensor<D> {
    return this.pointwise(this.dtype, 'neg');
  }
  /** |x|; its gradient at 0 is 0. `x.abs()` */
  abs(): Tensor<D> {
    return this.pointwise(this.dtype, 'abs');
  }
  /** -1, 0 or 1; a NaN stays, and the gradient is zero. `x.sign()` */
  sign(): Tensor<D> {
    return this.pointwise(this.dtype, 'sign');
  }
  /** x². `error.square().mean()` */
  square(this: Tensor<D>): Tensor<D> {
    return this.mul(this);
  }
  /** √x; NaN below 0. `variance.add(1e-5).sqrt()` */
  sqrt(): Tensor<'f32'> {
    return this.pointwise('f32', 'sqrt');
  }
  /** 1 / √x, ∞ at 0. `variance.add(1e-5).rsqrt()` */
  rsqrt(): Tensor<'f32'> {
    return this.sqrt().reciprocal();
  }
  /** 1 / x, ±∞ at ±0. `x.reciprocal()` */
  reciprocal(): Tensor<'f32'> {
    const one = filled(this.graph, 1, this.dtype, this.shape);
    return typed(this.wrap(pointwise(this.graph, 'div', [one, this.node])), 'f32');
  }
  /** e to the x, at most 1 ulp. `x.exp()` */
  exp(): Tensor<'f32'> {
    return this.pointwise('f32', 'exp');
  }
  /** The natural logarithm, at most 1 ulp; -∞ at 0, NaN below. `x.log()` */
  log(): Tensor<'f32'> {
    return this.pointwise('f32', 'log');
  }
  /** `2^x`, exact for integers. `x.exp2()` */
  exp2(): Tensor<'f32'> {
    return this.pointwise('f32', 'exp2');
  }
  /** Logarithm to base 2, exact for powers of two; -∞ at 0, NaN below. `x.log2()` */
  log2(): Tensor<'f32'> {
    return this.pointwise('f32', 'log2');
  }
  /** Logarithm to base 10, exact for powers of ten; -∞ at 0, NaN below. `x.log10()` */
  log10(): Tensor<'f32'> {
    return this.pointwise('f32', 'log10');
  }
  /**
   * A power (PyTorch's `pow`), to 4 ulp and exact where it is a small integer. Special values are C99's: `x^0` and `1^y` are 1, of
   * a NaN too; a negative number has powers with integer exponents only. The gradient in the exponent is 0 where x = 0.
   * Numbers such as 2, 0.5 or -1 are products, roots and quotients. Integers take a whole number from 0 on, and wrap.
   *
   * ```ts
   * x.pow(1.5).add(x.pow(y));
   * ```
   *
   * @param exponent a number, or a tensor that broadcasts with this one
   * @throws GraphError `option` where the exponent of integers is not a whole number from 0 on
   */
  pow(this: Tensor<D>, exponent: Tensor | number): Tensor<D> {
    return this.like(pow(this, exponent));
  }
  /** Cube root, of negative numbers too; its gradient at 0 is infinite. `x.cbrt()` */
  cbrt(): Tensor<'f32'> {
    return this.pointwise('f32', 'cbrt');
  }
  /** `log(1 + x)`, to the last digits near 0 too; -∞ at -1, NaN below. `x.log1p()` */
  log1p(): Tensor<'f32'> {
    return this.pointwise('f32', 'log1p');
  }
  /** `exp(x) - 1`, to the last digits near 0 too. `x.expm1()` */
  expm1(): Tensor<'f32'> {
    return this.pointwise('f32', 'expm1');
  }
  /** The hyperbolic tangent, at most 2 ulp; ±1 at ±∞. `x.tanh()` */
  tanh(): Tensor<'f32'> {
    return this.pointwise('f32', 'tanh');
  }
  /** 1 / (1 + e⁻ˣ), at most 3 ulp, without overflow. `logits.sigmoid()` */
  sigmoid(): Tensor<'f32'> {
    return this.pointwise('f32', 'sigmoid');
  }
  /** The error function, `2/√π` times the integral of exp(-t²) from 0 to x, at most 2 ulp. `x.erf()` */
  erf(): Tensor<'f32'> {
    return this.pointwise('f32', 'erf');
  }
  /**
   * The remainder of `x / y` with the sign of x, of floats, exact (C's and PyTorch's `fmod`): NaN where y is 0 or x infinite. Its
   * gradient in y is `-trunc(x / y)`. See {@link Tensor.mod} for the one with the sign of y.
   *
   * ```ts
   * angle.fmod(2 * Math.PI);
   * ```
   */
  fmod(other: Tensor | number): Tensor<'f32'> {
    return this.pointwise('f32', 'fmod', other);
  }
  /** Sine of an angle in radians, of any size; NaN at ±∞. At most 2 ulp, as the functions after it. `x.sin()` */
  sin(): Tensor<'f32'> {
    return this.pointwise('f32', 'sin');
  }
  /** Cosine of an angle in radians; NaN at ±∞. `x.cos()` */
  cos(): Tensor<'f32'> {
    return this.pointwise('f32', 'cos');
  }
  /** Tangent of an angle in radians; NaN at ±∞. `x.tan()` */
  tan(): Tensor<'f32'> {
    return this.pointwise('f32', 'tan');
  }
  /** Inverse sine, from -π/2 to π/2; NaN beyond [-1, 1]. `x.asin()` */
  asin(): Tensor<'f32'> {
    return this.pointwise('f32', 'asin');
  }
  /** Inverse cosine, from 0 to π; NaN beyond [-1, 1]. `x.acos()` */
  acos(): Tensor<'f32'> {
    return this.pointwise('f32', 'acos');
  }
  /** Inverse tangent, from -π/2 to π/2. `x.atan()` */
  atan(): Tensor<'f32'> {
    return this.pointwise('f32', 'atan');
  }
  /**
   * The angle of the point (`other`, this), from -π to π, by the signs of both, those of zeros too (PyTorch's `atan2`). Its
   * gradient at (0, 0) is NaN. `y.atan2(x)`
   *
   * @param other broadcasts with this tensor
   */
  atan2(other: Tensor | number): Tensor<'f32'> {
    return this.pointwise('f32', 'atan2', other);
  }
  /** Hyperbolic sine. `x.sinh()` */
  sinh(): Tensor<'f32'> {
    return this.pointwise('f32', 'sinh');
  }
  /** Hyperbolic cosine. `x.cosh()` */
  cosh(): Tensor<'f32'> {
    return this.pointwise('f32', 'cosh');
  }
  /** Inverse hyperbolic sine. `x.asinh()` */
  asinh(): Tensor<'f32'> {
    return this.pointwise('f32', 'asinh');
  }
  /** Inverse hyperbolic cosine, from 0 on; NaN below 1. `x.acosh()` */
  acosh(): Tensor<'f32'> {
    return this.pointwise('f32', 'acosh');
  }
  /** Inverse hyperbolic tangent; ±∞ at ±1, NaN beyond. `x.atanh()` */
  atanh(): Tensor<'f32'> {
    return this.pointwise('f32', 'atanh');
  }
  /** Inverse of the error function; ±∞ at ±1, NaN beyond. `x.erfinv()` */
  erfinv(): Tensor<'f32'> {
    return this.pointwise('f32', 'erfinv');
  }
  /**
   * `ln |Γ(x)|`, ∞ at 0 and the negative integers; at most 4 ulp, below 0 of the largest of itself, `ln Γ(|x|)` and 1.
   * `x.lgamma()`
   */
  lgamma(): Tensor<'f32'> {
    return this.pointwise('f32', 'lgamma');
  }
  /** ψ(x), the derivative of `lgamma`; NaN at the negative integers, -∞ at 0. Differentiable twice. `x.digamma()` */
  digamma(): Tensor<'f32'> {
    return this.pointwise('f32', 'digamma');
  }
  /**
   * The n-th derivative of `digamma` (PyTorch's `polygamma`), of which there are those up to 2, `x.polygamma(1)`. At the negative
   * integers the first is ∞, the second NaN. The second has no derivative here: gradients throw GraphError `gradient` where they
   * need it.
   *
   * @throws GraphError `option` where n is not 0, 1 or 2
   */
  polygamma(this: Tensor<D>, n: 0 | 1 | 2): Tensor<'f32'> {
    return typed(polygamma(this, n), 'f32');
  }
  /** x where it is positive, else 0; a NaN stays. `x.relu()` */
  relu(): Tensor<D> {
    return this.pointwise(this.dtype, 'relu');
  }
  /** The largest integer at most x; the gradient is zero. `x.floor()` */
  floor(): Tensor<'f32'> {
    return this.pointwise('f32', 'floor');
  }
  /** The smallest integer at least x; the gradient is zero. `x.ceil()` */
  ceil(): Tensor<'f32'> {
    return this.pointwise('f32', 'ceil');
  }
  /** The integer next to x towards zero; the gradient is zero. `x.trunc()` */
  trunc(): Tensor<'f32'> {
    return this.pointwise('f32', 'trunc');
  }
  /** To the nearest integer, halves to even. `x.round()` */
  round(): Tensor<'f32'> {
    return this.pointwise('f32', 'round');
  }
  /**
   * Cut to a range; the gradient passes where the value was not cut, bounds included. A NaN stays.
   * `x.clamp(-1, 1)`
   *
   * @throws GraphError where a bound is NaN, or the lower one is above the upper one
   */
  clamp(this: Tensor<D>, min: number, max: number): Tensor<D> {
    return this.like(clamp(this, min, max));
  }
  /**
   * On the way to another value, `x + weight (end - x)` (PyTorch's `lerp`): x at weight 0, and exactly `end` at 1. All
   * broadcast.
   *
   * ```ts
   * average.lerp(x, 0.01); // an exponential moving average
   * ```
   */
  lerp(this: Tensor<D>, end: Tensor | number, weight: Tensor | number): Tensor<'f32'> {
    return typed(lerp(this, end, weight), 'f32');
  }
  /**
   * `sqrt(x² + y²)` without overflow or underflow on the way (PyTorch's `hypot`); ∞ where either is infinite, the other
   * a NaN too. At (0, 0) its gradient is NaN, as PyTorch's.
   * `x.hypot(y)`
   */
  hypot(this: Tensor<D>, other: Tensor | number): Tensor<'f32'> {
    return typed(hypot(this, other), 'f32');
  }
  /**
   * `|x|` with the sign of `other` (PyTorch's `copysign`): that of -0 is negative, and a NaN counts as positive, since no
   * operation sees the sign of one. The gradient goes to x alone, and is 0 at x = 0.
   * `x.copysign(y)`
   */
  copysign(this: Tensor<D>, other: Tensor | number): Tensor<'f32'> {
    return typed(copysign(this, other), 'f32');
  }

  // Comparison and logic

  /**
   * Whether x < y (bool); both broadcast, and beside a NaN it is false, as in all comparisons except `ne`.
   * `x.lt(0)`
   */
  lt(other: Tensor | number): Tensor<'bool'> {
    return this.pointwise('bool', 'lt', other);
  }
  /** Whether x ≤ y (bool). `x.le(y)` */
  le(other: Tensor | number): Tensor<'bool'> {
    return this.pointwise('bool', 'le', other);
  }
  /** Whether x > y (bool). `x.gt(0).where(x, 0)` */
  gt(other: Tensor | number): Tensor<'bool'> {
    return typed(this.wrap(pointwise(this.graph, 'lt', [operandOf('gt', other), this.node])), 'bool');
  }
  /** Whether x ≥ y (bool). `x.ge(y)` */
  ge(other: Tensor | number): Tensor<'bool'> {
    return typed(this.wrap(pointwise(this.graph, 'le', [operandOf('ge', other), this.node])), 'bool');
  }
  /** Whether x = y (bool), of truth values too. `labels.eq(predicted)` */
  eq(other: Tensor | number): Tensor<'bool'> {
    return this.pointwise('bool', 'eq', other);
  }
  /** Whether x ≠ y (bool): a NaN differs from all. `tokens.ne(padding)` */
  ne(other: Tensor | number): Tensor<'bool'> {
    return this.pointwise('bool', 'ne', other);
  }
  /** Whether both hold; both are bool, and broadcast. `isOpen.and(isNear)` */
  and(other: Tensor): Tensor<'bool'> {
    return this.pointwise('bool', 'and', other);
  }
  /** Whether either holds. `isOpen.or(isNear)` */
  or(other: Tensor): Tensor<'bool'> {
    return this.pointwise('bool', 'or', other);
  }
  /** One of two truth values, and not both (PyTorch's `logical_xor`). `isOpen.xor(isNear)` */
  xor(this: Tensor<D>, other: Tensor): Tensor<'bool'> {
    return typed(xor(this, other), 'bool');
  }
  /** Whether this does not hold. `isPadding.not()` */
  not(): Tensor<'bool'> {
    return this.pointwise('bool', 'not');
  }
  /**
   * Whether a float is NaN (PyTorch's `isnan`), on every target: drivers may take `x ≠ x` to be false.
   * `x.isNaN().where(0, x)`
   */
  isNaN(this: Tensor<D>): Tensor<'bool'> {
    return typed(areNaN(this), 'bool');
  }
  /** Whether a float is ∞ or -∞ (PyTorch's `isinf`). `x.isInf().any()` */
  isInf(this: Tensor<D>): Tensor<'bool'> {
    return typed(isInf(this), 'bool');
  }
  /** Whether a float is a number, neither infinite nor NaN (PyTorch's `isfinite`). `x.isFinite().all()` */
  isFinite(this: Tensor<D>): Tensor<'bool'> {
    return typed(areFinite(this), 'bool');
  }
  /** `a` where this condition holds, else `b`. `x.gt(0).where(x, 0)` */
  where(a: number, b: number): Tensor<'f32'>;
  where<T extends Dtype>(a: Tensor<T> | number, b: Tensor<T> | number): Tensor<T>;
  where(a: Tensor | number, b: Tensor | number): Tensor {
    return this.wrap(choice(this.graph, this.node, operandOf('where', a), operandOf('where', b)));
  }
  /**
   * These elements, but `value` where a mask (bool, which broadcasts to this shape) holds (PyTorch's `masked_fill`).
   * What is masked may be anything: neither a NaN nor an infinity comes through, in value or in gradient.
   *
   * ```ts
   * scores.maskedFill(isPadding, -Infinity).softmax();
   * ```
   *
   * @param value a number, or a tensor of one element without axes
   */
  maskedFill(this: Tensor<D>, mask: Tensor, value: Tensor | number): Tensor<D> {
    return this.like(maskedFill(this, mask, value));
  }

  /**
   * To another element type; itself if it is of that type. To integers towards zero, saturating, NaN to 0; to
   * bool by `x ≠ 0`. `labels.eq(2).cast('f32')`
   */
  cast<T extends Exclude<Dtype, 'u8'>>(this: Tensor<D>, dtype: T): Tensor<T> {
    const own: Dtype = this.dtype;
    if (own === dtype) return typed(this, dtype);
    const node = this.graph.build('cast', [this.node], { dtype: dtypeFrom('cast', dtype) });
    return typed(this.wrap(node), dtype);
  }
}
