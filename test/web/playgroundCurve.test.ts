import { describe, expect, test } from 'vitest';
import { Curve, smoothed } from '../../web/playground/page/curve.ts';
import { logScale, numberText, percentText } from '../../web/playground/page/figures.ts';

describe('a curve', () => {
  test('has a point for each step as long as they are few', () => {
    const curve = new Curve();
    curve.push([3, 2], [1, 2]);
    curve.push([1], [3]);
    const [steps, raw] = curve.series();
    expect([steps, raw, curve.stride]).toEqual([[1, 2, 3], [3, 2, 1], 1]);
  });

  test('of a million steps is as large as one of a few thousand, and each point is a mean', () => {
    const curve = new Curve();
    const values = Float32Array.from({ length: 1000 }, (_, i) => i % 2);
    for (let last = 1000; last <= 1_000_000; last += 1000)
      curve.push(
        values,
        values.map((_, i) => last - 999 + i),
      );
    const [steps, raw, smooth] = curve.series();
    expect(steps.length).toBeLessThan(2048);
    expect(steps.length).toBeGreaterThan(500);
    expect(new Set(raw)).toEqual(new Set([0.5]));
    expect(smooth).toHaveLength(raw.length);
    expect(steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0))).toBe(true);
    expect(1_000_000 - (steps.at(-1) ?? 0)).toBeLessThan(curve.stride);
  });

  test('is smoothed without a jump at its beginning, and past what is not a number', () => {
    expect(smoothed([2, 2, 2])).toEqual([2, 2, 2]);
    const noisy = Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 0 : 2));
    expect(smoothed(noisy).at(-1)).toBeCloseTo(1, 1);
    expect(smoothed([1, Number.NaN, 1])).toEqual([1, Number.NaN, 1]);
  });
});

test('numbers are short, and what is none is said', () => {
  expect([0, 12, 12_345, 0.123456, 0.000123, -0.5, 2.5e9].map(numberText)).toEqual([
    '0',
    '12',
    '12,345',
    '0.123',
    '1.2e−4',
    '-0.5',
    '2,500,000,000',
  ]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(numberText)).toEqual([
    'NaN',
    '∞',
    '−∞',
  ]);
  expect(percentText(0.9731)).toBe('97.3 %');
});

test('a slider is logarithmic, two decades on either side of where it began', () => {
  const { placeOf, valueAt } = logScale(0.1);
  expect([0.001, 0.1, 10].map(placeOf)).toEqual([0, 0.5, 1]);
  expect([0, 0.25, 0.5, 1].map(valueAt)).toEqual([0.001, 0.01, 0.1, 10]);
  expect([0, 1e9].map(placeOf)).toEqual([0, 1]);
});
