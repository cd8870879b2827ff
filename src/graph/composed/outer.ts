import { shapeText } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';
import { requireTensor } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.outer}. */
export function outer(a: Tensor, b: Tensor): Tensor {
  requireTensor('outer', b);
  if (a.shape.length !== 1 || b.shape.length !== 1) {
    const text = `takes two vectors, not the shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}`;
    throw new ShapeError('rank', 'outer', text);
  }
  return a.contract(b, {});
}
