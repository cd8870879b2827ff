import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { Dice } from '../oracle/dice.ts';
import { gradientOf, runRows } from './rows.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const [INF, NAN] = [Infinity, Number.NaN];
const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

/** Elements in order with their numbers, as PyTorch has them: NaN is the greatest, what is equal keeps its order. */
function inOrder(
  row: readonly number[],
  descending = false,
): { readonly values: number[]; readonly indices: number[] } {
  const compare = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const indices = row
    .map((_, k) => k)
    .sort((i, j) => (descending ? -1 : 1) * compare(row[i] ?? 0, row[j] ?? 0) || i - j);
  return { values: indices.map((k) => row[k] ?? 0), indices };
}

/** Small numbers with many ties, and some that are none. */
function drawnRow(seed: number, count: number): number[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () =>
    dice.chance(0.1) ? dice.oneOf([INF, -INF, NAN, -0, 0]) : dice.between(-9, 9),
  );
}

describe.each(targets)('on $name', (target) => {
  it('rows are sorted as by PyTorch, of one block and of two', async () => {
    const rows = { short: [3, -0, NAN, 1, 0, -INF, INF, NAN, 1, 2], long: drawnRow(1, 70) };
    const found = await runRows(target, rows, ({ short, long }) => {
      if (short === undefined || long === undefined) return {};
      const [up, merged] = [short.sort(), long.sort(0, { descending: true })];
      const some = {
        up: up.values,
        upIndices: up.indices,
        merged: merged.values,
        mergedIndices: merged.indices,
        least: long.topK(3, 0, { largest: false }).indices,
        half: short.isFinite().where(short, 0).cast('i32').median(0),
      };
      if (target !== reference) return some;
      const down = short.sort(0, { descending: true });
      const finite = merged.values.isFinite().where(merged.values, 0);
      return {
        ...some,
        down: down.values,
        downIndices: down.indices,
        gradient: gradientOf(finite, long),
        few: short.topK(4).indices,
        median: long.median(),
      };
    });
    const [up, down] = [inOrder(rows.short), inOrder(rows.short, true)];
    const [merged, rising] = [inOrder(rows.long, true), inOrder(rows.long)];
    const wanted = {
      up: up.values,
      upIndices: up.indices,
      merged: merged.values,
      mergedIndices: merged.indices,
      least: rising.indices.slice(0, 3),
      half: [0],
    };
    const wantedOfReference = {
      down: down.values,
      downIndices: down.indices,
      gradient: rows.long.map((x, k) => (Number.isFinite(x) ? merged.indices.indexOf(k) + 1 : 0)),
      few: down.indices.slice(0, 4),
      median: [NAN],
    };
    expect(found).toEqual(target === reference ? { ...wanted, ...wantedOfReference } : wanted);
  });

  it('live elements alone are sorted', async () => {
    const live = [3, 1, 4, 1, 5];
    const found = await runRows(
      target,
      { live },
      ({ live: x }) => {
        if (x === undefined) return {};
        const { values, indices } = x.sort(0, { descending: true });
        const quantile = x.quantile(0.625, 0);
        return { values, indices, gradient: gradientOf(values, x), median: x.median(0), quantile };
      },
      { rows: 5 },
    );
    expect(found).toEqual({
      values: [5, 4, 3, 1, 1],
      indices: [4, 2, 0, 1, 3],
      gradient: [3, 4, 2, 5, 1],
      median: [3],
      quantile: [3.5],
    });
  });
});

it.each([reference, wasm(1)])('rows that are merged twice are sorted, on $name', async (target) => {
  const long = drawnRow(129, 129);
  const found = await runRows(target, { long }, ({ long: x }) => {
    if (x === undefined) return {};
    const { values, indices } = x.sort(0);
    // The rest takes longer to compile, and shorter rows show it there.
    if (target !== reference) return { values, indices };
    const least = x.topK(20, 0, { largest: false });
    const finite = values.isFinite().where(values, 0);
    return { values, indices, gradient: gradientOf(finite, x), top: least.values, numbers: least.indices };
  });
  const { values, indices } = inOrder(long);
  const gradient = long.map((x, k) => (Number.isFinite(x) ? indices.indexOf(k) + 1 : 0));
  const [top, numbers] = [values.slice(0, 20), indices.slice(0, 20)];
  const wanted = { values, indices };
  expect(found).toEqual(target === reference ? { ...wanted, gradient, top, numbers } : wanted);
});

it('quantiles and medians of ties, infinities and NaN are those of PyTorch', async () => {
  const rows = {
    x: [1, 2, 3, 5],
    nan: [1, NAN],
    ties: [1, 2, 2, 4],
    ends: [-INF, 1, INF],
    odd: [3, 1, 4, 2],
  };
  const found = await runRows(reference, rows, ({ x, nan, ties, ends, odd }) => {
    if (!x || !nan || !ties || !ends || !odd) return {};
    return {
      quarter: x.quantile(0.25),
      gradient: gradientOf(x.quantile(0.25, 0, { keepDims: true }), x),
      nan: nan.quantile(0.5),
      ties: gradientOf(ties.quantile(0.5, 0, { keepDims: true }), ties),
      ends: ends.quantile(0.5),
      median: odd.median(),
      medianGradient: gradientOf(odd.median(0, { keepDims: true }), odd),
      last: ends.quantile(1),
    };
  });
  expect(found).toEqual({
    quarter: [1.75],
    gradient: [0.25, 0.75, 0, 0],
    nan: [NAN],
    ties: [0, 0.5, 0.5, 0],
    ends: [1],
    median: [2],
    medianGradient: [0, 0, 0, 1],
    last: [INF],
  });
});

it('values are looked up among sorted ones, and whole numbers counted', async () => {
  const rows = { edges: [1, 3, 3, 5, INF], values: [3, 4, 0, NAN, INF, 1], whole: [0, 2, 2] };
  const found = await runRows(reference, rows, ({ edges, values, whole }) => {
    if (!edges || !values || !whole) return {};
    const two = edges.expandDims(0).broadcastTo([2, 5]);
    return {
      left: edges.searchSorted(values),
      right: edges.searchSorted(values, { right: true }),
      rows: two.searchSorted(values.reshape([2, 3])),
      counts: whole.cast('i32').bincount(4),
      none: edges.slice([0], [0]).searchSorted(values),
    };
  });
  const left = [1, 3, 0, 5, 4, 0];
  const right = [3, 3, 0, 5, 5, 1];
  expect(found).toEqual({ left, right, rows: left, counts: [1, 0, 2, 0], none: left.map(() => 0) });
});

it('a long row is sorted in a dispatch for each doubling', () => {
  const module = defineModule('long', (m) => {
    m.entry('run', { y: m.input('x', { shape: [100] }).argsort(0) });
  });
  const [run] = compileModule(module, machines.webgpu).entries.values();
  expect(run?.stages.length).toBeLessThanOrEqual(3);
});

it('of none there is nothing, and what is wrong is named', async () => {
  const module = defineModule('none', (m) => {
    const x = m.input('x', { shape: [0, 3] });
    const rows = m.input('rows', { shape: [m.size('n', { max: 4 }), 2] });
    const { values, indices } = x.sort(0);
    m.entry('run', {
      values,
      indices,
      top: x.topK(2, 1).values,
      few: x.topK(0, 0).indices,
      mid: x.median(1),
    });
    expect(() => x.sort(2)).toThrow('sort: axis 2 of a shape of 2 dimensions: it must be from -2 to 1');
    expect(() => x.sort(1, Object({ ascending: true }))).toThrow('sort: there is no option "ascending"');
    expect(() => x.argsort(1, Object({ descending: 1 }))).toThrow(
      'descending is 1: it must be true or false',
    );
    expect(() => x.cast('bool').argsort(1)).toThrow('argsort: operand of type bool');
    expect(() => x.topK(4, 1)).toThrow(
      'topK: k is 4: it must be a whole number from 0 to 3, the length of axis 1 of [0, 3]',
    );
    expect(() => rows.topK(1, 0)).toThrow('topK: axis 0 is bounded');
    expect(() => x.median(0)).toThrow('median: [0, 3] has no elements along axis 0');
    expect(() => x.searchSorted(rows.slice([], [undefined, 1]))).toThrow('must have the rows of [0, 3]');
    expect(() => rows.searchSorted(x.cast('i32'))).toThrow('searchSorted: operands of types f32 and i32');
    expect(() => x.quantile(2)).toThrow('quantile: q is 2: it must be a number from 0 to 1');
    expect(() => x.cast('i32').quantile(0.5)).toThrow('quantile: operand of type i32');
  });
  const session = await reference.start(module);
  const found = await session.step('run', { inputs: { x: { shape: [0, 3], data: [] } } });
  expect(Object.values(found).map(({ shape }) => shape)).toEqual([[0, 3], [0, 3], [0, 2], [0, 3], [0]]);
});
