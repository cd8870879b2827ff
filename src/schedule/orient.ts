import { type Axis, type Contraction, contractionOf, type Loop, runsAlongReduction } from '../loops/index.ts';

/**
 * The contraction that a loop is, its sides in such an order that neighbouring columns (`n`) are neighbours in memory,
 * where the outputs are stored and where operands are loaded, if rows (`m`) are not: neighbouring invocations then load
 * and store neighbouring elements.
 */
export function orientedContraction(loop: Loop): Contraction | null {
  const c = contractionOf(loop);
  if (c === null) return null;
  const [m, n] = [neighbours(loop, c.a, c.m), neighbours(loop, c.b, c.n)];
  return m > n ? { ...c, a: c.b, b: c.a, m: c.n, n: c.m } : c;
}

/** How many of a loop's outputs, and whether operands, are contiguous along the axes of one side. */
function neighbours(loop: Loop, factors: Contraction['a'], axes: readonly Axis[]): number {
  const stored = loop.outs.filter((out) => {
    const last = out.at.filter((axis) => axis.extent > 1).at(-1);
    return last !== undefined && axes.includes(last);
  });
  return stored.length + (runsAlongReduction(factors, axes, loop.reduceAxes) ? 0 : 1);
}
