import { describe, expect, it } from 'vitest';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { Dice } from '../oracle/dice.ts';
import { gradientOf, runRows } from './rows.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const INF = Infinity;
const targets: readonly Target[] = [reference, wasm(2), wgsl('webgpu-software')];

const dice = new Dice(3);
const [WIDE, MANY] = [300, 40];
const wide = Array.from({ length: WIDE }, (_, k) => k / 4);
const places = Array.from({ length: MANY }, () => dice.below(WIDE / 10));
const source = places.map((_, k) => -k - 1);

describe.each(targets)('on $name', (target) => {
  it('the last of what is written to one place stays, however many there are', async () => {
    const given = { x: [5, 6, 7], at: [3, 1, 3, -3, 10], y: [1, 2, 3, 4, NaN], wide, places, source };
    const found = await runRows(target, given, ({ x, at, y, wide: w, places: p, source: s }) => {
      if (!x || !at || !y || !w || !p || !s) return {};
      // Computed, and so perhaps out of range: 2, 0, 2, -4 and 9.
      const indices = at.cast('i32').sub(1);
      const written = x.scatter(0, indices, y);
      const places = p.cast('i32');
      const wideWritten = w.scatter(0, places, s);
      const taken = w.takeAlongAxis(places, 0);
      return {
        written,
        kept: gradientOf(written.isNaN().where(0, written), x),
        used: gradientOf(written, y),
        least: x.scatterReduce(0, indices, y.isNaN().where(0, y), 'min'),
        whole: x.cast('i32').scatterReduce(0, indices, y.cast('i32'), 'max'),
        bools: x.gt(5).indexCopy(0, indices, y.gt(2)).cast('i32'),
        wideWritten,
        wideUsed: gradientOf(wideWritten, s),
        wideKept: gradientOf(wideWritten, w).sum(0, { keepDims: true }),
        counts: gradientOf(taken, w),
      };
    });
    const last = (row: number): number => places.lastIndexOf(row);
    const all = wide.map((_, row) => row);
    const kept = all.filter((row) => last(row) < 0).reduce((sum, row) => sum + row + 1, 0);
    expect(found).toEqual({
      written: [4, 6, NaN],
      kept: [0, 2, 0],
      used: [0, 0, 0, 1, 3],
      least: [2, 6, 0],
      whole: [5, 6, 7],
      bools: [1, 1, 0],
      wideWritten: wide.map((x, row) => source[last(row)] ?? x),
      wideUsed: places.map((row, k) => (last(row) === k ? row + 1 : 0)),
      wideKept: [kept],
      counts: all.map((row) => places.reduce((sum, place, k) => sum + (place === row ? k + 1 : 0), 0)),
    });
  });

  it('rows that are live are written and write, and no others', async () => {
    const live = [1, 2, 3];
    const found = await runRows(
      target,
      { live, row: [7, 8] },
      ({ live: x, row }) => {
        if (!x || !row) return {};
        const back = x.iotaLike(0).mul(-2).add(4);
        const two = row.iotaLike(0).mul(9);
        return {
          live: x.scatter(0, back, x.mul(10)),
          ends: x.indexCopy(0, two, row),
          gradient: gradientOf(x.scatter(0, back, x.mul(10)), x),
          most: row.scatterReduce(0, back.mul(0), x.mul(3), 'max'),
        };
      },
      { rows: 3 },
    );
    // At 4, 2 and 0, of which the first is the last that is live, 2.
    expect(found).toEqual({
      live: [30, 2, 20],
      ends: [7, 2, 8],
      gradient: [0, 32, 10],
      most: [9, 8],
    });
  });
});

it.each([reference, wasm(1)])(
  'where nothing is written an infinity keeps its gradient, on $name',
  async (target) => {
    const given = { low: [-INF, -INF, 2], high: [1, INF, INF], at: [1, 1], y: [3, 4] };
    const found = await runRows(target, given, ({ low, high, at, y }) => {
      if (!low || !high || !at || !y) return {};
      const indices = at.cast('i32');
      const [most, least] = [
        low.scatterReduce(0, indices, y, 'max'),
        high.scatterReduce(0, indices, y, 'min'),
      ];
      return { most, least, ofMost: gradientOf(most, low), ofLeast: gradientOf(least, high) };
    });
    expect(found).toEqual({
      most: [-INF, 4, 2],
      least: [1, 3, INF],
      ofMost: [1, 0, 3],
      ofLeast: [1, 0, 3],
    });
  },
);

it('a part of a tensor is written, and what is wrong is named', async () => {
  const module = defineModule('writes', (m) => {
    const x = m.input('x', { shape: [3, 4] });
    const two = (y: Tensor): Tensor => y.slice([], [2, 3]);
    const at = two(x).iotaLike(1).mul(0);
    m.entry('run', { y: x.scatter(0, at, x.neg()), none: x.scatter(0, at.slice([], [0]), x) });
    expect(() => x.scatter(2, at, x)).toThrow(
      'scatter: axis 2 of a shape of 2 dimensions: it must be from -2 to 1',
    );
    expect(() => x.scatter(0, at, x.cast('i32'))).toThrow('scatter: operands of types f32 and i32');
    expect(() => x.scatter(0, at.cast('f32'), x)).toThrow('scatter: indices of type f32; takes i32');
    expect(() => x.scatter(0, at.add(at).expandDims(0), x)).toThrow('must have as many axes');
    expect(() => x.scatterReduce(0, at, x, Object('mean'))).toThrow('the reduction is');
    expect(() => x.indexCopy(0, at, x)).toThrow(
      'indexCopy: indices must be a list [k], not the shape [2, 3]',
    );
    expect(() => x.indexCopy(1, at.select(0, 0), x)).toThrow('need a source of shape [3, 3], not [3, 4]');
    expect(() => x.scatter(0, x.iota([2, 3], 1).add(0).mul(1).reshape([1, 2, 3]), x)).toThrow('as many axes');
    expect(() => x.scatter(0, m.literal([0, 3], { shape: [2, 1], dtype: 'i32' }), x)).toThrow(
      'scatter: index 3 along axis 0 of [3, 4]: it must be from 0 to 2',
    );
  });
  const session = await reference.start(module);
  const x = Array.from({ length: 12 }, (_, k) => k + 1);
  const { y, none } = await session.step('run', { inputs: { x: { shape: [3, 4], data: x } } });
  expect(Array.from(y?.data ?? [])).toEqual([-5, -6, -7, 4, ...x.slice(4)]);
  expect(Array.from(none?.data ?? [])).toEqual(x);
});
