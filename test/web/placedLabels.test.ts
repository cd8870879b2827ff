import { expect, test } from 'vitest';
import { placedLabels } from '../../web/panels/placedLabels.ts';

test('a label that would cover another, or an obstacle, does not stand', () => {
  const box = (x: number, y: number) => ({ x, y, width: 10, height: 10 });
  expect(placedLabels([box(0, 20), box(5, 20), box(20, 20), box(0, 45)], [box(15, 15)])).toEqual([
    true,
    false,
    false,
    true,
  ]);
});
