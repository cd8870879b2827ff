import {
  type Axis,
  axesOver,
  axisRef,
  type Expr,
  type Loop,
  load,
  loadsIn,
  loopLoads,
  type Tensor,
} from '../../loops/index.ts';
import type { Decisions } from './decisions.ts';
import { inOrder, tensorsRead, writers } from './edges.ts';
import { type Group, groupName, type Stage, singleton } from './group.ts';
import { groupDependencies } from './rows.ts';

/**
 * Moves 6 and 7 of fusion: which dispatch each group belongs to. A group comes one dispatch after the last
 * one that it reads from, and, where it writes a state over its old value, after the last other group that
 * reads the old value; groups of one dispatch are packed.
 *
 * Where updating in place would close a circle (two states that swap, a state that is read elsewhere than
 * at the element written), the new value goes to a temporary, and a last group copies it.
 *
 * @param pack whether groups of one depth share a dispatch
 */
export function assignStages(groups: readonly Group[], decisions: Decisions, pack = true): Stage[] {
  const { all, after } = orderUpdates(groups, decisions);
  const data = groupDependencies(all);
  const direct = (group: Group): Set<Group> => new Set([...data(group), ...(after.get(group) ?? [])]);
  const level = new Map<Group, number>();
  for (const group of inOrder(all, direct)) {
    level.set(group, Math.max(0, ...[...direct(group)].map((g) => (level.get(g) ?? 0) + 1)));
  }
  const stages: Group[][] = [];
  for (const group of all) {
    const at = level.get(group) ?? 0;
    while (stages.length <= at) stages.push([]);
    stages[at]?.push(group);
  }
  if (!pack) return stages.flatMap((members) => members.map((group) => ({ groups: [group] })));
  for (const stage of stages) {
    for (const other of stage.slice(1)) {
      const [first] = stage;
      if (first !== undefined)
        decisions.take('pack', groupName(first), groupName(other), 'neither reads what the other writes');
    }
  }
  return stages.map((members) => ({ groups: members }));
}

/** The groups, with copies where an update cannot be in place, and the groups that each must come after. */
function orderUpdates(
  groups: readonly Group[],
  decisions: Decisions,
): { all: Group[]; after: Map<Group, Set<Group>> } {
  let all = [...groups];
  const after = new Map<Group, Set<Group>>();
  const states = groups
    .flatMap((g) => g.loops.flatMap((l) => l.outs.map((o) => o.tensor)))
    .filter((t) => t.over !== undefined);
  for (const next of states) {
    const state = next.over;
    const writer = all.find((g) => g.loops.some((l) => l.outs.some((o) => o.tensor === next)));
    if (state === undefined || writer === undefined) continue;
    const others = all.filter((g) => g !== writer && loopsOf(g).some((l) => tensorsRead(l).has(state)));
    const data = groupDependencies(all);
    const reason =
      readsElsewhere(writer, next, state) ??
      (others.some((g) => dependsOn(g, writer, data, after))
        ? 'a group that reads the old value comes after the new one'
        : null);
    if (reason === null) {
      after.set(writer, new Set([...(after.get(writer) ?? []), ...others]));
      for (const g of others)
        decisions.take(
          'in place',
          groupName(g),
          groupName(writer),
          `${state.name} is written over once it was read`,
        );
      continue;
    }
    decisions.refuse('in place', groupName(writer), state.name, reason);
    const { renamed, copy } = throughTemporary(writer, next);
    const moved = after.get(writer);
    after.delete(writer);
    if (moved !== undefined) after.set(renamed, moved);
    for (const set of after.values()) if (set.delete(writer)) set.add(renamed);
    all = [...all.map((g) => (g === writer ? renamed : g)), copy];
    after.set(copy, new Set([...others.map((g) => (g === writer ? renamed : g)), renamed]));
  }
  return { all, after };
}

/**
 * Whether the group that writes a state reads its old value anywhere but in the same invocation just before:
 * in another loop, in a reduction's body, or at another element.
 */
function readsElsewhere(writer: Group, next: Tensor, state: Tensor): string | null {
  for (const loop of loopsOf(writer)) {
    const out = loop.outs.find((o) => o.tensor === next);
    const inBodies = loop.reductions.some((r) => readsOf(state, r.body).length > 0);
    const reads = loopLoads(loop).filter((l) => l.tensor === state);
    if (reads.length === 0) continue;
    if (out === undefined) return `${loop.name} reads it in another phase of the same group`;
    if (inBodies) return `${loop.name} reduces over it`;
    const same = reads.every((l) =>
      l.at.every((e, d) => out.at[d]?.extent === 1 || (e.kind === 'axis' && e.axis === out.at[d])),
    );
    if (!same) return `${loop.name} reads it elsewhere than at the element that it writes`;
    // An output that lacks some axes is written by the owner alone; outputs over more axes are other invocations'.
    const lacks = (at: readonly Axis[], axis: Axis): boolean => axis.extent > 1 && !at.includes(axis);
    const others = loop.outs.filter((o) =>
      loop.axes.some((axis) => lacks(o.at, axis) !== lacks(out.at, axis)),
    );
    if (others.some((o) => readsOf(state, o.value).length > 0))
      return `${loop.name} reads it in an output over other axes`;
  }
  if (writer.partials.some((p) => readsOf(state, p.body).length > 0)) return 'a partial reduction reads it';
  return null;
}

function readsOf(tensor: Tensor, expr: Expr): Expr[] {
  return loadsIn(expr).filter((l) => l.tensor === tensor);
}

function loopsOf(group: Group): Loop[] {
  return [...group.prologue, ...group.loops];
}

function dependsOn(
  from: Group,
  on: Group,
  data: (group: Group) => Set<Group>,
  after: ReadonlyMap<Group, Set<Group>>,
  seen: Set<Group> = new Set(),
): boolean {
  if (from === on) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return [...data(from), ...(after.get(from) ?? [])].some((g) => dependsOn(g, on, data, after, seen));
}

/** The group writing a temporary instead of a state, and the group that copies it over the state. */
function throughTemporary(writer: Group, next: Tensor): { renamed: Group; copy: Group } {
  const temp: Tensor = { name: `${next.name}_new`, shape: next.shape, dtype: next.dtype, role: 'temp' };
  const loops = writer.loops.map((l) => ({
    ...l,
    outs: l.outs.map((o) => (o.tensor === next ? { ...o, tensor: temp } : o)),
  }));
  const origin = writer.loops.find((l) => writers([l]).has(next))?.origin ?? [];
  const axes = axesOver(next.shape, 'i');
  const copy: Loop = {
    name: `copy_${next.name}`,
    axes,
    reduceAxes: [],
    scan: false,
    reductions: [],
    outs: [{ tensor: next, at: axes, value: load(temp, axes.map(axisRef)) }],
    origin,
  };
  return { renamed: { ...writer, loops }, copy: singleton(copy) };
}
