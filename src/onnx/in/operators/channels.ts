import type { Tensor } from '../../../graph/index.ts';

/** A vector over the channels, axis 1, of an operand with so many axes of space. */
export function perChannel(vector: Tensor, space: number): Tensor {
  return space === 0 ? vector : vector.reshape([...vector.shape, ...Array.from({ length: space }, () => 1)]);
}
