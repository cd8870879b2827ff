import { requireOption } from '../arguments.ts';
import { operandOf } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.clamp}. */
export function clamp(x: Tensor, min: number, max: number): Tensor {
  for (const [name, bound] of Object.entries({ min, max })) {
    operandOf('clamp', bound);
    requireOption('clamp', name, bound, !Number.isNaN(bound), 'a number other than NaN');
  }
  requireOption('clamp', 'min', min, min <= max, `at most max, which is ${max}`);
  return x.lt(min).where(min, x.gt(max).where(max, x));
}
