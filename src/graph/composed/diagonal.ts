import { extentOf } from '../../loops/index.ts';
import { dimAt } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The elements whose indices along two axes of one extent are equal: a movement, each n + 1 elements after the one before.
 *
 * @returns `x` without axis `second`
 */
export function diagonal(x: Tensor, first: number, second: number): Tensor {
  const dim = dimAt(x.shape, first);
  if (typeof dim === 'object') {
    // What is bounded cannot be flattened with itself. Chosen, and not multiplied: a NaN beside it is not seen.
    return x.iotaLike(first).eq(x.iotaLike(second)).where(x, 0).sum(second);
  }
  const flat = x
    .moveAxis([first, second], [-2, -1])
    .reshape([...x.shape.filter((_, k) => k !== first && k !== second), dim * dim]);
  const last = flat.shape.length - 1;
  const steps = flat.shape.map((_, k) => (k === last ? dim + 1 : 1));
  return flat.slice([], flat.shape.map(extentOf), steps).moveAxis(last, first < second ? first : first - 1);
}
