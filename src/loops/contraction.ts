import { type Axis, apply, axesIn, type Expr, float, loadsIn } from './expr.ts';
import { guarded, guardedTerm } from './guard.ts';
import { walkOf } from './lists.ts';
import type { Loop } from './loop.ts';
import { memoized } from './memo.ts';

/**
 * A sum of products of two sides: `Σ a · b`, where some parallel axes occur in `a` alone (`m`) and some in
 * `b` alone (`n`). Axes in both or in neither are `batch`; the sum is over any number of axes. The graph's `contract`
 * over whatever dimensions, its `convolve`, products that are written as `mul` and `sum`, and the gradients of all of them
 * have this shape: they are recognised here alone, and by nothing but it.
 *
 * A guard around the products, `select(inside, a · b, 0)`, guards both sides, so that what is left out is 0 · 0 whatever
 * lies there; its axes are then axes of both.
 */
export interface Contraction {
  readonly a: readonly Expr[];
  readonly b: readonly Expr[];
  readonly m: readonly Axis[];
  readonly n: readonly Axis[];
  readonly batch: readonly Axis[];
}

/** The contraction that a loop's first reduction is, or null. */
export const contractionOf = memoized(recognise);

function recognise(loop: Loop): Contraction | null {
  const reduction = loop.reductions[0];
  // Terms that lists name are few, whatever they are.
  if (walkOf(loop) !== null) return null;
  if (reduction === undefined || reduction.monoid !== 'sum' || reduction.body.dtype !== 'f32') return null;
  const parallel = new Set(loop.axes);
  const ownAxes = (...exprs: Expr[]): Set<Axis> =>
    new Set([...axesIn(...exprs)].filter((axis) => parallel.has(axis)));
  const within = (x: ReadonlySet<Axis>, y: ReadonlySet<Axis>): boolean => [...x].every((axis) => y.has(axis));
  const { guards, value: product } = guardedTerm(reduction) ?? { guards: [], value: reduction.body };
  const factors = factorsOf(product).map((expr) => ({ expr, axes: ownAxes(expr) }));
  const [first, ...rest] = factors;
  if (first === undefined) return null;
  const second = rest.find((f) => !within(f.axes, first.axes));
  if (second === undefined) return null;
  const a = [first.expr];
  const b = [second.expr];
  for (const factor of rest) {
    if (factor === second) continue;
    if (within(factor.axes, first.axes)) a.push(factor.expr);
    else if (within(factor.axes, second.axes)) b.push(factor.expr);
    else return null;
  }
  const sides = guards.length === 0 ? [a, b] : [[underGuards(guards, a)], [underGuards(guards, b)]];
  const [sideA = a, sideB = b] = sides;
  const [ofA, ofB] = [ownAxes(...sideA), ownAxes(...sideB)];
  const m = loop.axes.filter((axis) => ofA.has(axis) && !ofB.has(axis));
  const n = loop.axes.filter((axis) => ofB.has(axis) && !ofA.has(axis));
  if (m.length === 0 || n.length === 0) return null;
  const batch = loop.axes.filter((axis) => !m.includes(axis) && !n.includes(axis));
  return { a: sideA, b: sideB, m, n, batch };
}

function underGuards(guards: readonly Expr[], factors: readonly Expr[]): Expr {
  const value = factors.reduce((x, y) => apply('mul', x, y));
  return guarded({ guards, value, neutral: float(0) });
}

function factorsOf(expr: Expr): Expr[] {
  return expr.kind === 'apply' && expr.op === 'mul' ? expr.args.flatMap(factorsOf) : [expr];
}

/**
 * Whether a side of a contraction is contiguous along the reduction (its last index moves with a reduction
 * axis) rather than along its own rows or columns.
 *
 * @param own the side's axes that the other side lacks
 */
export function runsAlongReduction(
  factors: readonly Expr[],
  own: readonly Axis[],
  reduce: readonly Axis[],
): boolean {
  for (const l of loadsIn(...factors)) {
    const last = l.at[l.at.length - 1];
    if (last === undefined || l.tensor.role === 'rows') continue;
    const axes = axesIn(last);
    if (own.some((axis) => axes.has(axis))) return false;
    if (reduce.some((axis) => axes.has(axis))) return true;
  }
  return false;
}
