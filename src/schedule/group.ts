import { tensorsRead, writers } from '../loops/edges.ts';
import { type Axis, type Expr, type Loop, loadsIn, type Monoid, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Schedule } from './schedule.ts';

/**
 * Loops that one dispatch (or a part of a packed one) runs: a single loop, or a *row program*, a chain of
 * loops that read each other at the same row only.
 */
export interface Group {
  readonly loops: readonly Loop[];
  /** For each loop its row axes, in one common order; empty lists for a single loop and for one workgroup. */
  readonly rows: readonly (readonly Axis[])[];
  /** Tensors that no other group reads: they need no buffer. */
  readonly locals: readonly Tensor[];
  /** Loops of one element that every workgroup computes for itself first. */
  readonly prologue: readonly Loop[];
  /** Partial reductions of what this group's only loop makes, by workgroup. */
  readonly partials: readonly Partial[];
  /** Its schedule, once others count on it: partial results are as many as its workgroups. */
  readonly schedule?: Schedule;
}

/**
 * The first half of a split reduction: over the elements that one workgroup makes, `monoid` of `body`, an expression like
 * an output's value. Along the axes `at` it is not reduced: the workgroup has a part for each element of these that it
 * makes. What covers all of them once makes part 0, and so on (`src/schedule/partials.ts`).
 */
export interface Partial {
  /** `[parts, ...at]`; where the monoid has several parts, these are one more dimension, the last. */
  readonly tensor: Tensor;
  readonly at: readonly Axis[];
  readonly monoid: Monoid;
  readonly body: Expr;
}

/** One dispatch: groups that do not depend on one another, each with workgroups of its own. */
export interface Stage {
  readonly groups: readonly Group[];
}

/** A group of one loop. */
export function singleton(loop: Loop): Group {
  return { loops: [loop], rows: [[]], locals: [], prologue: [], partials: [] };
}

/** The tensors that a group writes, partial results included. */
export const tensorsWritten = memoized((group: Group): readonly Tensor[] => [
  ...group.loops.flatMap((loop) => loop.outs.map((out) => out.tensor)),
  ...group.partials.map((p) => p.tensor),
]);

/** The tensors that a group reads, partial results included, and does not make in its prologue. */
export const tensorsReadBy = memoized((group: Group): ReadonlySet<Tensor> => {
  const own = writers(group.prologue);
  const tensors = new Set([...group.prologue, ...group.loops].flatMap((loop) => [...tensorsRead(loop)]));
  for (const { tensor } of loadsIn(...group.partials.map((p) => p.body))) tensors.add(tensor);
  return new Set([...tensors].filter((tensor) => !own.has(tensor)));
});

/** The tensors that a group makes for itself alone, and that have a place inside its kernel. */
export const tensorsInside = memoized(
  (group: Group): ReadonlySet<Tensor> =>
    new Set([...group.locals, ...group.prologue.flatMap((loop) => loop.outs.map((out) => out.tensor))]),
);

/** A name for tables: that of its loops, shortened. */
export function groupName(group: Group): string {
  const names = [...new Set(group.loops.map((loop) => loop.name))];
  return names.length > 2 ? `${names[0]}..${names[names.length - 1]}` : names.join('+');
}

/** Every loop a group of its own: nothing is joined. */
export function singletons(loops: readonly Loop[]): Group[] {
  return loops.map(singleton);
}

/**
 * All loops of some groups in order, each tensor written once: the first of the copies that prologues have.
 *
 * @param groups in an order that runs
 */
export function loopsIn(groups: readonly Group[]): Loop[] {
  const written = new Set<Tensor>();
  return groups.flatMap((group) =>
    [...group.prologue, ...group.loops].flatMap((loop) => {
      const outs = loop.outs.filter((out) => !written.has(out.tensor));
      for (const out of outs) written.add(out.tensor);
      if (outs.length === loop.outs.length) return [loop];
      return outs.length === 0 ? [] : [{ ...loop, outs }];
    }),
  );
}
