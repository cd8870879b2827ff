import {
  apply,
  byteSize,
  type Dtype,
  type Expr,
  int,
  load,
  mapExpr,
  type Origin,
  type Tensor,
  varRef,
} from '../../loops/index.ts';
import type { Range } from '../../loops/interval.ts';
import { simplify } from '../../loops/simplify.ts';
import type { Machine } from '../../machine/index.ts';
import { type Scheduled, scheduleWorkgroups } from '../../schedule/best.ts';
import { type Group, groupName, type Stage } from '../../schedule/group.ts';
import { type LiveGrid, liveGridOf, liveWorkgroupsExpr } from '../../schedule/liveGrid.ts';
import { resourcesOf, sharedBytesOf } from '../../schedule/resources.ts';
import type { WorkgroupSchedule } from '../../schedule/schedule.ts';
import { type Element, type Kernel, LOCAL_ID, mapStatement, type Stmt, WORKGROUP_ID } from '../kernel.ts';
import { Names } from '../names.ts';
import { Body } from './body.ts';
import { emitContract } from './contract.ts';
import { emitList } from './list.ts';
import { emitMap } from './map.ts';
import { emitReduce } from './reduce.ts';
import { comment, emitPrologue, emitRows } from './rows.ts';

/** The groups of a stage with their schedules, in the order in which its kernel has them. */
export function scheduledGroups(stage: Stage, machine: Machine): Scheduled<WorkgroupSchedule>[] {
  return inGridOrder(
    stage.groups.map((group) => scheduleWorkgroups(group, machine)),
    machine,
  );
}

/** What is a stage's own of a kernel that it may share with others: a valid identifier made of a name, and its nodes. */
export function ownOf(stage: Stage, name: string): Pick<Kernel, 'name' | 'origin'> {
  const origin: Origin[] = [
    ...new Set(stage.groups.flatMap((g) => [...g.prologue, ...g.loops].flatMap((l) => l.origin))),
  ];
  return { name: new Names([WORKGROUP_ID, LOCAL_ID]).fresh(name), origin };
}

/**
 * The kernel of one stage. Several groups are *packed*: each takes a range of workgroups. Since a workgroup
 * runs one group only, their workgroup arrays share one array for each element type.
 *
 * @param name the kernel's name; a valid identifier is made of it
 */
export function kernelOf(
  stage: Stage,
  machine: Machine,
  name: string,
): { kernel: Kernel; groups: Scheduled<WorkgroupSchedule>[] } {
  const names = new Names([WORKGROUP_ID, LOCAL_ID]);
  names.fresh(name);
  const ranges = new Map<string, Range>();
  const groups = scheduledGroups(stage, machine);
  const grid = groups.reduce((n, { schedule }) => n + schedule.workgroups, 0);
  ranges.set(WORKGROUP_ID, { low: 0, high: grid - 1 });
  const wg = varRef(WORKGROUP_ID, 'i32');
  const parts: { from: number; to: number; body: Stmt[]; arrays: Tensor[] }[] = [];
  let from = 0;
  let live: LiveGrid | null = null;
  for (const [k, { group, schedule }] of groups.entries()) {
    const into: Stmt[] = [];
    const ownLive = liveGridOf(group, schedule, machine);
    const own = from === 0 ? wg : varRef(names.fresh('wg'), 'i32');
    if (own.kind === 'var') ranges.set(own.name, { low: 0, high: schedule.workgroups - 1 });
    if (own.kind === 'var' && from > 0)
      into.push({ kind: 'let', name: own.name, value: apply('sub', wg, int(from)) });
    const alive = ownLive === null ? null : liveWorkgroupsExpr(ownLive);
    const makesParts = group.partials.length > 0;
    const body = new Body(machine, own, names, ranges, makesParts ? alive : null);
    into.push(...heading(group, schedule, stage.groups.length > 1));
    const write = (to: Stmt[]): void => {
      emitPrologue(body, group.prologue, to);
      const [loop, ...others] = group.loops;
      // The heading says it where nothing comes before, and row programs say it of each of theirs.
      if (loop !== undefined && others.length === 0 && group.prologue.length > 0) comment(loop, to);
      to.push(...emitGroup(body, group, schedule));
    };
    if (alive === null || makesParts) write(into);
    else if (k === groups.length - 1) {
      live = ownLive === null ? null : { ...ownLive, from };
      write(into);
    }
    // Where others follow, workgroups of what is not alive run, and leave at once.
    else body.if(apply('lt', own, alive), into, write);
    parts.push({ from, to: from + schedule.workgroups, body: into, arrays: body.arrays });
    from += schedule.workgroups;
  }
  const { bodies, arrays } = shareArrays(parts, names);
  const ends = parts.map(({ to }) => to);
  const body = branches(bodies, ends, wg);
  const kind = groups.length > 1 ? 'packed' : (groups[0]?.schedule.kind ?? 'map');
  return {
    kernel: {
      ...ownOf(stage, name),
      kind,
      workgroup: machine.workgroup,
      grid,
      ...(live === null ? {} : { live }),
      arrays,
      body,
    },
    groups,
  };
}

/**
 * One of several bodies by the number of the workgroup, found by halves: as a chain of choices, texts would grow with the square
 * of the number of bodies, and WGSL nests 127 blocks at most.
 *
 * @param ends for each body the number after its last workgroup
 */
function branches(bodies: readonly (readonly Stmt[])[], ends: readonly number[], wg: Expr): readonly Stmt[] {
  const [only, ...others] = bodies;
  if (only === undefined || others.length === 0) return only ?? [];
  const half = bodies.length >> 1;
  const body = branches(bodies.slice(0, half), ends.slice(0, half), wg);
  const otherwise = branches(bodies.slice(half), ends.slice(half), wg);
  return [{ kind: 'if', condition: apply('lt', wg, int(ends[half - 1] ?? 0)), body, otherwise }];
}

/** A stage in as many dispatches as its groups need workgroup memory for: one, except for rare neighbours. */
export function fitted(stage: Stage, machine: Machine): Stage[] {
  const { groups } = stage;
  const resources = groups.map((group) =>
    resourcesOf(group, scheduleWorkgroups(group, machine).schedule, machine),
  );
  if (groups.length < 2 || sharedBytesOf(resources) <= machine.workgroupMemory) return [stage];
  const half = groups.length >> 1;
  return [groups.slice(0, half), groups.slice(half)].flatMap((part) => fitted({ groups: part }, machine));
}

/** Bytes of workgroup memory that a kernel declares. */
export function sharedBytes(kernel: Kernel): number {
  const shared = kernel.arrays.filter((array) => array.role === 'workgroup');
  return shared.reduce((n, array) => n + byteSize(array.dtype) * Number(array.shape[0]), 0);
}

function emitGroup(body: Body, group: Group, schedule: WorkgroupSchedule): Stmt[] {
  const [loop] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  switch (schedule.kind) {
    case 'map':
      return emitMap(body, loop, schedule, group.partials);
    case 'reduce':
      return emitReduce(body, loop, schedule, group.partials);
    case 'list':
      return emitList(body, loop);
    case 'contract':
      return emitContract(body, loop, schedule, group.partials);
    case 'rows':
      return emitRows(body, group, schedule);
    default:
      return schedule satisfies never;
  }
}

/** Groups whose workgroups depend on a live extent last, the largest at the end: the grid of a step leaves out its dead ones. */
function inGridOrder(
  groups: readonly Scheduled<WorkgroupSchedule>[],
  machine: Machine,
): Scheduled<WorkgroupSchedule>[] {
  const rank = ({ group, schedule }: Scheduled<WorkgroupSchedule>): number =>
    group.partials.length > 0 || liveGridOf(group, schedule, machine) === null ? 0 : schedule.workgroups;
  return [...groups].sort((a, b) => rank(a) - rank(b));
}

/**
 * How a group is laid out, and, where the kernel holds several, which nodes it computes: comments above its
 * code. The kernel's own heading tells the nodes of the only group.
 */
function heading(group: Group, schedule: WorkgroupSchedule, several: boolean): Stmt[] {
  const nodes = several && group.loops.length === 1 ? group.loops.flatMap((loop) => loop.origin) : [];
  const lines = nodes.map(({ node, source }) => (source === undefined ? node : `${node}  at ${source}`));
  const first = `${schedule.kind}: ${groupName(group)}, ${schedule.workgroups} workgroups`;
  const [loop, ...others] = group.loops;
  const isAlone = loop !== undefined && others.length === 0 && group.prologue.length === 0;
  return [first, ...lines].map((text) => ({
    kind: 'comment',
    text,
    ...(isAlone ? { loop: loop.name } : {}),
  }));
}

/** Lays the workgroup arrays of several groups over one another: one array for each element type. */
function shareArrays(
  parts: readonly { body: Stmt[]; arrays: Tensor[] }[],
  names: Names,
): { bodies: Stmt[][]; arrays: Tensor[] } {
  const shared = parts.map((p) => p.arrays.filter((a) => a.role === 'workgroup'));
  if (shared.filter((arrays) => arrays.length > 0).length < 2) {
    return { bodies: parts.map((p) => p.body), arrays: parts.flatMap((p) => p.arrays) };
  }
  const length = (array: Tensor): number => Number(array.shape[0]);
  const types: Dtype[] = ['f32', 'i32', 'u32', 'bool'];
  const pools = new Map<Dtype, Tensor>();
  for (const dtype of types) {
    const most = Math.max(
      ...shared.map((arrays) => arrays.filter((a) => a.dtype === dtype).reduce((n, a) => n + length(a), 0)),
    );
    if (most > 0)
      pools.set(dtype, { name: names.fresh(`shared_${dtype}`), shape: [most], dtype, role: 'workgroup' });
  }
  const bodies = parts.map((part, k) => {
    const place = new Map<Tensor, { pool: Tensor; offset: number }>();
    const used = new Map<Dtype, number>();
    for (const array of shared[k] ?? []) {
      const pool = pools.get(array.dtype);
      if (pool === undefined) continue;
      const offset = used.get(array.dtype) ?? 0;
      place.set(array, { pool, offset });
      used.set(array.dtype, offset + length(array));
    }
    return part.body.map((stmt) => moveArrays(stmt, place));
  });
  const own = parts.flatMap((p) => p.arrays.filter((a) => a.role === 'private'));
  return { bodies, arrays: [...pools.values(), ...own] };
}

/** A statement with arrays moved into others at an offset. */
function moveArrays(stmt: Stmt, place: ReadonlyMap<Tensor, { pool: Tensor; offset: number }>): Stmt {
  const moved = (tensor: Tensor, at: readonly Expr[]): Element => {
    const to = place.get(tensor);
    const [index] = at;
    if (to === undefined || index === undefined) return { tensor, at };
    return { tensor: to.pool, at: [to.offset === 0 ? index : simplify(apply('add', index, int(to.offset)))] };
  };
  const expr = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      if (x.kind !== 'load' || !place.has(x.tensor)) return x;
      const { tensor, at } = moved(x.tensor, x.at);
      return load(tensor, at);
    });
  return mapStatement(stmt, expr, moved);
}
