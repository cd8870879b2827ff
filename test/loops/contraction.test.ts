import { describe, expect, it } from 'vitest';
import { type Contraction, contractionOf } from '../../src/loops/index.ts';
import { parseLoops, printExpr } from '../../src/loops/text.ts';

/** The contraction that a loop is, its sides as text. */
function sides(axes: string, reduce: string, body: string): Record<string, readonly string[]> | null {
  const [loop] = parseLoops(`tensor x: f32[6, 10] input
tensor w: f32[10, 4] input
tensor y: f32[6, 4] temp
loop y(${axes}) reduce(${reduce}):
  r0 = sum(${body})
  y[i, j] = r0.0
`);
  if (loop === undefined) throw new Error('no loop');
  const found = contractionOf(loop);
  if (found === null) return null;
  const { a, b, m, n, batch }: Contraction = found;
  const names = (list: Contraction['m']): string[] => list.map((axis) => axis.name);
  return {
    a: a.map((e) => printExpr(e)),
    b: b.map((e) => printExpr(e)),
    m: names(m),
    n: names(n),
    batch: names(batch),
  };
}

describe('a contraction', () => {
  it('is a sum of products of two sides', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'x[i, k] * w[k, j]')).toEqual({
      a: ['x[i, k]'],
      b: ['w[k, j]'],
      m: ['i'],
      n: ['j'],
      batch: [],
    });
  });

  it('guards both sides, so that what is left out is no product with what may be infinite', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'select(3 < k && k < 9, x[i, k] * w[k, j], 0.0)')).toEqual({
      a: ['select(3 < k && k < 9, x[i, k], 0.0)'],
      b: ['select(3 < k && k < 9, w[k, j], 0.0)'],
      m: ['i'],
      n: ['j'],
      batch: [],
    });
  });

  it('has the axes of a guard on both sides', () => {
    const two = (guard: string): unknown =>
      sides('i: 6, h: 2, j: 4', 'k: 10', `select(${guard}, x[i, k] * w[k, j], 0.0)`);
    expect(two('h < k')).toEqual({
      a: ['select(h < k, x[i, k], 0.0)'],
      b: ['select(h < k, w[k, j], 0.0)'],
      m: ['i'],
      n: ['j'],
      batch: ['h'],
    });
    expect(two('i < k')).toBeNull();
    expect(two('i < j')).toBeNull();
  });

  it('is none where what is left out is not zero', () => {
    expect(sides('i: 6, j: 4', 'k: 10', 'select(k < 9, x[i, k] * w[k, j], 1.0)')).toBeNull();
  });
});
