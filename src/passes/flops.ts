import { type Expr, isFloat, type Loop, subexpressions } from '../loops/index.ts';

/**
 * Floating-point operations of one run of a loop, as it is written: each float operation of an expression is
 * one, whatever it costs, and so is each combination of a reduction. Recomputation counts; conversions,
 * comparisons and selects do not.
 */
export function loopFlops(loop: Loop): number {
  const parallel = loop.axes.reduce((n, axis) => n * axis.extent, 1);
  const reduced = loop.reduceAxes.reduce((n, axis) => n * axis.extent, 1);
  const bodies = loop.reductions.reduce(
    (n, r) => n + operations(r.body) + (isFloat(r.body.dtype) ? 1 : 0),
    0,
  );
  return parallel * (reduced * bodies + operations(...loop.outs.map((out) => out.value)));
}

function operations(...roots: readonly Expr[]): number {
  let count = 0;
  for (const e of subexpressions(...roots)) {
    if (e.kind !== 'apply' || !isFloat(e.dtype) || e.op === 'select' || e.op === 'cast') continue;
    count++;
  }
  return count;
}
