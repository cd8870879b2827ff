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
import { operandOf } from './value.ts';

/** Element by element: arithmetic, functions, comparison and logic. */
export abstract class Elementwise extends Integers {
  // Arithmetic

  /** x + y; both broadcast, and integers wrap. `x.add(bias)`: [batch, n], [n] → [batch, n] */
  add(other: Tensor | number): Tensor {
    return this.pointwise('add', other);
  }
  /** x - y; both broadcast. `prediction.sub(target)` */
  sub(other: Tensor | number): Tensor {
    return this.pointwise('sub', other);
  }
  /**
   * x · y, element by element; both broadcast.
   * `x.mul(gain)`. Products of matrices are {@link Tensor.matmul}.
   */
  mul(other: Tensor | number): Tensor {
    return this.pointwise('mul', other);
  }
  /** Quotient of floats. `x.div(255)` */
  div(other: Tensor | number): Tensor {
    return this.pointwise('div', other);
  }
  /**
   * The smaller of two, element by element; see {@link Tensor.min} for the smallest along axes.
   * `x.minimum(y)`
   */
  minimum(other: Tensor | number): Tensor {
    return this.pointwise('min', other);
  }
  /**
   * The larger of two, element by element; see {@link Tensor.max} for the largest along axes.
   * `x.maximum(0)`
   */
  maximum(other: Tensor | number): Tensor {
    return this.pointwise('max', other);
  }
  /** -x. `x.neg()` */
  neg(): Tensor {
    return this.pointwise('neg');
  }
  /** |x|; its gradient at 0 is 0. `x.abs()` */
  abs(): Tensor {
    return this.pointwise('abs');
  }
  /** -1, 0 or 1; a NaN stays, and the gradient is zero. `x.sign()` */
  sign(): Tensor {
    return this.pointwise('sign');
  }
  /** x². `error.square().mean()` */
  square(this: Tensor): Tensor {
    return this.mul(this);
  }
  /** √x; NaN below 0. `variance.add(1e-5).sqrt()` */
  sqrt(): Tensor {
    return this.pointwise('sqrt');
  }
  /** 1 / √x, ∞ at 0. `variance.add(1e-5).rsqrt()` */
  rsqrt(): Tensor {
    return this.sqrt().reciprocal();
  }
  /** 1 / x, ±∞ at ±0. `x.reciprocal()` */
  reciprocal(): Tensor {
    const one = filled(this.graph, 1, this.dtype, this.shape);
    return this.wrap(pointwise(this.graph, 'div', [one, this.node]));
  }
  /** e to the x, at most 1 ulp. `x.exp()` */
  exp(): Tensor {
    return this.pointwise('exp');
  }
  /** The natural logarithm, at most 1 ulp; -∞ at 0, NaN below. `x.log()` */
  log(): Tensor {
    return this.pointwise('log');
  }
  /** `2^x`, exact for integers. `x.exp2()` */
  exp2(): Tensor {
    return this.pointwise('exp2');
  }
  /** Logarithm to base 2, exact for powers of two; -∞ at 0, NaN below. `x.log2()` */
  log2(): Tensor {
    return this.pointwise('log2');
  }
  /** Logarithm to base 10, exact for powers of ten; -∞ at 0, NaN below. `x.log10()` */
  log10(): Tensor {
    return this.pointwise('log10');
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
  pow(this: Tensor, exponent: Tensor | number): Tensor {
    return pow(this, exponent);
  }
  /** Cube root, of negative numbers too; its gradient at 0 is infinite. `x.cbrt()` */
  cbrt(): Tensor {
    return this.pointwise('cbrt');
  }
  /** `log(1 + x)`, to the last digits near 0 too; -∞ at -1, NaN below. `x.log1p()` */
  log1p(): Tensor {
    return this.pointwise('log1p');
  }
  /** `exp(x) - 1`, to the last digits near 0 too. `x.expm1()` */
  expm1(): Tensor {
    return this.pointwise('expm1');
  }
  /** The hyperbolic tangent, at most 2 ulp; ±1 at ±∞. `x.tanh()` */
  tanh(): Tensor {
    return this.pointwise('tanh');
  }
  /** 1 / (1 + e⁻ˣ), at most 3 ulp, without overflow. `logits.sigmoid()` */
  sigmoid(): Tensor {
    return this.pointwise('sigmoid');
  }
  /** The error function, `2/√π` times the integral of exp(-t²) from 0 to x, at most 2 ulp. `x.erf()` */
  erf(): Tensor {
    return this.pointwise('erf');
  }
  /**
   * The remainder of `x / y` with the sign of x, of floats, exact (C's and PyTorch's `fmod`): NaN where y is 0 or x infinite. Its
   * gradient in y is `-trunc(x / y)`. See {@link Tensor.mod} for the one with the sign of y.
   *
   * ```ts
   * angle.fmod(2 * Math.PI);
   * ```
   */
  fmod(other: Tensor | number): Tensor {
    return this.pointwise('fmod', other);
  }
  /** Sine of an angle in radians, of any size; NaN at ±∞. At most 2 ulp, as the functions after it. `x.sin()` */
  sin(): Tensor {
    return this.pointwise('sin');
  }
  /** Cosine of an angle in radians; NaN at ±∞. `x.cos()` */
  cos(): Tensor {
    return this.pointwise('cos');
  }
  /** Tangent of an angle in radians; NaN at ±∞. `x.tan()` */
  tan(): Tensor {
    return this.pointwise('tan');
  }
  /** Inverse sine, from -π/2 to π/2; NaN beyond [-1, 1]. `x.asin()` */
  asin(): Tensor {
    return this.pointwise('asin');
  }
  /** Inverse cosine, from 0 to π; NaN beyond [-1, 1]. `x.acos()` */
  acos(): Tensor {
    return this.pointwise('acos');
  }
  /** Inverse tangent, from -π/2 to π/2. `x.atan()` */
  atan(): Tensor {
    return this.pointwise('atan');
  }
  /**
   * The angle of the point (`other`, this), from -π to π, by the signs of both, those of zeros too (PyTorch's `atan2`). Its
   * gradient at (0, 0) is NaN. `y.atan2(x)`
   *
   * @param other broadcasts with this tensor
   */
  atan2(other: Tensor | number): Tensor {
    return this.pointwise('atan2', other);
  }
  /** Hyperbolic sine. `x.sinh()` */
  sinh(): Tensor {
    return this.pointwise('sinh');
  }
  /** Hyperbolic cosine. `x.cosh()` */
  cosh(): Tensor {
    return this.pointwise('cosh');
  }
  /** Inverse hyperbolic sine. `x.asinh()` */
  asinh(): Tensor {
    return this.pointwise('asinh');
  }
  /** Inverse hyperbolic cosine, from 0 on; NaN below 1. `x.acosh()` */
  acosh(): Tensor {
    return this.pointwise('acosh');
  }
  /** Inverse hyperbolic tangent; ±∞ at ±1, NaN beyond. `x.atanh()` */
  atanh(): Tensor {
    return this.pointwise('atanh');
  }
  /** Inverse of the error function; ±∞ at ±1, NaN beyond. `x.erfinv()` */
  erfinv(): Tensor {
    return this.pointwise('erfinv');
  }
  /**
   * `ln |Γ(x)|`, ∞ at 0 and the negative integers; at most 4 ulp, below 0 of the largest of itself, `ln Γ(|x|)` and 1.
   * `x.lgamma()`
   */
  lgamma(): Tensor {
    return this.pointwise('lgamma');
  }
  /** ψ(x), the derivative of `lgamma`; NaN at the negative integers, -∞ at 0. Differentiable twice. `x.digamma()` */
  digamma(): Tensor {
    return this.pointwise('digamma');
  }
  /**
   * The n-th derivative of `digamma` (PyTorch's `polygamma`), of which there are those up to 2, `x.polygamma(1)`. At the negative
   * integers the first is ∞, the second NaN. The second has no derivative here: gradients throw GraphError `gradient` where they
   * need it.
   *
   * @throws GraphError `option` where n is not 0, 1 or 2
   */
  polygamma(this: Tensor, n: 0 | 1 | 2): Tensor {
    return polygamma(this, n);
  }
  /** x where it is positive, else 0; a NaN stays. `x.relu()` */
  relu(): Tensor {
    return this.pointwise('relu');
  }
  /** The largest integer at most x; the gradient is zero. `x.floor()` */
  floor(): Tensor {
    return this.pointwise('floor');
  }
  /** The smallest integer at least x; the gradient is zero. `x.ceil()` */
  ceil(): Tensor {
    return this.pointwise('ceil');
  }
  /** The integer next to x towards zero; the gradient is zero. `x.trunc()` */
  trunc(): Tensor {
    return this.pointwise('trunc');
  }
  /** To the nearest integer, halves to even. `x.round()` */
  round(): Tensor {
    return this.pointwise('round');
  }
  /**
   * Cut to a range; the gradient passes where the value was not cut, bounds included. A NaN stays.
   * `x.clamp(-1, 1)`
   *
   * @throws GraphError where a bound is NaN, or the lower one is above the upper one
   */
  clamp(this: Tensor, min: number, max: number): Tensor {
    return clamp(this, min, max);
  }
  /**
   * On the way to another value, `x + weight (end - x)` (PyTorch's `lerp`): x at weight 0, and exactly `end` at 1. All
   * broadcast.
   *
   * ```ts
   * average.lerp(x, 0.01); // an exponential moving average
   * ```
   */
  lerp(this: Tensor, end: Tensor | number, weight: Tensor | number): Tensor {
    return lerp(this, end, weight);
  }
  /**
   * `sqrt(x² + y²)` without overflow or underflow on the way (PyTorch's `hypot`); ∞ where either is infinite, the other
   * a NaN too. At (0, 0) its gradient is NaN, as PyTorch's.
   * `x.hypot(y)`
   */
  hypot(this: Tensor, other: Tensor | number): Tensor {
    return hypot(this, other);
  }
  /**
   * `|x|` with the sign of `other` (PyTorch's `copysign`): that of -0 is negative, and a NaN counts as positive, since no
   * operation sees the sign of one. The gradient goes to x alone, and is 0 at x = 0.
   * `x.copysign(y)`
   */
  copysign(this: Tensor, other: Tensor | number): Tensor {
    return copysign(this, other);
  }

  // Comparison and logic

  /**
   * Whether x < y (bool); both broadcast, and beside a NaN it is false, as in all comparisons except `ne`.
   * `x.lt(0)`
   */
  lt(other: Tensor | number): Tensor {
    return this.pointwise('lt', other);
  }
  /** Whether x ≤ y (bool). `x.le(y)` */
  le(other: Tensor | number): Tensor {
    return this.pointwise('le', other);
  }
  /** Whether x > y (bool). `x.gt(0).where(x, 0)` */
  gt(other: Tensor | number): Tensor {
    return this.wrap(pointwise(this.graph, 'lt', [operandOf('gt', other), this.node]));
  }
  /** Whether x ≥ y (bool). `x.ge(y)` */
  ge(other: Tensor | number): Tensor {
    return this.wrap(pointwise(this.graph, 'le', [operandOf('ge', other), this.node]));
  }
  /** Whether x = y (bool), of truth values too. `labels.eq(predicted)` */
  eq(other: Tensor | number): Tensor {
    return this.pointwise('eq', other);
  }
  /** Whether x ≠ y (bool): a NaN differs from all. `tokens.ne(padding)` */
  ne(other: Tensor | number): Tensor {
    return this.pointwise('ne', other);
  }
  /** Whether both hold; both are bool, and broadcast. `isOpen.and(isNear)` */
  and(other: Tensor): Tensor {
    return this.pointwise('and', other);
  }
  /** Whether either holds. `isOpen.or(isNear)` */
  or(other: Tensor): Tensor {
    return this.pointwise('or', other);
  }
  /** One of two truth values, and not both (PyTorch's `logical_xor`). `isOpen.xor(isNear)` */
  xor(this: Tensor, other: Tensor): Tensor {
    return xor(this, other);
  }
  /** Whether this does not hold. `isPadding.not()` */
  not(): Tensor {
    return this.pointwise('not');
  }
  /**
   * Whether a float is NaN (PyTorch's `isnan`), on every target: drivers may take `x ≠ x` to be false.
   * `x.isNaN().where(0, x)`
   */
  isNaN(this: Tensor): Tensor {
    return areNaN(this);
  }
  /** Whether a float is ∞ or -∞ (PyTorch's `isinf`). `x.isInf().any()` */
  isInf(this: Tensor): Tensor {
    return isInf(this);
  }
  /** Whether a float is a number, neither infinite nor NaN (PyTorch's `isfinite`). `x.isFinite().all()` */
  isFinite(this: Tensor): Tensor {
    return areFinite(this);
  }
  /** `a` where this condition holds, else `b`. `x.gt(0).where(x, 0)` */
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
  maskedFill(this: Tensor, mask: Tensor, value: Tensor | number): Tensor {
    return maskedFill(this, mask, value);
  }

  /**
   * To another element type; itself if it is of that type. To integers towards zero, saturating, NaN to 0; to
   * bool by `x ≠ 0`. `labels.eq(2).cast('f32')`
   */
  cast(this: Tensor, dtype: Exclude<Dtype, 'u8'>): Tensor {
    if (dtype === this.dtype) return this;
    return this.wrap(this.graph.build('cast', [this.node], { dtype: dtypeFrom('cast', dtype) }));
  }
}
