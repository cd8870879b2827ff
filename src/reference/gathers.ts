import type { Node } from '../graph/index.ts';
import { type Dim, extentOf } from '../loops/size.ts';
import { at, countOf, forEachIndex, type Live, liveOf, type NDArray, offsetOf, stridesOf } from './array.ts';
import { type Precision, rounding } from './precision.ts';
import { wrap } from './scalars.ts';

/** Rows of the first operand by the indices of the second: `take(x, indices)[..., j] = x[indices[...], j]`. */
export function taken(
  node: Node,
  [x, indices]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
): NDArray {
  const rows = node.inputs[0]?.shape[0];
  if (x === undefined || indices === undefined || rows === undefined)
    throw new TypeError('take: two operands');
  const width = countOf(x.shape.slice(1));
  const data = new Float64Array(countOf(shape));
  for (let k = 0; k < data.length; k++) {
    const row = nearest(at(indices, Math.floor(k / width)), rows, live);
    data[k] = at(x, row * width + (k % width));
  }
  return { shape, dtype: node.dtype, data };
}

/** One element of each row by the indices of the second operand: `pick(x, indices)[...] = x[..., indices[...]]`. */
export function picked(
  node: Node,
  [x, indices]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
): NDArray {
  const last = node.inputs[0]?.shape.at(-1);
  if (x === undefined || indices === undefined || last === undefined)
    throw new TypeError('pick: two operands');
  const width = extentOf(last);
  const data = new Float64Array(countOf(shape));
  for (let k = 0; k < data.length; k++) data[k] = at(x, k * width + nearest(at(indices, k), last, live));
  return { shape, dtype: node.dtype, data };
}

/** The elements of the second operand along the last axis, by the numbers in the third: 0 where there is none. */
export function placed([, x, order]: readonly NDArray[], shape: readonly number[]): NDArray {
  if (x === undefined || order === undefined) throw new TypeError('rearrange: four operands');
  const [count, width] = [shape.at(-1) ?? 1, x.shape.at(-1) ?? 1];
  const data = Float64Array.from(order.data, (number, k) =>
    number >= 0 && number < width ? at(x, Math.floor(k / count) * width + number) : 0,
  );
  return { shape, dtype: x.dtype, data };
}

/** The elements of the second operand along an axis, at the indices in the third. */
export function takenAlong(
  node: Node,
  axis: number,
  [, x, indices]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
): NDArray {
  const dim = node.inputs[1]?.shape[axis];
  if (x === undefined || indices === undefined || dim === undefined)
    throw new TypeError('takeAlong: three operands');
  const strides = stridesOf(x.shape);
  const data = new Float64Array(countOf(shape));
  forEachIndex(shape, (index, flat) => {
    data[flat] = at(x, offsetOf(index.with(axis, nearest(at(indices, flat), dim, live)), strides));
  });
  return { shape, dtype: node.dtype, data };
}

/**
 * Rows of the first operand summed by the indices of the second, in the order of their places:
 * `segmentSum(x, indices)[indices[...], j] += x[..., j]`; or the largest of them.
 */
export function segmentSums(
  node: Node,
  [x, indices]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
  precision: Precision,
): NDArray {
  const [rows, places] = [node.shape[0], node.inputs[1]?.shape];
  if (x === undefined || indices === undefined || rows === undefined || places === undefined)
    throw new TypeError('segmentSum: two operands');
  const round = node.dtype === 'f32' ? rounding(precision) : (sum: number) => wrap(sum, node.dtype);
  const alive = places.map((dim) => liveOf(dim, live));
  const width = countOf(shape.slice(1));
  const isMax = node.op === 'segmentMax';
  const data = new Float64Array(countOf(shape)).fill(isMax ? -(2 ** 31) : 0);
  forEachIndex(indices.shape, (index, place) => {
    if (index.some((i, k) => i >= (alive[k] ?? 0))) return;
    const row = nearest(at(indices, place), rows, live);
    for (let j = 0; j < width; j++) {
      const [before, term] = [data[row * width + j] ?? 0, at(x, place * width + j)];
      data[row * width + j] = isMax ? Math.max(before, term) : round(before + term);
    }
  });
  return { shape, dtype: node.dtype, data };
}

/** An index as gathers read it: the nearest that there is. */
function nearest(index: number, dim: Dim, live: Live): number {
  return Math.max(0, Math.min(index, liveOf(dim, live) - 1));
}
