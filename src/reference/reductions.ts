import type { Node } from '../graph/index.ts';
import type { Dtype } from '../loops/dtype.ts';
import { at, countOf, forEachIndex, type Live, liveOf, type NDArray, offsetOf, stridesOf } from './array.ts';
import { numbersAttr } from './attributes.ts';
import { type Precision, rounding } from './precision.ts';
import { wrap } from './scalars.ts';

/**
 * The value of a reduction: for each element of `shape` the live elements along the node's axes, in row-major
 * order. Undefined where the operation is no reduction.
 */
export function reduced(
  node: Node,
  [x]: readonly NDArray[],
  shape: readonly number[],
  live: Live,
  precision: Precision,
): NDArray | undefined {
  const fold = Object.hasOwn(folds, node.op) ? folds[node.op] : undefined;
  const source = node.inputs[0];
  if (fold === undefined || x === undefined || source === undefined) return undefined;
  const round = rounding(precision);
  const axes = numbersAttr(node, 'axes');
  const strides = stridesOf(x.shape);
  const along = axes.map((axis) => strides[axis] ?? 0);
  const extents = axes.map((axis) => x.shape[axis] ?? 0);
  const alive = axes.map((axis) => liveOf(source.shape[axis] ?? 0, live));
  const offsets: number[] = [];
  const positions: number[] = [];
  forEachIndex(extents, (index, position) => {
    if (index.some((i, k) => i >= (alive[k] ?? 0))) return;
    offsets.push(offsetOf(index, along));
    positions.push(position);
  });
  const kept = strides.filter((_, k) => !axes.includes(k));
  const data = new Float64Array(countOf(shape));
  forEachIndex(shape, (index, flat) => {
    const start = offsetOf(index, kept);
    const values = offsets.map((offset) => at(x, start + offset));
    data[flat] = fold({ values, positions, dtype: x.dtype, round });
  });
  return { shape, dtype: node.dtype, data };
}

/** What a reduction makes one element of. */
interface Line {
  readonly values: readonly number[];
  /** Indices of the values, row-major over the axes at their full extents. */
  readonly positions: readonly number[];
  readonly dtype: Dtype;
  readonly round: (x: number) => number;
}

/** The reductions of the graph, by name. */
const folds: Readonly<Record<string, (line: Line) => number>> = {
  // Integers are added exactly, then wrapped.
  sum: ({ values, dtype, round }) => wrap(total(values, dtype === 'f32' ? round : (x) => x), dtype),
  prod: ({ values, dtype, round }) =>
    dtype === 'f32'
      ? values.reduce((p, x) => round(p * x), 1)
      : wrap(
          values.reduce((p, x) => Math.imul(p, x), 1),
          dtype,
        ),
  reduceMax: ({ values, dtype }) => values.reduce((m, x) => Math.max(m, x), lowest(dtype)),
  reduceMin: ({ values, dtype }) => values.reduce((m, x) => Math.min(m, x), highest(dtype)),
  argmax: (line) => firstPlace(line, (x, best) => x > best),
  argmin: (line) => firstPlace(line, (x, best) => x < best),
  logSumExp: ({ values, round }) => {
    const top = values.reduce((m, x) => Math.max(m, x), -Infinity);
    // The difference of two infinities of one sign is no number, yet their sum of exponentials has a value.
    if (!Number.isFinite(top)) return top;
    const exponentials = values.map((x) => round(Math.exp(round(x - top))));
    return top + round(Math.log(total(exponentials, round)));
  },
  variance: ({ values, round }) => {
    const mean = round(total(values, round) / values.length);
    const squares = values.map((x) => round(round(x - mean) ** 2));
    return total(squares, round) / values.length;
  },
};

/** Added up pairwise, so that rounded sums of many terms lose few digits. */
function total(values: readonly number[], round: (x: number) => number): number {
  const between = (from: number, to: number): number => {
    if (to - from > PAIRS_FROM) {
      const middle = (from + to) >> 1;
      return round(between(from, middle) + between(middle, to));
    }
    let sum = 0;
    for (let k = from; k < to; k++) sum = round(sum + (values[k] ?? 0));
    return sum;
  };
  return between(0, values.length);
}

/** More terms than this are added up in two halves. */
const PAIRS_FROM = 16;

/** The place of the first extremum, where a NaN is more extreme than any number; 2³¹ - 1 of none. */
function firstPlace({ values, positions }: Line, beats: (x: number, best: number) => boolean): number {
  let place = -1;
  for (const [k, x] of values.entries()) {
    const best = place < 0 ? undefined : values[place];
    if (best === undefined || (!Number.isNaN(best) && (Number.isNaN(x) || beats(x, best)))) place = k;
  }
  return positions[place] ?? 2 ** 31 - 1;
}

function lowest(dtype: Dtype): number {
  return dtype === 'f32' ? -Infinity : dtype === 'i32' ? -(2 ** 31) : 0;
}

function highest(dtype: Dtype): number {
  return dtype === 'f32' ? Infinity : dtype === 'i32' ? 2 ** 31 - 1 : 2 ** 32 - 1;
}
