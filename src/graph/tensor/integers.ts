import type { Dtype } from '../../loops/index.ts';
import { floorDiv, mod } from '../composed/division.ts';
import type { Tensor } from '../tensor.ts';
import { Value } from './value.ts';

/**
 * Whole numbers and their bits, element by element. `add`, `sub`, `mul` and `neg` of integers wrap modulo 2³² (two's
 * complement), on every target; none of these operations has a gradient.
 */
export abstract class Integers<D extends Dtype = Dtype> extends Value<D> {
  /**
   * `floor(x / y)`, Python's `//`. Of integers of any sign: 0 where y is 0 (as NumPy), and the least i32 by -1 wraps to
   * itself. Of floats the floor of what is not rounded (PyTorch's `floor_divide`): `x / y` where y is 0, without a gradient.
   *
   * ```ts
   * index.floorDiv(width); // the row of a pixel: -7 // 2 is -4
   * ```
   */
  floorDiv(this: Tensor<D>, other: Tensor | number): Tensor<D> {
    return this.like(floorDiv(this, other));
  }
  /**
   * `x - floor(x / y) · y`, Python's `%`: it has the sign of y. Of integers of any sign: 0 where y is 0. Of floats exact before it is
   * brought to that sign (PyTorch's `remainder`), NaN where y is 0 or x infinite; the gradient in y is `-floor(x / y)`.
   *
   * ```ts
   * index.mod(width); // the column of a pixel: -7 % 2 is 1
   * ```
   */
  mod(this: Tensor<D>, other: Tensor | number): Tensor<D> {
    return this.like(mod(this, other));
  }
  /** Bits that both integers have; of truth values, {@link Tensor.and}: `hash.bitAnd(0xff)`. */
  bitAnd(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, this.dtype === 'bool' ? 'and' : 'bitAnd', other);
  }
  /** Bits that either integer has; of truth values, {@link Tensor.or}: `high.shiftLeft(16).bitOr(low)`. */
  bitOr(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, this.dtype === 'bool' ? 'or' : 'bitOr', other);
  }
  /** Bits that one of two integers has, and not both; of truth values, {@link Tensor.xor}: `gray = x.bitXor(x.shiftRight(1))`. */
  bitXor(other: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, this.dtype === 'bool' ? 'ne' : 'bitXor', other);
  }
  /** The bits that are not set in an integer, `-x - 1` of an i32; of truth values, {@link Tensor.not}: `mask.bitNot()`. */
  bitNot(): Tensor<D> {
    return this.pointwise(this.dtype, this.dtype === 'bool' ? 'not' : 'bitNot');
  }
  /**
   * Bits moved up by `places`, zeros behind them: `x · 2ⁿ`, which wraps. 0 where `places` is not from 0 to 31.
   *
   * ```ts
   * one.shiftLeft(4); // 16
   * ```
   */
  shiftLeft(places: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'shiftLeft', places);
  }
  /**
   * Bits moved down by `places`, `floor(x / 2ⁿ)`: an i32 keeps its sign (arithmetic), before a u32 come zeros (logical).
   * Where `places` is not from 0 to 31 nothing is left of it, except the sign: 0, or -1 of a negative i32.
   *
   * ```ts
   * bits.shiftRight(8); // the upper 24 of 32
   * ```
   */
  shiftRight(places: Tensor | number): Tensor<D> {
    return this.pointwise(this.dtype, 'shiftRight', places);
  }
}
