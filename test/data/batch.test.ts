import { describe, expect, expectTypeOf, test } from 'vitest';
import { DataStream } from '../../src/data/index.ts';

const images = Uint8Array.from({ length: 10 }, (_, k) => k);
const labels = Int32Array.from({ length: 5 }, (_, k) => 10 * k);

describe('batches', () => {
  test('hold the rows of samples one after the other, in arrays of their type; the last may be shorter', async () => {
    const stream = DataStream.rows({ x: images, y: labels }, 5).batch(2);
    const batches = await stream.toArray();
    expect(batches).toEqual([
      { x: Uint8Array.of(0, 1, 2, 3), y: Int32Array.of(0, 10) },
      { x: Uint8Array.of(4, 5, 6, 7), y: Int32Array.of(20, 30) },
      { x: Uint8Array.of(8, 9), y: Int32Array.of(40) },
    ]);
    expectTypeOf(batches).toExtend<{ readonly x: Uint8Array; readonly y: Int32Array }[]>();
    const full = DataStream.rows({ x: images }, 5).batch(2, { partial: false });
    expect(await full.toArray()).toHaveLength(2);
  });

  test('keep their rows when more are read', async () => {
    const [first] = await DataStream.rows({ y: labels }, 5).batch(2).toArray();
    expect(first).toEqual({ y: Int32Array.of(0, 10) });
  });

  test('are made of numbers and plain arrays too, without a digit lost', async () => {
    const stream = DataStream.from([
      { x: [0.1, 2], y: 2 ** 40 },
      { x: [3, 4], y: -1 },
    ]).batch(2);
    expect(await stream.toArray()).toEqual([
      { x: Float64Array.of(0.1, 2, 3, 4), y: Float64Array.of(2 ** 40, -1) },
    ]);
  });

  test('of shuffled rows keep inputs together', async () => {
    for await (const { x, y } of DataStream.rows({ x: images, y: labels }, 5).shuffle({ seed: 5 }).batch(3))
      for (const [k, label] of y.entries()) expect(x[2 * k]).toBe(label / 5);
  });

  test('may have a sample that is named as what all objects have', async () => {
    const sample = JSON.parse('{ "__proto__": 1, "toString": 2 }');
    const [batch] = await DataStream.from([sample]).batch(1).toArray();
    expect(Object.entries(batch ?? {})).toEqual([
      ['__proto__', Float64Array.of(1)],
      ['toString', Float64Array.of(2)],
    ]);
  });

  const first = { x: Float32Array.of(1, 2) };
  test.each<[string, unknown, string, string]>([
    ['another length', { x: Float32Array.of(1) }, 'length', 'it has 1 elements, that 2'],
    ['another type', { x: Uint8Array.of(1, 2) }, 'type', 'it is of Uint8Array, that of Float32Array'],
    ['a plain array', { x: [1, 2] }, 'type', 'it is of numbers, that of Float32Array'],
    ['an input less', {}, 'missing', 'it has none'],
    ['an input more', { x: Float32Array.of(1, 2), y: 3 }, 'unknown', 'there are x'],
  ])('refuse a sample with %s, and say where it is', async (_, odd, code, text) => {
    const samples: unknown[] = [first, first, odd];
    // @ts-expect-error: callers without types may give anything
    const reading = DataStream.from(samples).batch(2).toArray();
    await expect(reading).rejects.toMatchObject({ name: 'InputError', code });
    await expect(reading).rejects.toThrow(`element 2 is not like the first one: ${text}`);
  });

  test.each<[unknown, string]>([
    [null, 'element 0: expected arrays or numbers by name, found null'],
    [{ x: 'text' }, 'x: expected a number or an array of numbers in element 0, found "text"'],
    [{ x: [1, '2'] }, 'x: expected numbers in element 0 at index 1, found "2"'],
    [{ x: new BigInt64Array(2) }, 'x: expected a number or an array of numbers in element 0'],
  ])('refuse what is no sample: %o', async (odd, text) => {
    const samples: unknown[] = [odd];
    // @ts-expect-error: callers without types may give anything
    await expect(DataStream.from(samples).batch(2).toArray()).rejects.toThrow(text);
  });
});
