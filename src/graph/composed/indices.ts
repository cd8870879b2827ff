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
  const value = rows.broadcastTo(shape).pick(chosen).transpose(at, -1);
  if (x.dtype !== 'f32' || !isWide(x, at, indices)) return value;
  return x.wrap(x.graph.build('takeAlong', [value.node, x.node, indices.node], { axis: at }));
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
  requireRows(op, x, at, indices, source);
  const sums = source.moveAxis(at, 0).segmentSum(indices, dimAt(x.shape, at));
  return x.add(sums.moveAxis(0, at));
}

/** @throws ShapeError where indices are not a list, or the source has not an element along the axis for each */
export function requireRows(op: string, x: Tensor, at: number, indices: Tensor, source: Tensor): void {
  const [count, ...more] = indices.shape;
  if (count === undefined || more.length > 0)
    throw new ShapeError('rank', op, `indices must be a list [k], not the shape ${shapeText(indices.shape)}`);
  const wanted = x.shape.with(at, count);
  if (!sameShape(source.shape, wanted)) {
    const text = `${shapeText(indices.shape)} indices along axis ${at} of ${shapeText(x.shape)} need a source of shape ${shapeText(wanted)}, not ${shapeText(source.shape)}`;
    throw new ShapeError('shape-mismatch', op, text);
  }
}

/** The method {@link Tensor.scatterAdd}. */
export function scatterAdd(x: Tensor, axis: number, indices: Tensor, source: Tensor): Tensor {
  const op = 'scatterAdd';
  const at = requireAdded(op, x, axis, indices, source);
  requireWithin(op, x, at, indices, source);
  if (elementCount(indices.shape) === 0) return x;
  const part = partOf(source, indices);
  if (isWide(x, at, indices)) return x.add(bySegments(x, at, indices, part, 'segmentSum'));
  return x.add(
    grownTo(
      reducedByPlace(x, at, indices, part, 0, (all, k) => all.sum(k)),
      x,
      0,
    ),
  );
}

/** The part of a source that indices are for. */
export function partOf(source: Tensor, indices: Tensor): Tensor {
  return source.slice([], indices.shape.map(extentOf));
}

/** Indices along an axis of a tensor as they are read: checked, or the nearest there is, as those of any lookup. */
export function placesIn(x: Tensor, at: number, indices: Tensor): Tensor {
  return indices.iota([dimAt(x.shape, at)], 0).take(indices);
}

/**
 * Above so many elements along an axis, of so many that are written, lists are made of who writes where, which cost
 * elements and places; below, each element looks at all that are written in its row. By the model of time a GPU, on which
 * one workgroup makes the lists, gains by them above 10,000 elements, and WebAssembly above 16: 256 is between.
 */
const [WIDE, MANY] = [256, 16];

/** Whether lists are made of what is written, or read, at indices along an axis. */
export function isWide(x: Tensor, at: number, indices: Tensor): boolean {
  return extentOf(dimAt(x.shape, at)) > WIDE && extentOf(dimAt(indices.shape, at)) > MANY;
}

/**
 * Of each element along an axis the reduction of what is written to it, each looking at all of its row.
 *
 * @param part   what is written, of the shape of `indices`
 * @param none   what changes no reduction
 * @param reduce along an axis
 * @returns the shape of `indices`, but along the axis that of `x`
 */
export function reducedByPlace(
  x: Tensor,
  at: number,
  indices: Tensor,
  part: Tensor,
  none: number,
  reduce: (all: Tensor, axis: number) => Tensor,
): Tensor {
  const shape = indices.shape.toSpliced(at, 0, dimAt(x.shape, at));
  const spread = (y: Tensor): Tensor => y.expandDims(at).broadcastTo(shape);
  const isWritten = spread(placesIn(x, at, indices)).eq(x.iota(shape, at));
  return reduce(isWritten.where(spread(part), none), at + 1);
}

/** More elements of a value behind those along other axes, up to the shape of another tensor. */
export function grownTo(part: Tensor, { shape }: Tensor, value: number): Tensor {
  const more = shape.map((dim, k) => extentOf(dim) - extentOf(dimAt(part.shape, k)));
  return part.pad(
    shape.map(() => 0),
    more,
    value,
  );
}

/**
 * The same by segments of the flattened tensor: the number of an element's segment is that of the element of `x` that it is
 * written to. Of the shape of `x`.
 */
export function bySegments(
  x: Tensor,
  at: number,
  indices: Tensor,
  part: Tensor,
  op: 'segmentSum' | 'segmentMax',
): Tensor {
  // What is bounded comes first, so that all axes flatten to one.
  const bounded = x.shape.findIndex((dim) => typeof dim === 'object');
  const order = [...(bounded < 0 ? [] : [bounded]), ...x.shape.flatMap((_, k) => (k === bounded ? [] : [k]))];
  const target = x.permute(order);
  const [into, from] = [placesIn(x, at, indices).permute(order), part.permute(order)];
  const places = order.map((own, k) => {
    const place = own === at ? into : into.iotaLike(k);
    return place.mul(elementCount(target.shape.slice(k + 1)));
  });
  const number = places.reduce((sum, place) => sum.add(place)).flatten();
  const rows = [dimAt(target.flatten().shape, 0)];
  const reduced = x.graph.build(op, [from.flatten().node, number.node], { rows });
  return x
    .wrap(reduced)
    .reshape(target.shape)
    .permute(x.shape.map((_, k) => order.indexOf(k)));
}

/** What all that add have in common. @returns the axis, from 0 on */
function requireAdded(op: string, x: Tensor, axis: number, indices: Tensor, source: Tensor): number {
  requireDtype(op, x.dtype, NUMBERS);
  return requireWritten(op, x, axis, indices, source);
}

/** What all that write at indices have in common. @returns the axis, from 0 on */
export function requireWritten(op: string, x: Tensor, axis: number, indices: Tensor, source: Tensor): number {
  for (const operand of [indices, source]) requireTensor(op, operand);
  requireSameDtype(op, [x, source]);
  if (indices.dtype !== 'i32')
    throw new ShapeError('dtype', op, `indices of type ${indices.dtype}; takes i32: cast them first`);
  const at = normalAxis(op, x.shape.length, axis);
  if (dimAt(x.shape, at) === 0 && elementCount(indices.shape) > 0) {
    throw new ShapeError('empty', op, `${shapeText(x.shape)} has nothing along axis ${at} to write to`);
  }
  requireIndicesBelow(op, indices.node, x.shape, at);
  return at;
}

/** @throws ShapeError where indices and source do not lie within the tensor along the other axes */
export function requireWithin(op: string, x: Tensor, at: number, indices: Tensor, source: Tensor): void {
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
