import type { Node } from '../graph/index.ts';
import { at, countOf, forEachIndex, type NDArray, stridesOf } from './array.ts';
import { numberAttr, numbersAttr } from './attributes.ts';
import { type Precision, rounding } from './precision.ts';
import { wrap } from './scalars.ts';

/**
 * The value of an operation on sliding windows: windows of an array, or the sum of windows at their places, in the
 * order of positions. Undefined where the operation is another one.
 */
export function slid(
  node: Node,
  [x]: readonly NDArray[],
  shape: readonly number[],
  precision: Precision,
): NDArray | undefined {
  if (x === undefined) return undefined;
  switch (node.op) {
    case 'windows': {
      const data = new Float64Array(countOf(shape)).fill(numberAttr(node, 'value'));
      forEachMeeting(node, shape, x.shape, (flat, offset) => {
        data[flat] = at(x, offset);
      });
      return { shape, dtype: node.dtype, data };
    }
    case 'placeWindows':
    case 'foldWindows': {
      const round = node.dtype === 'f32' ? rounding(precision) : (sum: number) => wrap(sum, node.dtype);
      const data = new Float64Array(countOf(shape));
      forEachMeeting(node, x.shape, shape, (flat, offset) => {
        data[offset] = round((data[offset] ?? 0) + at(x, flat));
      });
      return { shape, dtype: node.dtype, data };
    }
    default:
      return undefined;
  }
}

/**
 * Calls back for every element of all windows that lies on an element of the array that they slide over: with the
 * place of the one and of the other.
 *
 * @param windowed `[..., positions, ..., ...window]`
 * @param flat `[..., extents, ...]`
 */
function forEachMeeting(
  node: Node,
  windowed: readonly number[],
  flat: readonly number[],
  visit: (windowed: number, flat: number) => void,
): void {
  const axes = numbersAttr(node, 'axes');
  const [stride, dilation, low] = [
    numbersAttr(node, 'stride'),
    numbersAttr(node, 'dilation'),
    numbersAttr(node, 'low'),
  ];
  const strides = stridesOf(flat);
  forEachIndex(windowed, (index, place) => {
    let offset = 0;
    for (const [d, extent] of flat.entries()) {
      const n = axes.indexOf(d);
      const own = index[d] ?? 0;
      const element =
        n < 0
          ? own
          : own * (stride[n] ?? 1) + (index[flat.length + n] ?? 0) * (dilation[n] ?? 1) - (low[n] ?? 0);
      if (element < 0 || element >= extent) return;
      offset += element * (strides[d] ?? 0);
    }
    visit(place, offset);
  });
}
