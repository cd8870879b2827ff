import type { Axis } from './index.ts';

/** One of the loops that a reduction is made of: over the elements of an axis, or over runs of them. */
export interface Run {
  readonly axis: Axis;
  /** Elements of the axis that a turn takes. */
  readonly step: number;
  /** Whether each turn has accumulators of its own, which then join those around the loop. */
  readonly isOwn: boolean;
}

/** Turns of a run. */
const TURNS = 32;

/** Terms that are added to one accumulator, one after the other, at most. */
const MOST_TERMS = 64;

/**
 * The loops of a reduction, outermost first. A long one is added up in runs, runs of runs, and so on: no accumulator
 * takes more than `MOST_TERMS` terms, so that rounding errors grow with the logarithm of the length.
 *
 * @param axes outermost first
 * @param steps elements of an axis that are taken at once, by invocations or vectors side by side; 1 elsewhere
 * @param terms that an accumulator takes at each turn of the innermost loop
 */
export function runsOf(
  axes: readonly Axis[],
  steps: ReadonlyMap<Axis, number> = new Map(),
  terms = 1,
): Run[] {
  const runs: Run[] = [];
  // Terms that accumulators have taken when the loops so far are done.
  let taken = terms;
  for (const axis of [...axes].reverse()) {
    let step = steps.get(axis) ?? 1;
    let turns = Math.ceil(axis.extent / step);
    const add = (isOwn: boolean): void => {
      runs.push({ axis, step, isOwn });
      if (isOwn) taken = 1;
    };
    add(taken * turns > MOST_TERMS && 2 * taken > TURNS);
    while (taken * turns > MOST_TERMS) {
      const length = Math.floor(TURNS / taken);
      step *= length;
      turns = Math.ceil(turns / length);
      add(true);
    }
    taken *= turns;
  }
  return runs.reverse();
}
