import { expect } from 'vitest';
import type { Given } from '../../src/reference/index.ts';

/**
 * Expects an array of one shape whose elements differ by no more than `tolerance` times the largest expected
 * element; without tolerance they must be equal.
 */
export function expectClose(
  actual: Given | undefined,
  expected: Given,
  tolerance: number,
  what: string,
): void {
  expect(actual, `${what} is there`).toBeDefined();
  expect(actual?.shape, `shape of ${what}`).toEqual(expected.shape);
  let largest = 0;
  for (let k = 0; k < expected.data.length; k++) largest = Math.max(largest, Math.abs(expected.data[k] ?? 0));
  let worst = 0;
  let place = 0;
  for (let k = 0; k < expected.data.length; k++) {
    const distance = Math.abs((actual?.data[k] ?? Number.NaN) - (expected.data[k] ?? Number.NaN));
    // A NaN is farther away than any number.
    if (distance <= worst) continue;
    worst = Number.isNaN(distance) ? Infinity : distance;
    place = k;
  }
  const found = `element ${place} of ${what} is ${actual?.data[place]}, not ${expected.data[place]}`;
  expect(worst, found).toBeLessThanOrEqual(tolerance * largest);
}
