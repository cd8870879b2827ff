import { inOrder, writers } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, type Stage, singleton } from '../schedule/group.ts';
import { IDLE, type Load, microsOfLoad, withTime } from '../schedule/time.ts';
import type { Decisions } from './decisions.ts';
import { byLevel, groupDependencies } from './levels.ts';
import { priceOf, ROUNDING } from './price.ts';
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
  const end = Math.max(0, ...level.values());
  const latest = new Map<Group, number>();
  const members = new Map<number, Set<Group>>();
  for (const group of order) {
    const at = level.get(group) ?? 0;
    members.set(at, (members.get(at) ?? new Set()).add(group));
  }
  const loads = new Map<number, Load>();
  /** What the groups of a dispatch take: kept until one comes or goes. */
  const loadAt = (at: number): Load => {
    let load = loads.get(at);
    if (load === undefined) {
      load = loadOf(members.get(at) ?? [], machine);
      loads.set(at, load);
    }
    return load;
  };
  for (const group of [...order].reverse()) {
    const now = level.get(group) ?? 0;
    let best = now;
    let least = 0;
    let leaving = 0;
    const last = latest.get(group) ?? end;
    if (now < last) {
      const others = [...(members.get(now) ?? [])].filter((other) => other !== group);
      leaving = microsOf(loadOf(others, machine), machine) - microsOf(loadAt(now), machine);
    }
    for (let at = now + 1; at <= last; at++) {
      const load = loadAt(at);
      const change = leaving + microsOf(withGroup(load, group, machine), machine) - microsOf(load, machine);
      if (change >= least - ROUNDING) continue;
      least = change;
      best = at;
    }
    if (best !== now) {
      members.get(now)?.delete(group);
      members.get(best)?.add(group);
      loads.delete(now);
      loads.delete(best);
      level.set(group, best);
    }
    for (const source of sources(group)) latest.set(source, Math.min(latest.get(source) ?? end, best - 1));
  }
}

/** What some groups take that share a dispatch, as far as a schedule of each fits the machine. */
function loadOf(groups: Iterable<Group>, machine: Machine): Load {
  let load = IDLE;
  for (const group of groups) load = withGroup(load, group, machine);
  return load;
}

function withGroup(load: Load, group: Group, machine: Machine): Load {
  const time = priceOf(group, machine);
  return time === null ? load : withTime(load, time);
}

/** Microseconds of a dispatch; none where there is nothing to do. */
function microsOf(load: Load, machine: Machine): number {
  return load === IDLE ? 0 : microsOfLoad(load) + machine.dispatch;
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
