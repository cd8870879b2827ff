import { guarded, guardedTerm } from '../loops/guard.ts';
import {
  type Axis,
  apply,
  axesIn,
  type Expr,
  float,
  type Loop,
  loadsIn,
  ValueNumbers,
} from '../loops/index.ts';

/** The bodies of a loop's reductions, and the condition on data under which alone they count. */
export interface ChosenTerms {
  readonly condition: Expr | null;
  readonly bodies: readonly Expr[];
}

/**
 * The terms of a loop with what data says of all vectors alike taken out, as of rows that an index picks: a term that
 * does not count is left out then. Accumulators start from the neutral element, so that their bits are those with it.
 */
export function chosenTerms({ reductions, reduceAxes }: Loop, lane: Axis | null): ChosenTerms {
  const bodies = reductions.map(({ body }) => body);
  const [first, ...others] = reductions.map(guardedTerm);
  if (first === undefined || first === null || (lane !== null && reduceAxes.includes(lane)))
    return { condition: null, bodies };
  const numbers = new ValueNumbers();
  const isChoice = (guard: Expr): boolean =>
    loadsIn(guard).length > 0 && (lane === null || !axesIn(guard).has(lane));
  const choices = first.guards.filter(
    (guard) => isChoice(guard) && others.every((o) => o?.guards.some((g) => numbers.same(g, guard)) === true),
  );
  // A choice may be read only where the guards before it hold.
  const isSafe = choices.every((choice, k) => first.guards[k] === choice);
  if (choices.length === 0 || !isSafe) return { condition: null, bodies };
  return {
    condition: choices.reduce((a, b) => apply('and', a, b)),
    bodies: [first, ...others].map((term, k) => {
      if (term === null) return bodies[k] ?? float(0);
      const guards = term.guards.filter((guard) => !choices.some((choice) => numbers.same(choice, guard)));
      return guarded({ ...term, guards });
    }),
  };
}
