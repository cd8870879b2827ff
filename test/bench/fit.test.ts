import { describe, expect, test } from 'vitest';
import { exponent } from '../../bench/growth/fit.ts';

describe('the exponent of growth', () => {
  test('is the power by which amounts grow', () => {
    const sizes = [10, 20, 40, 80];
    for (const power of [0, 1, 1.3, 2])
      expect(
        exponent(
          sizes,
          sizes.map((n) => 7 * n ** power),
        ),
      ).toBeCloseTo(power, 10);
  });

  test('lies between those of the parts where they differ', () => {
    expect(exponent([1, 10, 100], [1, 10, 1000])).toBeCloseTo(1.5, 10);
  });

  test('is refused where there is no line to fit', () => {
    expect(() => exponent([4, 4], [1, 2])).toThrow(RangeError);
    expect(() => exponent([1, 2], [1])).toThrow(RangeError);
  });
});
