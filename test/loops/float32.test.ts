import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortestFloat } from '../../src/loops/index.ts';

test('the shortest number of a float32 has the digits that a person wrote', () => {
  const written = [0.1, -2.5, 1e-45, 3e38, 16777216, 0, -0];
  expect(written.map((value) => shortestFloat(Math.fround(value)))).toEqual(written);
  expect([Infinity, -Infinity, Number.NaN].map(shortestFloat)).toEqual([Infinity, -Infinity, Number.NaN]);
});

test('the shortest number of any float32 is that float32 again', () => {
  fc.assert(
    fc.property(fc.float(), (value) => {
      expect(Math.fround(shortestFloat(value))).toBe(value);
    }),
  );
});
