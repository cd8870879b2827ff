import { readersAmong } from '../loops/edges.ts';
import { axesOver, axisRef, type Loop, load, type Origin, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import { type Group, singleton, tensorsReadBy } from '../schedule/group.ts';
import { readsElsewhere } from '../schedule/oldValue.ts';
import { circlesFrom } from './circles.ts';
import { earliestLevels, groupDependencies } from './levels.ts';

/** A state's next value: who writes it, and who else reads the old one. */
export interface Update {
  readonly writer: Group;
  readonly readers: readonly Group[];
  readonly next: Tensor;
  readonly state: Tensor;
  /** Why it cannot be in place even if nobody else read the old value. */
  readonly hazard: string | null;
}

/** Every update, and why it cannot be in place: null where it can. */
export function updatesOf(
  groups: readonly Group[],
): { readonly update: Update; readonly reason: string | null }[] {
  const read = readersAmong(groups, tensorsReadBy);
  const updates = groups.flatMap((writer) => updatesBy(writer, read));
  const circle = circles(groups, updates);
  return updates.map((update) => {
    const { writer, readers, hazard } = update;
    const own = circle.get(writer);
    const inCircle = own !== undefined && readers.some((reader) => circle.get(reader) === own);
    return {
      update,
      reason: hazard ?? (inCircle ? 'who reads the old value comes after who writes the new one' : null),
    };
  });
}

function updatesBy(writer: Group, read: ReadonlyMap<Tensor, readonly Group[]>): Update[] {
  return writer.loops.flatMap((loop) =>
    loop.outs.flatMap(({ tensor: next }): Update[] => {
      const state = next.over;
      if (state === undefined) return [];
      const readers = (read.get(state) ?? []).filter((group) => group !== writer);
      return [{ writer, readers, next, state, hazard: readsElsewhere(writer, next, state) }];
    }),
  );
}

/** For each group the circle in which it would have to come after others if every update were in place, where there is one. */
function circles(groups: readonly Group[], updates: readonly Update[]): Map<Group, ReadonlySet<Group>> {
  const after = new Map(groups.map((group) => [group, new Set<Group>()] as const));
  const sources = groupDependencies(groups);
  for (const group of groups) for (const source of sources(group)) after.get(source)?.add(group);
  for (const { writer, readers, hazard } of updates)
    if (hazard === null) for (const reader of readers) after.get(reader)?.add(writer);
  const found = circlesFrom(groups, (group) => after.get(group) ?? []);
  return new Map(found.flatMap((circle) => [...circle].map((group) => [group, circle] as const)));
}

/** A loop that copies one tensor to another of its shape. */
export function copyLoop(from: Tensor, to: Tensor, origin: readonly Origin[]): Loop {
  const axes = axesOver(to.shape, 'i');
  const outs = [{ tensor: to, at: axes, value: load(from, axes.map(axisRef)) }];
  return { name: `copy_${to.name}`, axes, reduceAxes: [], reductions: [], outs, origin };
}

/** The next values of states whose old ones the group that makes them reads itself where they may have been written over. */
export const hazardsOf = memoized((group: Group): readonly Tensor[] =>
  group.loops.flatMap((loop) =>
    loop.outs.flatMap(({ tensor }) =>
      tensor.over !== undefined && readsElsewhere(group, tensor, tensor.over) !== null ? [tensor] : [],
    ),
  ),
);

/**
 * The dispatch of each group, as early as it can be, and the next values of states that cannot be updated in place: these
 * hold nothing up, and are copied in the end.
 */
export function earliestDispatches(groups: readonly Group[]): {
  readonly level: ReadonlyMap<Group, number>;
  readonly copied: ReadonlySet<Tensor>;
} {
  const hazards = new Set(groups.flatMap(hazardsOf));
  const level = earliestLevels(groups, hazards);
  if (level !== null) return { level, copied: hazards };
  const copied = new Set(
    updatesOf(groups).flatMap(({ update, reason }) => (reason === null ? [] : [update.next])),
  );
  const without = earliestLevels(groups, copied);
  if (without === null) throw new RangeError('groups read one another in a circle');
  return { level: without, copied };
}

/** The copy of a next value over its state: one for each, so that its price is found once. */
export const copyOf = memoized((next: Tensor): Group => {
  const from: Tensor = { name: `${next.name}_new`, shape: next.shape, dtype: next.dtype, role: 'temp' };
  return singleton(copyLoop(from, next, []));
});
