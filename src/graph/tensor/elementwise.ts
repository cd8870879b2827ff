import type { Dtype } from '../../loops/index.ts';
import { dtypeFrom } from '../attributes.ts';
import { choice, filled, pointwise } from '../build.ts';
import { clamp } from '../composed/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { operandOf, Value } from './value.ts';

/** Element by element: arithmetic, functions, comparison and logic. */
export abstract class Elementwise extends Value {
  // Arithmetic

  add(other: Tensor | number): Tensor {
    return this.pointwise('add', other);
  }
  sub(other: Tensor | number): Tensor {
    return this.pointwise('sub', other);
  }
  mul(other: Tensor | number): Tensor {
    return this.pointwise('mul', other);
  }
  /** Quotient of floats. */
  div(other: Tensor | number): Tensor {
    return this.pointwise('div', other);
  }
  /** The smaller of two, element by element; see {@link Tensor.min} for the smallest along axes. */
  minimum(other: Tensor | number): Tensor {
    return this.pointwise('min', other);
  }
  /** The larger of two, element by element; see {@link Tensor.max} for the largest along axes. */
  maximum(other: Tensor | number): Tensor {
    return this.pointwise('max', other);
  }
  neg(): Tensor {
    return this.pointwise('neg');
  }
  abs(): Tensor {
    return this.pointwise('abs');
  }
  sign(): Tensor {
    return this.pointwise('sign');
  }
  square(this: Tensor): Tensor {
    return this.mul(this);
  }
  sqrt(): Tensor {
    return this.pointwise('sqrt');
  }
  rsqrt(): Tensor {
    return this.sqrt().reciprocal();
  }
  reciprocal(): Tensor {
    const one = filled(this.graph, 1, this.dtype, this.shape);
    return this.wrap(pointwise(this.graph, 'div', [one, this.node]));
  }
  exp(): Tensor {
    return this.pointwise('exp');
  }
  log(): Tensor {
    return this.pointwise('log');
  }
  /** `log(1 + x)`, to the last digits near 0 too; -∞ at -1, NaN below. */
  log1p(): Tensor {
    return this.pointwise('log1p');
  }
  /** `exp(x) - 1`, to the last digits near 0 too. */
  expm1(): Tensor {
    return this.pointwise('expm1');
  }
  tanh(): Tensor {
    return this.pointwise('tanh');
  }
  sigmoid(): Tensor {
    return this.pointwise('sigmoid');
  }
  erf(): Tensor {
    return this.pointwise('erf');
  }
  relu(): Tensor {
    return this.pointwise('relu');
  }
  floor(): Tensor {
    return this.pointwise('floor');
  }
  ceil(): Tensor {
    return this.pointwise('ceil');
  }
  trunc(): Tensor {
    return this.pointwise('trunc');
  }
  /** To the nearest integer, halves to even. */
  round(): Tensor {
    return this.pointwise('round');
  }
  /**
   * Cut to a range; the gradient passes where the value was not cut, bounds included. A NaN stays.
   *
   * @throws GraphError where a bound is NaN, or the lower one is above the upper one
   */
  clamp(this: Tensor, min: number, max: number): Tensor {
    return clamp(this, min, max);
  }

  // Comparison and logic

  lt(other: Tensor | number): Tensor {
    return this.pointwise('lt', other);
  }
  le(other: Tensor | number): Tensor {
    return this.pointwise('le', other);
  }
  gt(other: Tensor | number): Tensor {
    return this.wrap(pointwise(this.graph, 'lt', [operandOf('gt', other), this.node]));
  }
  ge(other: Tensor | number): Tensor {
    return this.wrap(pointwise(this.graph, 'le', [operandOf('ge', other), this.node]));
  }
  eq(other: Tensor | number): Tensor {
    return this.pointwise('eq', other);
  }
  ne(other: Tensor | number): Tensor {
    return this.pointwise('ne', other);
  }
  and(other: Tensor): Tensor {
    return this.pointwise('and', other);
  }
  or(other: Tensor): Tensor {
    return this.pointwise('or', other);
  }
  not(): Tensor {
    return this.pointwise('not');
  }
  /** `a` where this condition holds, else `b`. */
  where(a: Tensor | number, b: Tensor | number): Tensor {
    return this.wrap(choice(this.graph, this.node, operandOf('where', a), operandOf('where', b)));
  }

  /**
   * To another element type; itself if it is of that type. To integers towards zero, saturating, NaN to 0; to
   * bool by `x ≠ 0`.
   */
  cast(this: Tensor, dtype: Exclude<Dtype, 'u8'>): Tensor {
    if (dtype === this.dtype) return this;
    return this.wrap(this.graph.build('cast', [this.node], { dtype: dtypeFrom('cast', dtype) }));
  }
}
