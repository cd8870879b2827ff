import { elementCount } from '../../loops/index.ts';
import { dimAt, normalAxis } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.logSoftmax}. */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  const at = normalAxis('logSoftmax', x.shape.length, axis);
  if (elementCount([dimAt(x.shape, at)]) === 0) return x;
  // The maximum drops out of the value, so also of the gradient.
  const shifted = x.sub(x.max(at, { keepDims: true }).detach());
  return shifted.sub(shifted.logSumExp(at, { keepDims: true }));
}
