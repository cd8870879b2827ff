import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endsAround, linearScale, logScale, logTicks, niceTicks } from '../../web/panels/scales.ts';

test('ticks are round and cover the axis', () => {
  expect(niceTicks(0, 141, 6)).toEqual([0, 50, 100]);
  expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(niceTicks(-3, 3, 6)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
  expect(niceTicks(5, 5, 4)).toEqual([5]);
});

test('there are never more ticks than asked for, and one, and all are on the axis', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1000, max: 1000, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (spans, span, count) => {
        const low = spans * span;
        const ticks = niceTicks(low, low + span, count);
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * span);
          expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6));
        }
      },
    ),
  );
});

test('an axis of ratios has 1, 2 and 5 in each decade, decades where there are many, and few of those where there are more', () => {
  expect(logTicks(3, 120, 6)).toEqual([5, 10, 20, 50, 100]);
  expect(logTicks(0.1, 1000, 6)).toEqual([0.1, 1, 10, 100, 1000]);
  expect(logTicks(1e-3, 1e9, 5)).toEqual([1e-3, 1, 1e3, 1e6, 1e9]);
});

test('there is room beside the outermost values of an axis of ratios', () => {
  const [low, high] = endsAround([2, 30, 8]);
  expect(low).toBeLessThan(2);
  expect(high).toBeGreaterThan(30);
});

test('an axis puts its ends at the ends of its pixels', () => {
  const linear = linearScale([0, 50], [10, 110]);
  expect([0, 25, 50].map(linear.at)).toEqual([10, 60, 110]);
  const upwards = logScale([1, 100], [200, 0]);
  expect([1, 10, 100].map(upwards.at)).toEqual([200, 100, 0]);
});

test('an axis without extent has one place', () => {
  expect(linearScale([3, 3], [10, 110]).at(3)).toBe(10);
});
