import type { Node } from '../graph/index.ts';
import { extentOf } from '../loops/size.ts';
import { at, countOf, type Live, liveOf, type NDArray } from './array.ts';
import type { Precision } from './precision.ts';
import { wrap } from './scalars.ts';

/** The product of matrices `[..., m, k] · [..., k, n]`, summed over the live elements of `k`, in order. */
export function product(
  node: Node,
  [a, b]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
  precision: Precision,
): NDArray {
  const inner = node.inputs[0]?.shape.at(-1);
  if (a === undefined || b === undefined || inner === undefined) throw new TypeError('matmul: two operands');
  const [m, n, stride] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0, extentOf(inner)];
  const depth = liveOf(inner, live);
  const data = new Float64Array(countOf(shape));
  const { data: factors } = b;
  // What is stored is rounded: an array of the precision is the rounding.
  const sums = precision === 'f32' && node.dtype === 'f32' ? new Float32Array(n) : new Float64Array(n);
  for (let batch = 0; batch < countOf(shape.slice(0, -2)); batch++) {
    for (let i = 0; i < m; i++) {
      sums.fill(0);
      for (let k = 0; k < depth; k++) {
        const x = at(a, (batch * m + i) * stride + k);
        const line = (batch * stride + k) * n;
        if (node.dtype === 'f32') {
          for (let j = 0; j < n; j++) sums[j] = (sums[j] ?? 0) + x * (factors[line + j] ?? 0);
        } else {
          for (let j = 0; j < n; j++) {
            sums[j] = wrap((sums[j] ?? 0) + Math.imul(x, at(b, line + j)), node.dtype);
          }
        }
      }
      data.set(sums, (batch * m + i) * n);
    }
  }
  return { shape, dtype: node.dtype, data };
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
