import {
  type Axis,
  type Contraction,
  contractionOf,
  type Loop,
  runsAlongReduction,
  ValueNumbers,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';

/**
 * The contraction that a loop is, its sides in such an order that neighbouring columns (`n`) are neighbours in memory,
 * where the outputs are stored and where operands are loaded, if rows (`m`) are not: neighbouring invocations then load
 * and store neighbouring elements.
 */
export const orientedContraction = memoized((loop: Loop): Contraction | null => {
  const c = contractionOf(loop);
  if (c === null) return null;
  const [m, n] = [neighbours(loop, c.a, c.m), neighbours(loop, c.b, c.n)];
  return m > n ? { ...c, a: c.b, b: c.a, m: c.n, n: c.m } : c;
});

/** How many of a loop's outputs, and whether operands, are contiguous along the axes of one side. */
function neighbours(loop: Loop, factors: Contraction['a'], axes: readonly Axis[]): number {
  const stored = loop.outs.filter((out) => {
    const last = out.at.filter((axis) => axis.extent > 1).at(-1);
    return last !== undefined && axes.includes(last);
  });
  return stored.length + (runsAlongReduction(factors, axes, loop.reduceAxes) ? 0 : 1);
}

/** Of which side of a contraction each further sum beside the products is. */
export const guestSides = memoized((loop: Loop): readonly ('a' | 'b')[] => {
  const c = loop.reductions.length > 1 ? orientedContraction(loop) : null;
  if (c === null) return [];
  const numbers = new ValueNumbers();
  return loop.reductions.slice(1).map(({ body }) => {
    if (c.a.length === 1 && c.a[0] !== undefined && numbers.same(c.a[0], body)) return 'a';
    if (c.b.length === 1 && c.b[0] !== undefined && numbers.same(c.b[0], body)) return 'b';
    throw new RangeError(`${loop.name}: a sum beside a contraction must be of one of its sides`);
  });
});
