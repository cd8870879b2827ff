import { type Expr, subexpressions, ValueNumbers } from './expr.ts';
import type { Loop, Out } from './loop.ts';
import { memoized } from './memo.ts';
import { isOwnElement } from './position.ts';

/** A loop that changes the states that it is written over only where a condition holds. */
export interface Changed {
  /** On parallel axes and memory, not on what is reduced. */
  readonly condition: Expr;
  /** The loop as it is where the condition holds. */
  readonly loop: Loop;
}

/**
 * What a loop changes where each of its outputs is `select(condition, next, old)`, of which `old` is the very element that it is
 * written over: elsewhere nothing has to be computed, read or stored. Null of any other loop.
 */
export const changedWhere = memoized((loop: Loop): Changed | null => {
  let condition: Expr | null = null;
  const outs: Out[] = [];
  for (const out of loop.outs) {
    const [own, next, old] = out.value.kind === 'apply' && out.value.op === 'select' ? out.value.args : [];
    if (own === undefined || next === undefined || old === undefined || !isOldValue(old, out)) return null;
    if (subexpressions(own).some((e) => e.kind === 'acc')) return null;
    if (condition !== null && !new ValueNumbers().same(condition, own)) return null;
    condition = own;
    outs.push({ ...out, value: next });
  }
  return condition === null ? null : { condition, loop: { ...loop, outs } };
});

/** Whether an expression is the element that an output is written over. */
export function isOldValue(expr: Expr, out: Out): boolean {
  return expr.kind === 'load' && expr.tensor === out.tensor.over && isOwnElement(expr, out);
}
