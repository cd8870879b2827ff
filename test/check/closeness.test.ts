import { describe, expect, test } from 'vitest';
import { worstDifference } from '../../src/check/closeness.ts';
import type { NDArray } from '../../src/reference/index.ts';

const tensor = (data: readonly number[], dtype: NDArray['dtype'] = 'f32'): NDArray => ({
  shape: [data.length],
  dtype,
  data: Float64Array.from(data),
});

/** Whether values are close to what they should be; both precisions of the reference are equal unless one is given. */
function isClose(
  actual: readonly number[],
  f64: readonly number[],
  f32: readonly number[] = f64,
  dtype: NDArray['dtype'] = 'f32',
): boolean {
  const expected = { f64: tensor(f64, dtype), f32: tensor(f32, dtype) };
  return worstDifference(tensor(actual, dtype), expected, 1e-5)?.differs === false;
}

describe('values are close', () => {
  test('within the tolerance of their own size, or of the root mean square of their tensor', () => {
    expect(isClose([1000.009, 1], [1000, 1])).toBe(true);
    expect(isClose([1000.02, 1], [1000, 1])).toBe(false);
    // The root mean square is 707, so that small elements may be 0.007 off.
    expect(isClose([1000, 1.007], [1000, 1])).toBe(true);
    expect(isClose([1000, 1.008], [1000, 1])).toBe(false);
  });

  test('where the reference itself is as far off in float32, some times over', () => {
    expect(isClose([4e-8, 1e-8], [0, 0], [1e-8, 0])).toBe(true);
    expect(isClose([5e-8, 1e-8], [0, 0], [1e-8, 0])).toBe(false);
  });

  test('a NaN to a NaN alone, an infinity to one of its sign', () => {
    expect(isClose([Number.NaN, Infinity], [Number.NaN, Infinity])).toBe(true);
    expect(isClose([Number.NaN], [1])).toBe(false);
    expect(isClose([1], [Number.NaN])).toBe(false);
    expect(isClose([Infinity], [-Infinity])).toBe(false);
    expect(isClose([3e38], [Infinity])).toBe(false);
    expect(isClose([Number.NaN], [Infinity])).toBe(false);
  });

  test('to what float32 makes of a number that is too large for it', () => {
    expect(isClose([Infinity, 1], [1e40, 1], [Infinity, 1])).toBe(true);
    expect(isClose([Infinity, 1.1], [1e40, 1], [Infinity, 1])).toBe(false);
    expect(isClose([-Infinity, 1], [1e40, 1], [Infinity, 1])).toBe(false);
  });

  test('or to whatever is not finite where float32 overflows, as another order of a sum may have it', () => {
    // Of 3e38, 3e38, -3e38 and -3e38 one order of adding makes 0, others an infinity, and sums of two parts a NaN.
    expect(isClose([Number.NaN, 1], [-6.759e59, 1], [Infinity, 1])).toBe(true);
    expect(isClose([-Infinity, 1], [-6.759e59, 1], [Number.NaN, 1])).toBe(true);
    expect(isClose([Number.NaN, Infinity], [-2e38, 5], [Infinity, 5])).toBe(true);
    // Where nothing overflows, or the value itself is no number, nothing of the kind is right.
    expect(isClose([Number.NaN, 1], [-6, 1])).toBe(false);
    expect(isClose([Number.NaN, Infinity], [1e40, Infinity], [Infinity, Infinity])).toBe(true);
    expect(isClose([Infinity, Number.NaN], [1e40, Infinity], [Infinity, Infinity])).toBe(false);
    const expected = { f64: tensor([1e40]), f32: tensor([Infinity]) };
    expect(worstDifference(tensor([3]), expected, 1e-5)).toMatchObject({ expected: Infinity, differs: true });
  });

  test('of integers and truth values where they are equal to one of the references', () => {
    expect(isClose([3, 4], [3, 4], [3, 5], 'i32')).toBe(true);
    expect(isClose([3, 5], [3, 4], [3, 5], 'i32')).toBe(true);
    expect(isClose([100001], [100000], [100000], 'i32')).toBe(false);
    expect(isClose([1], [0], [0], 'bool')).toBe(false);
  });

  test('to zero where they are below the normal range of float32', () => {
    expect(isClose([0], [1e-39])).toBe(true);
  });

  test('as many as there should be', () => {
    expect(() => isClose([1, 2], [1])).toThrow('2 elements to compare with 1');
    expect(worstDifference(tensor([]), { f64: tensor([]), f32: tensor([]) }, 1e-5)).toBeUndefined();
  });
});

test('the worst element is named by its index, with both values and what is allowed', () => {
  const shape = [2, 3];
  const data = [1, 1, 1, 1, 1, 1];
  const f64 = { ...tensor(data), shape };
  const found = worstDifference({ shape, data: [1, 1, 1, 1, 1.5, 1.2] }, { f64, f32: f64 }, 1e-5);
  expect(found).toEqual({
    index: [1, 1],
    actual: 1.5,
    expected: 1,
    allowed: expect.closeTo(1e-5, 12),
    excess: expect.closeTo(5e4, 0),
    differs: true,
  });
});
