import { describe, expect, test } from 'vitest';
import type { OutputSlot } from '../../src/runtime/index.ts';
import { outputOf, Tally } from '../../src/runtime/outputs.ts';

const batch = (factor = 1): { size: string; factor: number } => ({ size: 'batch', factor });

function slot(
  shape: readonly number[],
  live: OutputSlot['live'],
  about: Partial<OutputSlot> = {},
): OutputSlot {
  return { name: 'out', dtype: 'u32', shape, live, offset: 0, ...about };
}

/** 100, 101, … */
const results = Uint32Array.from({ length: 40 }, (_, i) => 100 + i);
const live = new Map([['batch', 2]]);

function floats(...values: readonly number[]): Uint32Array {
  return new Uint32Array(Float32Array.from(values).buffer);
}

describe('an output of one step', () => {
  test('is the first rows of its leading dimension', () => {
    const { shape, data } = outputOf(slot([4, 3], [batch(), null], { offset: 2 }), results, 0, live);
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([102, 103, 104, 105, 106, 107]);
  });

  test('is cut in inner dimensions too, and by a multiple of a size', () => {
    const inner = outputOf(slot([2, 4], [null, batch()]), results, 0, live);
    expect(inner.shape).toEqual([2, 2]);
    expect([...inner.data]).toEqual([100, 101, 104, 105]);
    const merged = outputOf(slot([12], [batch(3)]), results, 0, live);
    expect(merged.shape).toEqual([6]);
    const both = outputOf(slot([4, 2, 4], [batch(), null, batch()]), results, 0, live);
    expect([...both.data]).toEqual([100, 101, 104, 105, 108, 109, 112, 113]);
  });

  test('may be a scalar, or hold nothing', () => {
    expect(outputOf(slot([], []), results, 0, live)).toEqual({ shape: [], data: Uint32Array.of(100) });
    expect(outputOf(slot([4, 0], [batch(), null]), results, 0, live)).toEqual({
      shape: [2, 0],
      data: new Uint32Array(),
    });
  });

  test('has the type that it declares', () => {
    expect(outputOf(slot([1], [null], { dtype: 'f32' }), floats(-1.5), 0, live).data).toEqual(
      Float32Array.of(-1.5),
    );
    expect(outputOf(slot([1], [null], { dtype: 'i32' }), Uint32Array.of(0xffffffff), 0, live).data).toEqual(
      Int32Array.of(-1),
    );
  });
});

describe('the outputs of many steps', () => {
  test('are means of f32 by samples, sums of integers, and rows one after the other', () => {
    const tally = new Tally([
      slot([], [], { name: 'loss', dtype: 'f32', offset: 0 }),
      slot([], [], { name: 'right', dtype: 'i32', offset: 1 }),
      slot([2], [null], { name: 'means', dtype: 'f32', offset: 2 }),
      slot([3], [batch()], { name: 'row', dtype: 'f32', offset: 4 }),
    ]);
    const step = (loss: number, right: number, rows: readonly number[]): Uint32Array => {
      const words = floats(loss, 0, loss, -loss, ...rows);
      words[1] = right;
      return words;
    };
    expect(tally.add(step(1, 2, [5, 6, 7]), 0, { live: new Map([['batch', 3]]), weight: 3 })).toBeUndefined();
    expect(tally.add(step(5, 1, [8, 9, 9]), 0, { live: new Map([['batch', 1]]), weight: 1 })).toBeUndefined();
    const { scalars, outputs } = tally.totals();
    expect(scalars).toEqual({ loss: 2, right: 3 });
    expect(outputs.means).toEqual({ shape: [2], data: Float32Array.of(2, -2) });
    expect(outputs.row).toEqual({ shape: [4], data: Float32Array.of(5, 6, 7, 8) });
  });

  test('of integers do not wrap where they exceed 32 bits, nor where one type is read as another', () => {
    const slots = (['u32', 'i32', 'bool'] as const).map((dtype, k) =>
      slot([1], [null], { name: dtype, dtype, offset: k }),
    );
    const scalar = slot([], [], { name: 'scalar', dtype: 'u32' });
    const tally = new Tally([scalar, ...slots]);
    const words = Uint32Array.of(3_000_000_000, -2_000_000_000, 1);
    for (let step = 0; step < 3; step++) tally.add(words, 0, { live, weight: 2 });
    const { scalars, outputs } = tally.totals();
    expect(scalars.scalar).toBe(9_000_000_000);
    expect(outputs.u32).toEqual({ shape: [1], data: Float64Array.of(9_000_000_000) });
    expect(outputs.i32).toEqual({ shape: [1], data: Float64Array.of(-6_000_000_000) });
    expect(outputs.bool).toEqual({ shape: [1], data: Float64Array.of(3) });
  });

  test('name a scalar that is NaN', () => {
    const tally = new Tally([slot([], [], { name: 'norm', dtype: 'f32' })]);
    expect(tally.add(floats(1), 0, { live, weight: 2 })).toBeUndefined();
    expect(tally.add(floats(Number.NaN), 0, { live, weight: 2 })).toBe('norm');
    expect(tally.totals().scalars.norm).toBeNaN();
  });

  test('are refused where a bounded size is not the first dimension', () => {
    const columns = slot([2, 4], [null, batch()], { name: 'columns' });
    expect(() => new Tally([columns])).toThrow('columns: has no sum over batches');
  });

  test('keep names of any characters', () => {
    const tally = new Tally([slot([], [], { name: '__proto__', dtype: 'i32' })]);
    tally.add(Uint32Array.of(3), 0, { live, weight: 1 });
    expect(Object.entries(tally.totals().scalars)).toEqual([['__proto__', 3]]);
  });
});
