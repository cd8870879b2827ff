import type { Node } from '../graph/index.ts';
import { countOf, forEachIndex, type Live, liveOf, type NDArray, stridesOf } from './array.ts';
import { numbersAttr } from './attributes.ts';
import type { Precision } from './precision.ts';
import { wrap } from './scalars.ts';

/**
 * `x [batch, groups, in, ...space]` by `w [groups, out, in, ...window]`: for each output the products of the window's
 * elements with what they meet, summed over the live features and the window, in order.
 */
export function convolved(
  node: Node,
  [x, w]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
  precision: Precision,
): NDArray {
  const features = node.inputs[0]?.shape[2];
  if (x === undefined || w === undefined || features === undefined)
    throw new TypeError('convolve: two operands');
  const [batch = 0, groups = 0, outs = 0, ...positions] = shape;
  const [, , width = 0, ...window] = w.shape;
  const space = x.shape.slice(3);
  const meetings = meetingsOf(node, window, positions, space);
  const [fieldSize, planeSize] = [countOf(space), countOf(positions)];
  const alive = liveOf(features, live);
  const data = new Float64Array(countOf(shape));
  const { data: factors } = w;
  // What is stored is rounded: an array of the precision is the rounding.
  const sums =
    precision === 'f32' && node.dtype === 'f32' ? new Float32Array(planeSize) : new Float64Array(planeSize);
  for (let plane = 0; plane < batch * groups * outs; plane++) {
    const set = Math.floor(plane / outs);
    const filter = (set % groups) * outs + (plane % outs);
    sums.fill(0);
    for (let c = 0; c < alive; c++) {
      for (const [k, met] of meetings.entries()) {
        const factor = factors[(filter * width + c) * meetings.length + k] ?? 0;
        addProducts(sums, factor, x.data, (set * width + c) * fieldSize, met, node);
      }
    }
    data.set(sums, plane * planeSize);
  }
  return { shape, dtype: node.dtype, data };
}

/** Where one element of a window meets the input: places in a plane of positions, and in a field of the input. */
interface Meetings {
  readonly positions: Int32Array;
  /** PADDING where it meets that. */
  readonly elements: Int32Array;
}

const PADDING = -1;

/**
 * For each element of the window, row-major, all positions at which it meets an element of the input, or padding: zeros
 * that count. Between dilated neighbours there is nothing.
 */
function meetingsOf(
  node: Node,
  window: readonly number[],
  positions: readonly number[],
  space: readonly number[],
): Meetings[] {
  const list = (name: string): readonly number[] => numbersAttr(node, name);
  const [stride, low, input, dilation] = [
    list('stride'),
    list('low'),
    list('inputDilation'),
    list('windowDilation'),
  ];
  const strides = stridesOf(space);
  const all: Meetings[] = [];
  forEachIndex(window, (k) => {
    const found: Record<keyof Meetings, number[]> = { positions: [], elements: [] };
    forEachIndex(positions, (p, flat) => {
      let offset = 0;
      let isInside = true;
      for (const [d, extent] of space.entries()) {
        const place = (p[d] ?? 0) * (stride[d] ?? 1) + (k[d] ?? 0) * (dilation[d] ?? 1) - (low[d] ?? 0);
        const element = place / (input[d] ?? 1);
        if (!Number.isInteger(element)) return;
        isInside &&= element >= 0 && element < extent;
        offset += element * (strides[d] ?? 0);
      }
      found.positions.push(flat);
      found.elements.push(isInside ? offset : PADDING);
    });
    all.push({ positions: Int32Array.from(found.positions), elements: Int32Array.from(found.elements) });
  });
  return all;
}

function addProducts(
  sums: Float32Array | Float64Array,
  factor: number,
  x: Float64Array,
  field: number,
  { positions, elements }: Meetings,
  { dtype }: Node,
): void {
  for (let n = 0; n < positions.length; n++) {
    const position = positions[n] ?? 0;
    const element = elements[n] ?? PADDING;
    const value = element === PADDING ? 0 : (x[field + element] ?? 0);
    const before = sums[position] ?? 0;
    sums[position] =
      dtype === 'f32' ? before + factor * value : wrap(before + Math.imul(factor, value), dtype);
  }
}
