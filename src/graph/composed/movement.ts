import { shapeText } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';
import { normalAxes } from '../shape.ts';
import type { Axes } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.squeeze}. */
export function squeeze(x: Tensor, axes?: Axes): Tensor {
  const ones = x.shape.flatMap((dim, k) => (dim === 1 ? [k] : []));
  const gone = axes === undefined ? ones : normalAxes('squeeze', x.shape.length, axes);
  const wrong = gone.find((axis) => !ones.includes(axis));
  if (wrong !== undefined) {
    throw new ShapeError('axis', 'squeeze', `axis ${wrong} of ${shapeText(x.shape)} has not one element`);
  }
  return x.reshape(x.shape.filter((_, k) => !gone.includes(k)));
}
