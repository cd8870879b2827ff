import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/fuse/heap.ts';

interface Item {
  readonly gain: number;
  readonly number: number;
}

describe('a heap', () => {
  it('gives what a search through all items would give: the best, and the first of those that tie', () => {
    const gains = fc.array(fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }), { maxLength: 60 });
    fc.assert(
      fc.property(gains, (steps) => {
        const heap = new Heap<Item>((a, b) => a.gain > b.gain);
        let plain: Item[] = [];
        for (const [number, gain] of steps.entries()) {
          if (gain !== null) {
            heap.push({ gain, number });
            plain.push({ gain, number });
          } else {
            const best = plain.find((item) => plain.every((other) => other.gain <= item.gain));
            plain = plain.filter((item) => item !== best);
            expect(heap.pop()).toEqual(best);
          }
          expect(heap.size).toBe(plain.length);
        }
      }),
    );
  });

  it('compares some times the logarithm of its size for each item', () => {
    let compared = 0;
    const heap = new Heap<number>((a, b) => {
      compared++;
      return a > b;
    });
    const count = 4096;
    for (let k = 0; k < count; k++) heap.push((k * 2654435761) % 4093);
    for (let k = 0; k < count; k++) heap.pop();
    expect(heap.size).toBe(0);
    expect(compared).toBeLessThan(6 * count * Math.log2(count));
  });
});
