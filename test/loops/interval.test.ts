import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affineExpr, affineOf } from '../../src/loops/affine.ts';
import type { Axis } from '../../src/loops/index.ts';
import { Ranges, rangeOf } from '../../src/loops/interval.ts';
import { parseExpr, printExpr } from '../../src/loops/text.ts';
import { assignments, evaluate, indices } from './expressions.ts';

const axes = new Map(
  Object.entries({ i: 10, j: 4, k: 3, l: 3 }).map(([name, extent]): [string, Axis] => [
    name,
    { name, extent },
  ]),
);
const parse = (text: string) => parseExpr(text, { axes });

describe('the range of an expression', () => {
  const cases: readonly [text: string, low: number, high: number][] = [
    ['i', 0, 9],
    ['i * 4 + j', 0, 39],
    ['i - j', -3, 9],
    ['(i + k - 1) // 2', -1, 5],
    ['(i - 1) % 4', 0, 3],
    ['i % 16', 0, 9],
    ['min(i, 5) + max(j, 2)', 2, 8],
    ['i - i', 0, 0],
    // What is left of a number without its remainder is a multiple.
    ['i - i % 4', 0, 8],
    ['i - i % 4 + j', 0, 11],
    ['(i + j) * 2 - (i + j) % 2', 0, 24],
    ['j - i % 4', -3, 3],
    ['-i * 3', -27, 0],
    ['abs(i - 4)', 0, 5],
    ['i32(i < 20)', 1, 1],
    ['i * 1000000000', -2147483648, 2147483647],
    ['live(batch<=128)', 0, 128],
    ['i % (j - 2)', -1, 0],
    ['bitAnd(i - 5, 6)', 0, 6],
    ['bitOr(i, j)', 0, 15],
    ['bitXor(i, 20)', 0, 31],
    ['shiftLeft(i, 3)', 0, 72],
    ['shiftLeft(i, k)', -2147483648, 2147483647],
    ['shiftRight(i * 100 - 50, 2)', -13, 212],
    ['shiftRight(i - 5, j - 1)', -5, 4],
  ];
  for (const [text, low, high] of cases) {
    it(`is ${low}..${high} for ${text}`, () => {
      expect(rangeOf(parse(text))).toEqual({ low, high });
    });
  }

  const guarded: readonly [text: string, low: number, high: number][] = [
    ['select(0 <= i - 1 && i - 1 < 8, i - 1, 0)', 0, 7],
    ['select(i - 1 < 0, 0, i - 1)', 0, 8],
    ['select(!(i + k < 2) && i + k <= 5, i * 2 + k * 2 - 4, 0)', 0, 6],
    ['select(i < 1 || 8 < i, 0, i - 1)', 0, 7],
    ['select(i == 3, i * 2, 6)', 6, 6],
    ['select(i != 0, i - 1, 0)', 0, 8],
    ['select(i // 2 < 3, i, 0)', 0, 5],
    ['select(i < j, i, 0)', 0, 2],
    // What is alive is at most what may be.
    ['select(i * 4 + j < live(batch<=5) * 4, (i * 4 + j) // 4, 0)', 0, 4],
    // What pads both dimensions of an image: both guards bound the one number of the element.
    ['select(1 <= i + k && i + k < 5 && 1 <= j + l && j + l < 5, (i + k - 1) * 4 + (j + l - 1), 0)', 0, 15],
  ];
  for (const [text, low, high] of guarded) {
    it(`is ${low}..${high} under the guard in ${text}`, () => {
      expect(rangeOf(parse(text))).toEqual({ low, high });
    });
  }

  it('holds every value that the expression takes', () => {
    const all = assignments();
    fc.assert(
      fc.property(indices, (expr) => {
        const { low, high } = rangeOf(expr);
        for (const at of all) {
          const value = evaluate(expr, at);
          expect(value >= low && value <= high).toBe(true);
        }
      }),
      { numRuns: 1500, seed: 5 },
    );
  });

  it('is what the caller says of a leaf', () => {
    const range = rangeOf(parse('i * 2'), (leaf) => (leaf.kind === 'axis' ? { low: 3, high: 4 } : undefined));
    expect(range).toEqual({ low: 6, high: 8 });
  });

  it('does not change where a condition tells nothing of integers', () => {
    const ranges = new Ranges();
    expect(ranges.under(parseExpr('1.0 < 2.0'), true)).toBe(ranges);
  });
});

describe('the affine form', () => {
  it('gathers terms and constants, and is written with few operations', () => {
    const text = (e: string): string => printExpr(affineExpr(affineOf(parse(e))));
    expect(text('(i + 3) * 4 - i + j * -1')).toBe('i * 3 - j + 12');
    expect(text('28 + i * 28')).toBe('i * 28 + 28');
    expect(text('i * 4 + j * 4 + 4')).toBe('(i + j + 1) * 4');
    expect(text('5 - i')).toBe('5 - i');
    expect(text('i - i')).toBe('0');
  });
});
