import type { Tensor } from '../../src/graph/index.ts';
import type { ComposedCase } from './composedCases.ts';
import { at, made, type Plain } from './plain.ts';

/** An operation along axis 1 of a matrix: what it makes of each row. */
export function ofRows(
  shape: readonly [rows: number, columns: number],
  build: (x: Tensor) => Tensor,
  row: (x: readonly number[]) => readonly number[],
): ComposedCase {
  return {
    shapes: [shape],
    build: (x) => {
      if (x === undefined) throw new RangeError('an operand is missing');
      return build(x);
    },
    expected: (x) => {
      if (x === undefined) throw new RangeError('an operand is missing');
      const rows = rowsOf(x).map(row);
      return made([rows.length, rows[0]?.length ?? 0], (i, j) => rows[i]?.[j] ?? Number.NaN);
    },
  };
}

function rowsOf(x: Plain): number[][] {
  const [rows = 0, columns = 0] = x.shape;
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(x, i, j)));
}

/** All that a running combination passes through, the first left out where there is none. */
function running(
  combine: (a: number, b: number) => number,
  first?: number,
): (x: readonly number[]) => number[] {
  return (x) => {
    const found: number[] = first === undefined ? [] : [first];
    for (const [k, value] of x.entries()) {
      const before = found.at(-1);
      if (first !== undefined && k === x.length - 1) break;
      found.push(before === undefined ? value : combine(before, value));
    }
    return found;
  };
}

const backwards =
  (row: (x: readonly number[]) => readonly number[]) =>
  (x: readonly number[]): number[] =>
    [...row([...x].reverse())].reverse();

const add = (a: number, b: number): number => a + b;
const logAdd = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** Scans of rows that are one block, and of some that are two and three. */
export const scans: Readonly<Record<string, ComposedCase>> = {
  cumsum: ofRows([1, 37], (x) => x.cumsum(1), running(add)),
  'cumsum before each, from the end': ofRows(
    [2, 5],
    (x) => x.cumsum(-1, { exclusive: true, reverse: true }),
    backwards(running(add, 0)),
  ),
  cumprod: ofRows(
    [2, 18],
    (x) => x.cumprod(1),
    running((a, b) => a * b),
  ),
  'cummax of a few': ofRows([3, 7], (x) => x.cummax(1), running(Math.max)),
  'cummin from the end': ofRows([2, 33], (x) => x.cummin(1, { reverse: true }), backwards(running(Math.min))),
  'logCumSumExp from the end': ofRows(
    [1, 20],
    (x) => x.logCumSumExp(1, { reverse: true }),
    backwards(running(logAdd)),
  ),
};

const ascending = (x: readonly number[]): number[] => [...x].sort((a, b) => a - b);

/** What is chosen out of rows in order. */
export const sorts: Readonly<Record<string, ComposedCase>> = {
  sort: ofRows([3, 7], (x) => x.sort(1).values, ascending),
  'the largest of two blocks': ofRows(
    [1, 70],
    (x) => x.topK(3, 1).values,
    (x) => ascending(x).reverse().slice(0, 3),
  ),
  'the smallest': ofRows(
    [2, 6],
    (x) => x.topK(2, 1, { largest: false }).values,
    (x) => ascending(x).slice(0, 2),
  ),
  median: ofRows(
    [2, 6],
    (x) => x.median(1, { keepDims: true }),
    (x) => ascending(x).slice(2, 3),
  ),
  quantile: ofRows(
    [2, 5],
    (x) => x.quantile(0.3, 1, { keepDims: true }),
    (x) => {
      const [, low = 0, high = 0] = ascending(x);
      return [low + (high - low) * (0.3 * 4 - 1)];
    },
  ),
};

/** Constant indices in the graph of a tensor. */
function listed(x: Tensor, list: readonly number[]): Tensor {
  return list.reduce<Tensor>(
    (found, index, k) => x.iota([list.length], 0).eq(k).where(index, found),
    x.iota([list.length], 0).mul(0),
  );
}

const written = [2, 0, 2, 1];

/** Elements that are written at indices: of two rows of five, four from two rows of four. */
function writes(
  build: (x: Tensor, indices: Tensor, source: Tensor) => Tensor,
  combine: (before: number, source: number) => number,
): ComposedCase {
  return {
    shapes: [
      [2, 5],
      [2, 4],
    ],
    build: (x, y) => {
      if (x === undefined || y === undefined) throw new RangeError('an operand is missing');
      return build(x, listed(x, written), y);
    },
    expected: (x, y) => {
      if (x === undefined || y === undefined) throw new RangeError('an operand is missing');
      return made([2, 5], (i, j) =>
        written.reduce(
          (before, index, k) => (index === j ? combine(before, at(y, i, k)) : before),
          at(x, i, j),
        ),
      );
    },
  };
}

const rows = (indices: Tensor): Tensor => indices.broadcastTo([2, written.length]);

export const scattered: Readonly<Record<string, ComposedCase>> = {
  scatter: writes(
    (x, indices, y) => x.scatter(1, rows(indices), y),
    (_, source) => source,
  ),
  indexCopy: writes(
    (x, indices, y) => x.indexCopy(1, indices, y),
    (_, source) => source,
  ),
  scatterAdd: writes(
    (x, indices, y) => x.scatterAdd(1, rows(indices), y),
    (before, source) => before + source,
  ),
  'products at places': writes(
    (x, indices, y) => x.scatterReduce(1, rows(indices), y, 'prod'),
    (before, source) => before * source,
  ),
  'the least at places': writes((x, indices, y) => x.scatterReduce(1, rows(indices), y, 'min'), Math.min),
};
