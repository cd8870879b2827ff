import { readersAmong } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import { type Group, type Stage, tensorsReadBy, tensorsWritten } from '../schedule/group.ts';

/** The groups that each group reads from. */
export function groupDependencies(groups: readonly Group[]): (group: Group) => Set<Group> {
  const writer = writersOf(groups);
  return (group) => {
    const result = new Set<Group>();
    for (const tensor of tensorsReadBy(group)) {
      const from = writer.get(tensor);
      if (from !== undefined && from !== group) result.add(from);
    }
    return result;
  };
}

function writersOf(groups: readonly Group[]): Map<Tensor, Group> {
  const writer = new Map<Tensor, Group>();
  for (const group of groups) for (const tensor of tensorsWritten(group)) writer.set(tensor, group);
  return writer;
}

/** Groups by the dispatch that each belongs to, in their order. */
export function byLevel(groups: readonly Group[], level: ReadonlyMap<Group, number>): Stage[] {
  const stages: Group[][] = [];
  for (const group of groups) {
    const at = level.get(group) ?? 0;
    while (stages.length <= at) stages.push([]);
    stages[at]?.push(group);
  }
  return stages.map((members) => ({ groups: members }));
}

/**
 * The dispatch of each group, as early as it can be: after those that it reads from, and, where it writes a state over
 * its old value, after those that read the old one; null where such updates close a circle.
 *
 * @param copied next values of states that hold nothing up: they are copied over the old ones in the end
 */
export function earliestLevels(
  groups: readonly Group[],
  copied: ReadonlySet<Tensor>,
): Map<Group, number> | null {
  const sources = groupDependencies(groups);
  const readers = readersAmong(groups, tensorsReadBy);
  const open = new Map<Group, number>();
  const after = new Map<Group, Group[]>();
  const follow = (first: Group, then: Group): void => {
    const list = after.get(first);
    if (list === undefined) after.set(first, [then]);
    else list.push(then);
    open.set(then, (open.get(then) ?? 0) + 1);
  };
  for (const group of groups) for (const source of sources(group)) follow(source, group);
  for (const group of groups)
    for (const next of tensorsWritten(group))
      for (const reader of (next.over === undefined || copied.has(next)
        ? undefined
        : readers.get(next.over)) ?? [])
        if (reader !== group) follow(reader, group);
  const level = new Map<Group, number>();
  const ready = groups.filter((group) => (open.get(group) ?? 0) === 0);
  for (let group = ready.pop(); group !== undefined; group = ready.pop()) {
    const own = level.get(group) ?? 0;
    level.set(group, own);
    for (const next of after.get(group) ?? []) {
      level.set(next, Math.max(own + 1, level.get(next) ?? 0));
      const left = (open.get(next) ?? 1) - 1;
      open.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return [...open.values()].some((left) => left > 0) ? null : level;
}
