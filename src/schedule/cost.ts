import {
  type Expr,
  type Loop,
  loadsIn,
  type ScalarDef,
  scalarOps,
  subexpressions,
  walkOf,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';

/** What evaluating expressions once takes, whatever machine does it. */
export interface Evaluation {
  /** Arithmetic, in additions: the operations' own costs; integers inside of indices do not count. */
  readonly arithmetic: number;
  readonly loads: number;
}

/** What expressions take to evaluate once; shared subexpressions count once. */
export function evaluationOf(...roots: readonly Expr[]): Evaluation {
  let arithmetic = 0;
  let loads = 0;
  for (const expr of subexpressions(...roots)) {
    if (expr.kind === 'load') loads += 1;
    if (expr.kind === 'apply' && expr.dtype !== 'i32')
      arithmetic += (scalarOps[expr.op] satisfies ScalarDef).cost;
  }
  return { arithmetic, loads };
}

/** What a loop takes: once a term of its reductions, and once an element of its outputs. */
export interface LoopEvaluation {
  readonly term: Evaluation;
  readonly element: Evaluation;
  /** How many loads wait for one another before an element is there: an index that is loaded comes before. */
  readonly depth: number;
}

/** What a loop takes to evaluate; a term's combination is one addition a reduction. */
export const loopEvaluation = memoized((loop: Loop): LoopEvaluation => {
  const walk = walkOf(loop);
  const terms = (walk?.loop ?? loop).reductions.map((r) => r.body);
  const bodies = walk === null ? terms : [...terms, walk.next];
  const values = loop.outs.map((out) => out.value);
  const term = evaluationOf(...bodies);
  return {
    term: { ...term, arithmetic: term.arithmetic + loop.reductions.length },
    element: evaluationOf(...values),
    depth: depthOfLoads(bodies) + depthOfLoads(values),
  };
});

function depthOfLoads(exprs: readonly Expr[]): number {
  return Math.max(0, ...loadsIn(...exprs).map((l) => (loadsIn(...l.at).length > 0 ? 2 : 1)));
}
