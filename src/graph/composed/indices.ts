import { type Dim, elementCount, extentOf, sameDim, shapeText } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';
import { NUMBERS, requireDtype, requireSameDtype } from '../ops/definition.ts';
import { requireIndicesBelow } from '../ops/knownIndices.ts';
import { dimAt, normalAxis, sameShape, toDim } from '../shape.ts';
import { requireTensor } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.takeAlongAxis}. */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  requireTensor('takeAlongAxis', indices);
  const at = normalAxis('takeAlongAxis', x.shape.length, axis);
  const rows = x.transpose(at, -1).expandDims(-2);
  const chosen = indices.transpose(at, -1);
  const shape = [...chosen.shape, dimAt(x.shape, at)];
  return rows.broadcastTo(shape).pick(chosen).transpose(at, -1);
}

/** The method {@link Tensor.oneHot}. */
export function oneHot(indices: Tensor, n: number): Tensor {
  toDim('oneHot', n);
  requireDtype('oneHot', indices.dtype, ['i32']);
  return indices
    .iota([...indices.shape, n], indices.shape.length)
    .eq(indices.expandDims(-1))
    .cast('f32');
}

/** The method {@link Tensor.indexAdd}. */
export function indexAdd(x: Tensor, axis: number, indices: Tensor, source: Tensor): Tensor {
  const op = 'indexAdd';
  const at = requireAdded(op, x, axis, indices, source);
  const [count, ...more] = indices.shape;
  if (count === undefined || more.length > 0)
    throw new ShapeError('rank', op, `indices must be a list [k], not the shape ${shapeText(indices.shape)}`);
  const wanted = x.shape.with(at, count);
  if (!sameShape(source.shape, wanted)) {
    const text = `${shapeText(indices.shape)} indices along axis ${at} of ${shapeText(x.shape)} need a source of shape ${shapeText(wanted)}, not ${shapeText(source.shape)}`;
    throw new ShapeError('shape-mismatch', op, text);
  }
  const sums = source.moveAxis(at, 0).segmentSum(indices, dimAt(x.shape, at));
  return x.add(sums.moveAxis(0, at));
}

/**
 * As sums by segment: the number of an element's segment is that of the element of `x` that it is added to, and so the
 * cost is that of the elements, whatever the extents.
 */
export function scatterAdd(x: Tensor, axis: number, indices: Tensor, source: Tensor): Tensor {
  const op = 'scatterAdd';
  const at = requireAdded(op, x, axis, indices, source);
  requireWithin(op, x, at, indices, source);
  if (elementCount(indices.shape) === 0) return x;
  const part = source.slice([], indices.shape.map(extentOf));
  // What is bounded comes first, so that all axes flatten to one.
  const bounded = x.shape.findIndex((dim) => typeof dim === 'object');
  const order = [...(bounded < 0 ? [] : [bounded]), ...x.shape.flatMap((_, k) => (k === bounded ? [] : [k]))];
  const target = x.permute(order);
  const [into, from] = [indices.permute(order), part.permute(order)];
  const places = order.map((own, k) => {
    // A lookup in the numbers of an axis is its own index: checked, or the nearest there is, as any lookup.
    const place = own === at ? into.iota([dimAt(target.shape, k)], 0).take(into) : into.iotaLike(k);
    return place.mul(elementCount(target.shape.slice(k + 1)));
  });
  const number = places.reduce((sum, place) => sum.add(place));
  const flat = target.flatten();
  const sums = from.flatten().segmentSum(number.flatten(), dimAt(flat.shape, 0));
  return flat
    .add(sums)
    .reshape(target.shape)
    .permute(x.shape.map((_, k) => order.indexOf(k)));
}

/** What both have in common. @returns the axis, from 0 on */
function requireAdded(op: string, x: Tensor, axis: number, indices: Tensor, source: Tensor): number {
  for (const operand of [indices, source]) requireTensor(op, operand);
  requireDtype(op, x.dtype, NUMBERS);
  requireSameDtype(op, [x, source]);
  if (indices.dtype !== 'i32')
    throw new ShapeError('dtype', op, `indices of type ${indices.dtype}; takes i32: cast them first`);
  const at = normalAxis(op, x.shape.length, axis);
  if (dimAt(x.shape, at) === 0 && elementCount(indices.shape) > 0) {
    throw new ShapeError('empty', op, `${shapeText(x.shape)} has nothing along axis ${at} to add to`);
  }
  requireIndicesBelow(op, indices.node, x.shape, at);
  return at;
}

/** @throws ShapeError where indices and source do not lie within the tensor along the other axes */
function requireWithin(op: string, x: Tensor, at: number, indices: Tensor, source: Tensor): void {
  const [own, ofIndices, ofSource] = [x, indices, source].map(({ shape }) => shapeText(shape));
  const rank = x.shape.length;
  if (indices.shape.length !== rank || source.shape.length !== rank) {
    const text = `${own}, indices ${ofIndices} and source ${ofSource} must have as many axes`;
    throw new ShapeError('rank', op, text);
  }
  for (const [k, dim] of indices.shape.entries()) {
    if (!fits(dim, dimAt(source.shape, k))) {
      const text = `indices ${ofIndices} do not lie within the source ${ofSource} (axis ${k})`;
      throw new ShapeError('shape-mismatch', op, text);
    }
    if (k === at || fits(dim, dimAt(x.shape, k))) continue;
    const text = `indices ${ofIndices} do not lie within ${own} (axis ${k})`;
    throw new ShapeError('shape-mismatch', op, text);
  }
}

/** No longer than another: a bounded one only if it is the same. */
function fits(dim: Dim, within: Dim): boolean {
  if (typeof dim === 'number' && typeof within === 'number') return dim <= within;
  return sameDim(dim, within);
}
