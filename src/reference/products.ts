import type { Node } from '../graph/index.ts';
import { extentOf } from '../loops/size.ts';
import { at, countOf, forEachIndex, type Live, liveOf, type NDArray, offsetOf, stridesOf } from './array.ts';
import { numbersAttr } from './attributes.ts';
import type { Precision } from './precision.ts';
import { wrap } from './scalars.ts';

/**
 * A contraction: both operands are laid out as matrices, `[batch, rows, depth]` by `[batch, depth, rows]`, and multiplied,
 * summed over the live elements of the depth in order.
 */
export function contraction(
  node: Node,
  [a, b]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
  precision: Precision,
): NDArray {
  const [typeA, typeB] = node.inputs;
  if (a === undefined || b === undefined || typeA === undefined || typeB === undefined)
    throw new TypeError('contract: two operands');
  const [batchA, batchB] = [numbersAttr(node, 'batchA'), numbersAttr(node, 'batchB')];
  const [overA, overB] = [numbersAttr(node, 'overA'), numbersAttr(node, 'overB')];
  const rowsOf = (type: Node, paired: readonly number[]): number[] =>
    type.shape.flatMap((_, d) => (paired.includes(d) ? [] : [d]));
  const [rowsA, rowsB] = [rowsOf(typeA, [...batchA, ...overA]), rowsOf(typeB, [...batchB, ...overB])];
  const depths = overA.map((d) => liveOf(typeA.shape[d] ?? 1, live));
  const extents = (type: Node, dims: readonly number[]): number[] =>
    dims.map((d) => extentOf(type.shape[d] ?? 1));
  const [sizes, heights, widths] = [extents(typeA, batchA), extents(typeA, rowsA), extents(typeB, rowsB)];
  const left = laidOut(a, [...batchA, ...rowsA, ...overA], [...sizes, ...heights, ...depths]);
  const right = laidOut(b, [...batchB, ...overB, ...rowsB], [...sizes, ...depths, ...widths]);
  const [m, n, depth] = [countOf(heights), countOf(widths), countOf(depths)];
  const data = new Float64Array(countOf(shape));
  // What is stored is rounded: an array of the precision is the rounding.
  const sums = precision === 'f32' && node.dtype === 'f32' ? new Float32Array(n) : new Float64Array(n);
  const isExact = sums instanceof Float64Array && node.dtype === 'f32';
  for (let batch = 0; batch < countOf(sizes); batch++) {
    for (let i = 0; i < m; i++) {
      sums.fill(0);
      const column = (batch * m + i) * depth;
      let k = 0;
      if (isExact)
        for (; k + 4 <= depth; k += 4) addFour(sums, left, column + k, right, (batch * depth + k) * n);
      for (; k < depth; k++) {
        const x = left[column + k] ?? 0;
        const line = (batch * depth + k) * n;
        if (node.dtype === 'f32') {
          for (let j = 0; j < n; j++) sums[j] = (sums[j] ?? 0) + x * (right[line + j] ?? 0);
        } else {
          for (let j = 0; j < n; j++) {
            sums[j] = wrap((sums[j] ?? 0) + Math.imul(x, right[line + j] ?? 0), node.dtype);
          }
        }
      }
      data.set(sums, (batch * m + i) * n);
    }
  }
  return { shape, dtype: node.dtype, data };
}

/** Four terms of each sum, in order: one load and store of the sum for four products takes less than half of the time. */
function addFour(
  sums: Float64Array,
  left: Float64Array,
  first: number,
  right: Float64Array,
  line: number,
): void {
  const n = sums.length;
  const [x, y, z, w] = [left[first] ?? 0, left[first + 1] ?? 0, left[first + 2] ?? 0, left[first + 3] ?? 0];
  for (let j = 0, at = line; j < n; j++, at++) {
    sums[j] =
      (sums[j] ?? 0) +
      x * (right[at] ?? 0) +
      y * (right[at + n] ?? 0) +
      z * (right[at + 2 * n] ?? 0) +
      w * (right[at + 3 * n] ?? 0);
  }
}

/** The first elements along each of some dimensions, in their order. */
function laidOut(array: NDArray, dims: readonly number[], extents: readonly number[]): Float64Array {
  if (dims.every((d, k) => d === k && array.shape[d] === extents[k])) return array.data;
  const own = stridesOf(array.shape);
  const strides = dims.map((d) => own[d] ?? 0);
  const data = new Float64Array(countOf(extents));
  forEachIndex(extents, (index, flat) => {
    data[flat] = at(array, offsetOf(index, strides));
  });
  return data;
}

/**
 * `e^(x - top) / Σ e^(x - top)` along an axis, over its live elements, with `top` the largest of them: the
 * second operand of a `softmax` node; the first, which is the same written in primitives, is not looked at.
 */
export function softmax(
  shape: readonly number[],
  axis: number,
  count: number,
  x: NDArray,
  round: (x: number) => number,
): NDArray {
  let stride = 1;
  for (const extent of shape.slice(axis + 1)) stride *= extent;
  const extent = shape[axis] ?? 1;
  const data = new Float64Array(countOf(shape));
  for (let first = 0; first < data.length; first++) {
    if (Math.floor(first / stride) % extent !== 0) continue;
    let top = -Infinity;
    for (let k = 0; k < count; k++) top = Math.max(top, at(x, first + k * stride));
    let sum = 0;
    for (let k = 0; k < extent; k++) {
      const value = round(Math.exp(round(at(x, first + k * stride) - top)));
      data[first + k * stride] = value;
      if (k < count) sum = round(sum + value);
    }
    for (let k = 0; k < extent; k++) data[first + k * stride] = (data[first + k * stride] ?? 0) / sum;
  }
  return { shape, dtype: x.dtype, data };
}
