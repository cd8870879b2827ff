import { inOrder, writers } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, type Stage, singleton } from '../schedule/group.ts';
import type { Decisions } from './decisions.ts';
import { DispatchTime } from './dispatchTime.ts';
import { byLevel, groupDependencies } from './levels.ts';
import { copyLoop, type Update, updatesOf } from './updates.ts';

/**
 * Move 6 of fusion, and updates in place: which dispatch each group belongs to. A group comes after those that it reads from, and, where
 * it writes a state over its old value, after the other groups that read the old value; groups of one dispatch are
 * packed. A group that could run in several dispatches runs where it costs least time.
 *
 * Where updating in place would close a circle (two states that swap), or a state is read elsewhere than at the
 * element written, the new value goes to a temporary, and a last group copies it. All states of a circle do:
 * that takes one dispatch more, however many they are.
 *
 * @param pack whether groups of one depth share a dispatch
 */
export function assignStages(
  groups: readonly Group[],
  machine: Machine,
  decisions: Decisions,
  pack = true,
): Stage[] {
  const { all, after } = orderUpdates(groups, decisions);
  const data = groupDependencies(all);
  const direct = new Map(
    all.map((group) => [group, new Set([...data(group), ...(after.get(group) ?? [])])] as const),
  );
  const sources = (group: Group): ReadonlySet<Group> => direct.get(group) ?? new Set();
  const order = inOrder(all, sources);
  const level = new Map<Group, number>();
  for (const group of order)
    level.set(group, Math.max(0, ...[...sources(group)].map((g) => (level.get(g) ?? 0) + 1)));
  useSlack(order, sources, level, machine);
  const stages = byLevel(all, level);
  if (!pack) return stages.flatMap(({ groups }) => groups.map((group) => ({ groups: [group] })));
  for (const { groups: members } of stages) {
    for (const other of members.slice(1)) {
      const [first] = members;
      if (first !== undefined)
        decisions.take('pack', groupName(first), groupName(other), 'neither reads what the other writes');
    }
  }
  return stages;
}

/**
 * Moves groups that could come later to the dispatch in which they cost least time: beside a longer one a short one is
 * free. The last ones first, so that those before them have room.
 */
function useSlack(
  order: readonly Group[],
  sources: (group: Group) => ReadonlySet<Group>,
  level: Map<Group, number>,
  machine: Machine,
): void {
  const latest = new Map<Group, number>();
  const dispatches = new Map<number, DispatchTime>();
  const dispatch = (at: number): DispatchTime => {
    const known = dispatches.get(at) ?? new DispatchTime(machine);
    dispatches.set(at, known);
    return known;
  };
  for (const group of order) dispatch(level.get(group) ?? 0).add(group);
  const end = dispatches.size - 1;
  for (const group of [...order].reverse()) {
    const now = level.get(group) ?? 0;
    const last = latest.get(group) ?? end;
    let best = now;
    let least = dispatch(now).picos;
    dispatch(now).remove(group);
    least -= dispatch(now).picos;
    // No dispatch is better than one that takes no longer with it.
    for (let at = now + 1; at <= last && least > 0; at++) {
      const there = dispatch(at);
      const without = there.picos;
      there.add(group);
      const more = there.picos - without;
      there.remove(group);
      if (more >= least) continue;
      least = more;
      best = at;
    }
    dispatch(best).add(group);
    level.set(group, best);
    for (const source of sources(group)) latest.set(source, Math.min(latest.get(source) ?? end, best - 1));
  }
}

/** The groups, with copies where an update cannot be in place, and the groups that each must come after. */
function orderUpdates(
  groups: readonly Group[],
  decisions: Decisions,
): { all: Group[]; after: Map<Group, Set<Group>> } {
  const renamed = new Map<Group, Group>();
  const copies = new Map<Group, Update>();
  const inPlace: Update[] = [];
  for (const { update, reason } of updatesOf(groups)) {
    const { writer, readers, next, state } = update;
    if (reason === null) {
      inPlace.push(update);
      for (const reader of readers) {
        const why = `${state.name} is written over once it was read`;
        decisions.take('in place', groupName(reader), groupName(writer), why);
      }
      continue;
    }
    decisions.refuse('in place', groupName(writer), state.name, reason);
    const through = throughTemporary(renamed.get(writer) ?? writer, next);
    renamed.set(writer, through.renamed);
    copies.set(through.copy, update);
  }
  const now = (group: Group): Group => renamed.get(group) ?? group;
  const after = new Map<Group, Set<Group>>();
  for (const { writer, readers } of inPlace) {
    after.set(now(writer), new Set([...(after.get(now(writer)) ?? []), ...readers.map(now)]));
  }
  for (const [copy, { writer, readers }] of copies)
    after.set(copy, new Set([now(writer), ...readers.map(now)]));
  return { all: [...groups.map(now), ...copies.keys()], after };
}

/** The group writing a temporary instead of a state, and the group that copies it over the state. */
function throughTemporary(writer: Group, next: Tensor): { renamed: Group; copy: Group } {
  const temp: Tensor = { name: `${next.name}_new`, shape: next.shape, dtype: next.dtype, role: 'temp' };
  const loops = writer.loops.map((l) => ({
    ...l,
    outs: l.outs.map((o) => (o.tensor === next ? { ...o, tensor: temp } : o)),
  }));
  const origin = writer.loops.find((l) => writers([l]).has(next))?.origin ?? [];
  return { renamed: { ...writer, loops }, copy: singleton(copyLoop(temp, next, origin)) };
}
