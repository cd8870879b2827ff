import type { Tensor } from '../../../graph/index.ts';

/** A vector over the channels, axis 1, of an operand with so many axes of space; or one number for all. */
export function perChannel(vector: Tensor, space: number): Tensor {
  return space === 0 || vector.shape.length === 0
    ? vector
    : vector.reshape([...vector.shape, ...Array.from({ length: space }, () => 1)]);
}

/** A vector over the outputs, axis 0, of weights with so many axes; or one number for all. */
export function perOutput(vector: Tensor, axes: number): Tensor {
  return perChannel(vector, axes - 1);
}
