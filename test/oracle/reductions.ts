import type { Dtype } from '../../src/loops/index.ts';
import { wrap } from './scalars.ts';

/**
 * A reduction of the live values along its axes, in row-major order. `positions` are their indices, row-major
 * over the axes at their full extents.
 */
export type Fold = (values: readonly number[], positions: readonly number[], dtype: Dtype) => number;

/** The reductions of the graph, by name. */
export const folds: Readonly<Record<string, Fold>> = {
  sum: (values, _, dtype) => wrap(total(values), dtype),
  prod: (values, _, dtype) =>
    dtype === 'f32'
      ? values.reduce((p, x) => p * x, 1)
      : wrap(
          values.reduce((p, x) => Math.imul(p, x), 1),
          dtype,
        ),
  reduceMax: (values, _, dtype) => values.reduce((m, x) => Math.max(m, x), lowest(dtype)),
  reduceMin: (values, _, dtype) => values.reduce((m, x) => Math.min(m, x), highest(dtype)),
  argmax: (values, positions) => firstPlace(values, positions, (x, best) => x > best),
  argmin: (values, positions) => firstPlace(values, positions, (x, best) => x < best),
  logSumExp: (values) => {
    const top = values.reduce((m, x) => Math.max(m, x), -Infinity);
    // The difference of two infinities of one sign is no number, yet their sum of exponentials has a value.
    if (!Number.isFinite(top)) return top;
    return top + Math.log(total(values.map((x) => Math.exp(x - top))));
  },
  variance: (values) => {
    const mean = total(values) / values.length;
    return total(values.map((x) => (x - mean) ** 2)) / values.length;
  },
};

function total(values: readonly number[]): number {
  let sum = 0;
  for (const x of values) sum += x;
  return sum;
}

/** The place of the first extremum, where a NaN is more extreme than any number; 2³¹ - 1 of none. */
function firstPlace(
  values: readonly number[],
  positions: readonly number[],
  beats: (x: number, best: number) => boolean,
): number {
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
