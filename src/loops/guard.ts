import { apply, type Expr, loadsIn } from './expr.ts';
import type { Reduction } from './loop.ts';
import { monoidDef } from './monoid.ts';

/** A term of a reduction, and the conditions under which it counts: else it is the neutral element. */
export interface GuardedTerm {
  /** Each may be evaluated where all before it hold. */
  readonly guards: readonly Expr[];
  readonly value: Expr;
  readonly neutral: Expr;
}

/** The guarded term that a reduction's body is; null where it has no guard, or every term is needed. */
export function guardedTerm({ monoid, body }: Reduction): GuardedTerm | null {
  const [neutral, ...parts] = monoidDef(monoid).identity(body.dtype);
  // What counts positions, or how many there are, needs every term.
  if (parts.length > 0 || neutral?.kind !== 'const') return null;
  const guards: Expr[] = [];
  let value = body;
  while (value.kind === 'apply' && value.op === 'select') {
    const [condition, chosen, other] = value.args;
    if (condition === undefined || chosen === undefined) break;
    if (other?.kind !== 'const' || !Object.is(other.value, neutral.value)) break;
    guards.push(...conjuncts(condition));
    value = chosen;
  }
  return guards.length === 0 ? null : { guards, value, neutral };
}

/**
 * A guarded term as an expression. Conditions on the axes alone come first, joined: they bound what the others load. A
 * condition that loads is read where all of these hold, never beside them.
 */
export function guarded({ guards, value, neutral }: GuardedTerm): Expr {
  const loads = (guard: Expr): boolean => loadsIn(guard).length > 0;
  const bounds = guards.filter((guard) => !loads(guard));
  const inside = guards
    .filter(loads)
    .reduceRight((term, guard) => apply('select', guard, term, neutral), value);
  if (bounds.length === 0) return inside;
  return apply(
    'select',
    bounds.reduce((p, q) => apply('and', p, q)),
    inside,
    neutral,
  );
}

/** The conditions that all hold where `condition` does. */
function conjuncts(condition: Expr): Expr[] {
  if (condition.kind !== 'apply' || condition.op !== 'and') return [condition];
  return condition.args.flatMap(conjuncts);
}
