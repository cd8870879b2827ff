import { expect, test } from 'vitest';
import { endOf, spansOf } from '../../web/panels/steps.ts';

test('dispatches follow one another, each after what it takes by itself', () => {
  const spans = spansOf([
    { role: 'forward', overhead: 2, micros: 10 },
    { role: 'backward', overhead: 2, micros: 5 },
  ]);
  expect(spans.map(({ dispatch, from }) => [dispatch, from])).toEqual([
    [0, 0],
    [1, 12],
  ]);
  expect(endOf(spans)).toBe(19);
});

test('a step without dispatches takes no time', () => {
  expect(endOf(spansOf([]))).toBe(0);
});
