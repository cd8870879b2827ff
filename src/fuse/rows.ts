import { readers, tensorSize, tensorsRead, writers } from '../loops/edges.ts';
import {
  type Axis,
  accessesOf,
  axisOf,
  contractionOf,
  domainSize,
  type Loop,
  type Tensor,
} from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import { loopWork } from '../schedule/cost.ts';
import { type Group, singleton } from '../schedule/group.ts';
import {
  localBytes,
  rowBytes,
  rowCount,
  rowLanes,
  rowsPerBlock,
  streamedBytes,
  streamedTensors,
} from '../schedule/rowResources.ts';
import { Dataflow, groupAccess } from './dataflow.ts';
import type { Decisions } from './decisions.ts';
import { movementText } from './movement.ts';
import { type Joined, Pairs } from './pairs.ts';

/** Arithmetic that one workgroup may do alone rather than leave to a dispatch of its own. */
const SMALL_WORK = 16384;

/**
 * What joining a reduction to the contraction that it normalises may stream, in units of
 * `bytesPerDispatch`: such a chain (last layer, softmax, its gradient) would else take three dispatches, and
 * workgroup memory for the tiles of the lone contraction is all that it loses.
 */
const NORMALISATION = 128;

/**
 * Move 4 of fusion: chains of loops that read each other only at the same row become one group. A workgroup
 * owns a block of rows and runs the loops as phases; what is not a row (weights) is streamed by every block,
 * which is the cost.
 */
export function groupRows(loops: readonly Loop[], profile: Profile, decisions: Decisions): Group[] {
  const flow = new Dataflow(loops.map(singleton), groupAccess);
  const read = readers(loops);
  const pairs = new Pairs(flow, (from, to) => joined(from, to, read, profile));
  for (let found = true; found; ) found = joinFirst(flow, pairs, decisions);
  return flow.items.map((group) => ({
    ...group,
    locals: held(localsOf(group, read), rowCount(group), profile),
  }));
}

/** Joins the first two groups that can be one, and says so; false where there are none. */
function joinFirst(flow: Dataflow<Group>, pairs: Pairs, decisions: Decisions): boolean {
  for (const to of flow.items) {
    for (const from of flow.sorted(flow.sourcesOf(to)).reverse()) {
      const merged = pairs.joined(from, to);
      if (merged === null) continue;
      if (typeof merged === 'string') {
        decisions.refuse('rows', lastLoop(from), firstLoop(to), merged);
        continue;
      }
      decisions.take('rows', lastLoop(from), firstLoop(to), 'they read each other at the same row only');
      flow.join(from, to, merged);
      return true;
    }
  }
  return false;
}

/**
 * The locals that have a place inside the kernel. An invocation that computes alone holds them in private
 * memory, of which there is little: the largest then go through its slice of a buffer.
 */
function held(locals: readonly Tensor[], rows: number, profile: Profile): Tensor[] {
  if (profile.cooperative) return [...locals];
  let free = profile.privateMemory;
  return [...locals]
    .sort((a, b) => tensorSize(a) - tensorSize(b))
    .filter((tensor) => {
      free -= localBytes([tensor], rows);
      return free >= 0;
    });
}

/** The groups that each group reads from. */
export function groupDependencies(groups: readonly Group[]): (group: Group) => Set<Group> {
  const writer = new Map<Tensor, Group>();
  for (const group of groups) {
    for (const loop of group.loops) for (const out of loop.outs) writer.set(out.tensor, group);
    for (const partial of group.partials) writer.set(partial.tensor, group);
  }
  return (group) => {
    const result = new Set<Group>();
    const own = writers(group.prologue);
    for (const loop of [...group.prologue, ...group.loops]) {
      for (const tensor of tensorsRead(loop)) {
        const from = own.has(tensor) ? undefined : writer.get(tensor);
        if (from !== undefined && from !== group) result.add(from);
      }
    }
    return result;
  };
}

/**
 * Two groups as one row program, or the reason why they are not.
 *
 * @param read who reads each tensor
 */
function joined(from: Group, to: Group, read: Readers, profile: Profile): Joined {
  const refused = (result: string): Joined => ({ result, untiled: null });
  const loops = [...from.loops, ...to.loops];
  for (const writer of loops) {
    for (const { tensor } of writer.outs) {
      const reader = loops.find(
        (l) => l !== writer && tensor.over !== undefined && tensorsRead(l).has(tensor.over),
      );
      if (reader !== undefined)
        return refused(`${reader.name} reads ${tensor.over?.name}, which ${writer.name} writes in place`);
    }
  }
  const rows = rowAxes(loops);
  if (typeof rows === 'string') {
    const work = loops.reduce((n, loop) => n + loopWork(loop), 0);
    if (work > SMALL_WORK) return refused(rows);
    const [one, other] = [isScalar(from), isScalar(to)];
    if (one && !other) return refused('each workgroup that reads it can compute it for itself');
    const temps = to.loops.flatMap((l) => l.outs).filter((o) => o.tensor.role === 'temp');
    if (!one && other && localsOf(to, read).length < temps.length)
      return refused('each workgroup that reads the result can compute it for itself');
    return { result: fits({ ...from, loops, rows: loops.map(() => []) }, read, profile), untiled: null };
  }
  const group: Group = { ...from, loops, rows };
  const reason = leavesIdle(group, profile) ?? streamsTooMuch(from, to, group, profile);
  return { result: reason ?? fits(group, read, profile), untiled: tilesLost(from, to) };
}

/**
 * A large contraction is not joined to what leaves most of the machine idle while few blocks of rows compute it: a
 * convolution and the statistics of its few channels, say.
 */
function leavesIdle(group: Group, profile: Profile): string | null {
  const { cooperative, parallelWorkgroups, blockRows, mostIdle } = profile;
  const rows = rowCount(group);
  const workgroups = Math.ceil(rows / (cooperative ? 1 : rowLanes(rows, profile)));
  for (const [k, loop] of group.loops.entries()) {
    const contraction = contractionOf(loop);
    if (contraction === null) continue;
    const { m, n, batch } = contraction;
    const side = (group.rows[k] ?? []).some((axis) => m.includes(axis)) ? m : n;
    const blocks = Math.min(workgroups, domainSize(batch) * Math.ceil(domainSize(side) / blockRows));
    const products = domainSize([...loop.axes, ...loop.reduceAxes]);
    const longer = products / blocks - products / parallelWorkgroups;
    if (longer > mostIdle)
      return `${loop.name} would be computed in ${blocks} blocks of rows, each ${Math.round(longer)} products longer than if all of the machine shared it; a dispatch is worth ${mostIdle}`;
  }
  return null;
}

/**
 * The contraction whose tiles would lose workgroup memory, which they have where one runs alone. A loop that is no
 * contraction is worth that only if what follows the contraction then takes fewer dispatches.
 */
function tilesLost(from: Group, to: Group): Loop | null {
  const [only, ...more] = from.loops;
  const hasTiles = only !== undefined && more.length === 0 && contractionOf(only) !== null;
  return hasTiles && to.loops.every((loop) => contractionOf(loop) === null) ? only : null;
}

/** Whether every loop of a group has one element. */
export function isScalar(group: Group): boolean {
  return group.loops.every((loop) => domainSize(loop.axes) === 1);
}

function fits(group: Group, read: Readers, profile: Profile): Group | string {
  const bytes = rowBytes({ ...group, locals: localsOf(group, read) }, profile);
  if (bytes > profile.workgroupMemory) {
    return `a row's intermediates take ${bytes} bytes of workgroup memory, there are ${profile.workgroupMemory}`;
  }
  return group;
}

/**
 * The cost of a row program beside separate dispatches: the contractions lose their tiles, and stream what
 * they share between rows once for each row block.
 */
function streamsTooMuch(from: Group, to: Group, group: Group, profile: Profile): string | null {
  const streamed = streamedBytes(group);
  const rows = rowCount(group);
  const blocks = Math.ceil(rows / rowsPerBlock(rows, streamed, profile));
  const contracts = to.loops.some((loop) => contractionOf(loop) !== null);
  const known =
    from.loops.length > 1 || contracts
      ? streamedTensors({ ...group, loops: from.loops, rows: group.rows.slice(0, from.loops.length) })
      : new Set<Tensor>();
  const more = [
    ...streamedTensors({ ...group, loops: to.loops, rows: group.rows.slice(from.loops.length) }),
  ].filter((t) => !known.has(t));
  if (contracts && more.length === 0) return null;
  const allowed = profile.bytesPerDispatch * (contracts ? 1 : NORMALISATION);
  if (streamed * blocks <= allowed) return null;
  const name = more[0]?.name ?? 'its operands';
  return `${blocks} row blocks would each stream ${streamed} bytes (${name} …): ${streamed * blocks} in all, a dispatch is worth ${allowed}`;
}

/** Who reads each tensor. */
type Readers = ReadonlyMap<Tensor, readonly Loop[]>;

/** Temporaries of a group that no loop outside reads. */
function localsOf(group: Group, read: Readers): Tensor[] {
  const own = new Set(group.loops);
  return group.loops
    .flatMap((l) => l.outs.map((o) => o.tensor))
    .filter((t) => t.role === 'temp' && (read.get(t) ?? []).every((reader) => own.has(reader)));
}

/**
 * The axes along which the loops are rows: parallel in all of them, and every read between them is at the
 * same index. Two axes belong together where a read links them; a class that a read crosses (a reduction over
 * it, a shifted index) is no row.
 *
 * @returns for each loop its row axes, in one order; or the reason why there are none
 */
export function rowAxes(loops: readonly Loop[]): Axis[][] | string {
  const parent = new Map<Axis, Axis>();
  const find = (axis: Axis): Axis => {
    const up = parent.get(axis);
    return up === undefined || up === axis ? axis : find(up);
  };
  const crossed = new Map<Axis, string>();
  const writer = writers(loops);
  for (const reader of loops) {
    for (const access of accessesOf(reader)) {
      const l = access.load;
      const from = writer.get(l.tensor);
      const out = from?.outs.find((o) => o.tensor === l.tensor);
      if (from === undefined || out === undefined) continue;
      for (const axis of from.axes) {
        if (!out.at.includes(axis) && axis.extent > 1)
          crossed.set(axis, `${l.tensor.name} is without axis ${axis.name}`);
      }
      for (const [d, axis] of out.at.entries()) {
        const index = access.dimensions[d];
        if (axis.extent === 1 || index === undefined) continue;
        const own = axisOf(index);
        if (own !== undefined && reader.axes.includes(own) && own.extent === axis.extent) {
          if (find(own) !== find(axis)) parent.set(find(own), find(axis));
        } else {
          crossed.set(axis, movementText(reader, access, d));
        }
      }
    }
  }
  const bad = new Map([...crossed].map(([axis, why]) => [find(axis), why] as const));
  const first = loops[0];
  const rows: Axis[] = (first?.axes ?? []).filter((axis) => {
    const root = find(axis);
    if (axis.extent === 1 || bad.has(root)) return false;
    return loops.every((loop) => loop.axes.filter((a) => find(a) === root).length === 1);
  });
  if (rows.length === 0) return [...bad.values()][0] ?? 'they share no axis';
  const own = loops.map((loop) => rows.map((row) => loop.axes.find((a) => find(a) === find(row)) ?? row));
  return withTiles(loops, own);
}

/**
 * Row axes that leave every contraction a tile: where some are on both of its sides (the images and the channels of
 * a convolution that is pooled), those of the side that the outermost row is not on are no rows.
 */
function withTiles(loops: readonly Loop[], rows: Axis[][]): Axis[][] {
  let kept = rows;
  for (const k of loops.keys()) {
    const contraction = loops[k] === undefined ? null : contractionOf(loops[k]);
    const own = kept[k] ?? [];
    if (contraction === null || !own.some((axis) => contraction.m.includes(axis))) continue;
    const { m, n } = contraction;
    const outermost = own.find((axis) => m.includes(axis) || n.includes(axis));
    const other = outermost !== undefined && m.includes(outermost) ? n : m;
    const stays = own.map((axis) => !other.includes(axis));
    kept = kept.map((axes) => axes.filter((_, position) => stays[position]));
  }
  return kept;
}

function firstLoop(group: Group): Loop {
  const loop = group.loops[0];
  if (loop === undefined) throw new RangeError('a group without loops');
  return loop;
}

function lastLoop(group: Group): Loop {
  return group.loops[group.loops.length - 1] ?? firstLoop(group);
}
