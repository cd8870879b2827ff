import { alg, Graph } from '@dagrejs/graphlib';
import { readersAmong } from '../loops/edges.ts';
import { axesOver, axisRef, type Loop, load, type Origin, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import { type Group, singleton, tensorsReadBy } from '../schedule/group.ts';
import { readsElsewhere } from '../schedule/oldValue.ts';
import { groupDependencies } from './levels.ts';

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
    const inCircle = readers.some((reader) => circle.get(reader) === circle.get(writer));
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

/**
 * For each group a number, the same for groups that would have to come after one another in a circle if
 * every update were in place: the strongly connected components of reads and updates.
 */
function circles(groups: readonly Group[], updates: readonly Update[]): Map<Group, number> {
  const digraph = new Graph({ directed: true });
  const name = new Map(groups.map((group, k) => [group, String(k)] as const));
  const edge = (from: Group, to: Group): void => {
    digraph.setEdge(name.get(from) ?? '', name.get(to) ?? '');
  };
  for (const id of name.values()) digraph.setNode(id);
  const data = groupDependencies(groups);
  for (const group of groups) for (const source of data(group)) edge(source, group);
  for (const { writer, readers, hazard } of updates)
    if (hazard === null) for (const reader of readers) edge(reader, writer);
  const component = new Map(alg.tarjan(digraph).flatMap((ids, k) => ids.map((id) => [id, k] as const)));
  return new Map([...name].map(([group, id]) => [group, component.get(id) ?? -1]));
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
 * The copies that updates need which cannot be in place.
 *
 * @param isCircular whether updates in place would close a circle somewhere
 */
export function copiesFor(groups: readonly Group[], isCircular: boolean): Group[] {
  if (!isCircular && groups.every((group) => hazardsOf(group).length === 0)) return [];
  return updatesOf(groups).flatMap(({ update, reason }) => (reason === null ? [] : [copyOf(update.next)]));
}

/** The copy of a next value over its state: one for each, so that its price is found once. */
export const copyOf = memoized((next: Tensor): Group => {
  const from: Tensor = { name: `${next.name}_new`, shape: next.shape, dtype: next.dtype, role: 'temp' };
  return singleton(copyLoop(from, next, []));
});
