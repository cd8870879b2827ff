import { requireOptions } from '../graph/arguments.ts';
import { full, ShapeError, type Tensor } from '../graph/index.ts';
import { requireDtype } from '../graph/ops/definition.ts';
import { dimAt, sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import { channelsFirst, inLayout, type Layout, type PerAxis, perAxis, spaceOf } from './space.ts';

/**
 * The way back of a pooling: elements at the places that it names, zeros elsewhere (PyTorch's `max_unpool2d`). Of
 * several at one place the last stays. Of u8 the result is f32.
 *
 * ```ts
 * const { output, indices } = nn.maxPool2d(x, 2, { indices: true });
 * nn.maxUnpool2d(output, indices, [28, 28]);
 * ```
 *
 * @param x       `[batch, channels, height, width]`, or the channels last
 * @param indices of the same shape, i32: numbers within the space of the result, row-major
 * @param size    of the result's space, for each axis or for both
 * @throws ShapeError where shapes do not fit, GraphError where an option is unknown or out of range
 */
export function maxUnpool2d<D extends Dtype>(
  x: Tensor<D>,
  indices: Tensor,
  size: PerAxis,
  options: { readonly layout?: Layout } = {},
): Tensor<D extends 'u8' ? 'f32' : D> {
  const op = 'maxUnpool2d';
  requireOptions(op, options, ['layout']);
  const space = spaceOf(op, x, options.layout, 2);
  requireTensor(op, indices);
  requireDtype(op, indices.dtype, ['i32']);
  const sizes = perAxis(op, 'size', size, 2, 1);
  if (!sameShape(x.shape, indices.shape)) {
    const text = `indices ${shapeText(indices.shape)} must be as many as the elements of ${shapeText(x.shape)}`;
    throw new ShapeError('shape-mismatch', op, text);
  }
  const [values, places] = [x, indices].map((y) => channelsFirst(y, space).flatten(2));
  if (values === undefined || places === undefined) throw new RangeError('two operands');
  const count = sizes.reduce((n, extent) => n * extent, 1);
  const [batch, channels] = [dimAt(values.shape, 0), space.channels];
  const source = x.dtype === 'u8' ? values.cast('f32') : values;
  const plane = full(x, [batch, channels, count], 0, x.dtype === 'u8' ? 'f32' : x.dtype);
  const result = plane.scatter(2, places, source).reshape([batch, channels, ...sizes]);
  return inLayout(result, space);
}
