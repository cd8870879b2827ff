import { type Expr, type Loop, type ScalarDef, scalarOps, subexpressions } from '../loops/index.ts';

/**
 * What an expression costs to evaluate once, in additions: the operations' own costs, and one for a load.
 * Shared subexpressions count once; integer index arithmetic inside loads does not count.
 */
export function evaluationCost(...roots: readonly Expr[]): number {
  let cost = 0;
  for (const expr of subexpressions(...roots)) {
    if (expr.kind === 'load') cost += 1;
    if (expr.kind === 'apply' && expr.dtype !== 'i32') cost += (scalarOps[expr.op] satisfies ScalarDef).cost;
  }
  return cost;
}

/** Arithmetic of one run of a loop: the whole domain times the cost of its expressions. */
export function loopWork(loop: Loop): number {
  const parallel = loop.axes.reduce((n, axis) => n * axis.extent, 1);
  const reduced = loop.reduceAxes.reduce((n, axis) => n * axis.extent, 1);
  const bodies = loop.reductions.reduce((n, r) => n + evaluationCost(r.body) + 1, 0);
  return parallel * (reduced * bodies + evaluationCost(...loop.outs.map((out) => out.value)));
}

/** Up to this cost an element is computed anew wherever it is read, rather than stored once. */
export const CHEAP = 8;

/** Up to this cost, decoding what no step has written (an input, a parameter) is repeated at every load. */
export const CHEAP_DECODE = 32;
