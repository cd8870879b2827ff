import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Block } from '../../web/panels/liveRanges.ts';
import { sharingBytes, sharingCounts } from '../../web/panels/sharing.ts';

function block(
  name: string,
  offset: number,
  bytes: number,
  from: number,
  to: number,
  arena = 'temps',
): Block {
  return { name, arena, offset, bytes, from, to, persists: false };
}

test('tensors share bytes where their places meet and their times do not', () => {
  const [a, b, c, d] = [
    block('a', 0, 8, 0, 1),
    block('b', 4, 8, 2, 3),
    block('c', 8, 4, 2, 3),
    block('d', 0, 4, 1, 4),
  ];
  expect(sharingBytes(a, [a, b, c, d])).toEqual([d, b]);
});

test('as many share bytes with each as the plain definition finds', () => {
  const small = fc.integer({ min: 0, max: 12 });
  const blocks = fc.array(fc.tuple(small, small, small, small, fc.boolean()), { maxLength: 30 });
  fc.assert(
    fc.property(blocks, (places) => {
      const some = places.map(([offset, bytes, from, lasts, isOther], k) =>
        block(`t${k}`, offset, bytes, from, from + lasts, isOther ? 'words' : 'temps'),
      );
      const counts = sharingCounts(some);
      for (const one of some) expect(counts.get(one)).toBe(sharingBytes(one, some).length);
    }),
  );
});

test('tensors that all take turns in the same bytes are counted without a look at each pair', () => {
  const size = 500;
  let looks = 0;
  const some = Array.from({ length: size }, (_, k): Block => {
    const { offset, ...rest } = block(`t${k}`, 0, 64, k, k + 1);
    return {
      ...rest,
      get offset() {
        looks++;
        return offset;
      },
    };
  });
  expect(sharingCounts(some).get(some[0] ?? block('none', 0, 0, 0, 0))).toBe(size - 1);
  expect(looks).toBeLessThan(20 * size);
});
