import { requireOption } from '../arguments.ts';
import { pointwise } from '../build.ts';
import { ShapeError } from '../issues.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import { operandOf } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** Powers up to this one are products, whose error is at most 3.5 ulp. */
const MOST_FACTORS = 8;

/** The method {@link Tensor.pow}. */
export function pow(x: Tensor, exponent: Tensor | number): Tensor {
  const given = operandOf('pow', exponent);
  requireDtype('pow', x.dtype, NUMBERS);
  if (x.dtype === 'i32' || x.dtype === 'u32') return integerPower(x, exponent);
  const simple = typeof given === 'number' ? simplePower(x, given) : undefined;
  if (simple !== undefined) return simple;
  return x.wrap(pointwise(x.graph, 'pow', [x.node, given]));
}

/** A power that is made of fewer operations, as PyTorch has it. */
function simplePower(x: Tensor, exponent: number): Tensor | undefined {
  switch (exponent) {
    case 0.5:
      return x.sqrt();
    case -0.5:
      return x.rsqrt();
    case -1:
      return x.reciprocal();
    case -2:
      return x.square().reciprocal();
    default:
      return Number.isInteger(exponent) && exponent >= 0 && exponent <= MOST_FACTORS
        ? product(x, exponent)
        : undefined;
  }
}

function integerPower(x: Tensor, exponent: Tensor | number): Tensor {
  if (typeof exponent !== 'number') {
    const text = `a tensor of ${x.dtype} has powers with a constant exponent: cast it to f32, or give a number`;
    throw new ShapeError('dtype', 'pow', text);
  }
  const holds = Number.isSafeInteger(exponent) && exponent >= 0 && exponent < 2 ** 31;
  requireOption('pow', 'the exponent of integers', exponent, holds, 'a whole number from 0 on');
  return product(x, exponent);
}

/** A product of n factors, by squaring. */
function product(x: Tensor, n: number): Tensor {
  let result: Tensor | undefined;
  let square = x;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = result === undefined ? square : result.mul(square);
    if (left > 1) square = square.square();
  }
  return result ?? x.fullLike(1);
}
