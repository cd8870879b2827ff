import type { Node } from '../graph/index.ts';
import { at, countOf, forEachIndex, type NDArray, offsetOf, stridesOf } from './array.ts';
import { numberAttr, numbersAttr } from './attributes.ts';

/**
 * The value of a movement operation: each element of `shape` is an element of an operand, or a padding value.
 * Undefined where the operation is no movement.
 */
export function moved(node: Node, inputs: readonly NDArray[], shape: readonly number[]): NDArray | undefined {
  const [x] = inputs;
  if (x === undefined) return undefined;
  const strides = stridesOf(x.shape);
  const lead = shape.length - x.shape.length;
  switch (node.op) {
    case 'custom':
    case 'detach':
    case 'training':
    case 'reshape':
      return { shape, dtype: node.dtype, data: x.data };
    case 'permute': {
      const perm = numbersAttr(node, 'perm');
      const order = perm.map((axis) => strides[axis] ?? 0);
      return filled(node, shape, (index) => at(x, offsetOf(index, order)));
    }
    case 'expand': {
      if (x.data.length === 1) {
        return { shape, dtype: node.dtype, data: new Float64Array(countOf(shape)).fill(at(x, 0)) };
      }
      const repeated = shape.map((_, k) => (x.shape[k - lead] === 1 ? 0 : (strides[k - lead] ?? 0)));
      return filled(node, shape, (index) => at(x, offsetOf(index, repeated)));
    }
    case 'slice': {
      const [starts, steps] = [numbersAttr(node, 'starts'), numbersAttr(node, 'steps')];
      const first = offsetOf(starts, strides);
      const apart = strides.map((stride, k) => stride * (steps[k] ?? 1));
      return filled(node, shape, (index) => at(x, first + offsetOf(index, apart)));
    }
    case 'pad': {
      const low = numbersAttr(node, 'low');
      const value = numberAttr(node, 'value');
      return filled(node, shape, (index) => {
        const source = index.map((i, k) => i - (low[k] ?? 0));
        const inside = source.every((i, k) => i >= 0 && i < (x.shape[k] ?? 0));
        return inside ? at(x, offsetOf(source, strides)) : value;
      });
    }
    case 'flip': {
      const axes = numbersAttr(node, 'axes');
      return filled(node, shape, (index) => {
        const source = index.map((i, k) => (axes.includes(k) ? (shape[k] ?? 0) - 1 - i : i));
        return at(x, offsetOf(source, strides));
      });
    }
    case 'concat':
      return joined(node, inputs, shape, numberAttr(node, 'axis'));
    default:
      return undefined;
  }
}

function joined(node: Node, inputs: readonly NDArray[], shape: readonly number[], axis: number): NDArray {
  const data = new Float64Array(countOf(shape));
  const strides = stridesOf(shape);
  let start = 0;
  for (const part of inputs) {
    const first = start * (strides[axis] ?? 0);
    forEachIndex(part.shape, (index, flat) => {
      data[first + offsetOf(index, strides)] = at(part, flat);
    });
    start += part.shape[axis] ?? 0;
  }
  return { shape, dtype: node.dtype, data };
}

function filled(
  node: Node,
  shape: readonly number[],
  element: (index: readonly number[]) => number,
): NDArray {
  const data = new Float64Array(countOf(shape));
  forEachIndex(shape, (index, flat) => {
    data[flat] = element(index);
  });
  return { shape, dtype: node.dtype, data };
}
