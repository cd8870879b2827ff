import { numberOf, numbersOf } from '../../graph/attributes.ts';
import type { Node } from '../../graph/index.ts';
import { positionsOf, type Sliding, slidingAlong } from '../../graph/ops/geometry.ts';
import { type Dim, extentOf } from '../../loops/index.ts';
import { type Exporter, type OnnxRow, operandOf } from './exporter.ts';
import { padded } from './movements.ts';
import type { Value } from './writer.ts';

/** Windows that slide along axes, by gathers: one an axis. */
export const windowRows = {
  windows: (out, node) => {
    const x = operandOf(node, 0);
    const axes = numbersOf('windows', node.attrs, 'axes');
    const along = slidingOf(
      node,
      axes.map((axis) => extentOf(x.shape[axis] ?? 1)),
    );
    const value = out.number(numberOf('windows', node.attrs, 'value'), node.dtype);
    return windowsOf(out, out.value(x), x.shape.length, axes, along, value);
  },
  placeWindows: folded,
  foldWindows: folded,
} as const satisfies Record<string, OnnxRow>;

/**
 * Windows along axes: positions in their places, the windows' elements behind all axes.
 *
 * @param rank of `x`
 * @param axes sorted
 * @param value of the padding
 */
export function windowsOf(
  out: Exporter,
  x: Value,
  rank: number,
  axes: readonly number[],
  along: readonly Sliding[],
  value: Value,
): Value {
  const paddings = (name: 'low' | 'high'): number[] => {
    const list = Array.from({ length: rank }, () => 0);
    for (const [n, axis] of axes.entries()) list[axis] = along[n]?.[name] ?? 0;
    return list;
  };
  let result = padded(out, x, paddings('low'), paddings('high'), value);
  for (const [n, axis] of axes.entries()) {
    const one = along[n];
    if (one === undefined) continue;
    const positions = positionsOf(one);
    const elements = Array.from({ length: positions * one.window }, (_, k) => {
      const [position, element] = [Math.floor(k / one.window), k % one.window];
      return position * one.stride + element * one.windowDilation;
    });
    const table = out.writer.constant('int64', elements, [positions, one.window]);
    result = out.writer.node('Gather', [result, table], { axis });
    // The window's elements stand behind their position: they go to the end.
    const order = Array.from({ length: rank + n + 1 }, (_, k) => k);
    order.push(...order.splice(axis + 1, 1));
    result = out.transpose(result, order);
  }
  return result;
}

/** Windows back at their places, what lies on one element added up: for each axis the windows that lie on an element. */
function folded(out: Exporter, node: Node): Value {
  const x = operandOf(node, 0);
  const axes = numbersOf(node.op, node.attrs, 'axes');
  const along = slidingOf(node, numbersOf(node.op, node.attrs, 'extents'));
  const rank = x.shape.length - axes.length;
  let result = out.value(x);
  let shape: readonly Dim[] = x.shape;
  for (let n = axes.length - 1; n >= 0; n--) {
    const [axis, one] = [axes[n] ?? 0, along[n]];
    if (one === undefined) continue;
    // The last dimension is this axis's windows: behind their positions both are one dimension.
    const order = Array.from({ length: rank + n }, (_, k) => k).toSpliced(axis + 1, 0, rank + n);
    const moved = order.map((k) => shape[k] ?? 1);
    const places = positionsOf(one) * one.window;
    const merged = [...moved.slice(0, axis), places, ...moved.slice(axis + 2)];
    const line = out.extents.reshape(out.transpose(result, order), moved, merged);
    result = summedOnto(out, line, merged.length, axis, one, node);
    shape = merged.with(axis, one.extent);
  }
  return result;
}

/** For each element of an axis the sum of the windows' elements on it, in the order of positions. */
function summedOnto(out: Exporter, x: Value, rank: number, axis: number, one: Sliding, node: Node): Value {
  const places = positionsOf(one) * one.window;
  const onto = Array.from({ length: one.extent }, (): number[] => []);
  for (let k = 0; k < places; k++) {
    const element = Math.floor(k / one.window) * one.stride + (k % one.window) * one.windowDilation - one.low;
    onto[element]?.push(k);
  }
  const layers = Math.max(1, ...onto.map(({ length }) => length));
  // Where fewer windows lie on an element there is a zero, which stands behind all places.
  const high = Array.from({ length: rank }, (_, k) => (k === axis ? 1 : 0));
  const isFull = onto.every(({ length }) => length === layers);
  const low = high.map(() => 0);
  const source = isFull ? x : padded(out, x, low, high, out.number(0, node.dtype));
  const indices = Array.from({ length: layers }, (_, r) => onto.map((list) => list[r] ?? places)).flat();
  const isOne = layers === 1;
  const table = out.writer.constant('int64', indices, isOne ? [one.extent] : [layers, one.extent]);
  const found = out.writer.node('Gather', [source, table], { axis });
  if (isOne) return found;
  return out.wrapped(out.writer.node('ReduceSum', [found, out.list([axis])], { keepdims: 0 }), node.dtype);
}

function slidingOf(node: Node, extents: readonly number[]): Sliding[] {
  const list = (name: string): readonly number[] => numbersOf(node.op, node.attrs, name);
  const lists = {
    window: list('window'),
    stride: list('stride'),
    dilation: list('dilation'),
    low: list('low'),
    high: list('high'),
  };
  return extents.map((extent, n) => slidingAlong(extent, n, lists));
}
