import type { Expr } from './expr.ts';
import type { Reduction } from './loop.ts';
import { monoidDef } from './monoid.ts';

/** A term of a reduction, and the conditions under which it counts: else it is the neutral element. */
export interface GuardedTerm {
  readonly guards: readonly Expr[];
  readonly value: Expr;
  readonly neutral: Expr;
}

/** The guarded term that a reduction's body is; null where it has no guard, or every term is needed. */
export function guardedTerm({ monoid, body }: Reduction): GuardedTerm | null {
  if (body.kind !== 'apply' || body.op !== 'select') return null;
  const [condition, value, other] = body.args;
  const [neutral, ...parts] = monoidDef(monoid).identity(body.dtype);
  if (condition === undefined || value === undefined || other?.kind !== 'const') return null;
  // What counts positions, or how many there are, needs every term.
  if (parts.length > 0 || neutral?.kind !== 'const' || !Object.is(other.value, neutral.value)) return null;
  return { guards: conjuncts(condition), value, neutral };
}

/** The conditions that all hold where `condition` does. */
function conjuncts(condition: Expr): Expr[] {
  if (condition.kind !== 'apply' || condition.op !== 'and') return [condition];
  return condition.args.flatMap(conjuncts);
}
