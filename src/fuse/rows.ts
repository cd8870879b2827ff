import { tensorSize, tensorsRead, writers } from '../loops/edges.ts';
import {
  type Axis,
  accessesOf,
  axisOf,
  contractionOf,
  domainSize,
  type Loop,
  type Tensor,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName } from '../schedule/group.ts';
import { localBytes, rowCount } from '../schedule/rows.ts';
import { movementText } from './movement.ts';
import { priceOf } from './price.ts';

/**
 * Move 4 of fusion: groups that read each other only at the same row as one *row program*. A workgroup owns a block of
 * rows and runs the loops as phases; what is not a row (weights) is streamed by every block. Two groups without common
 * rows are one workgroup's. Or the reason why they are not one.
 *
 * @param groups in an order that runs
 * @param isInside whether nobody but these reads a tensor
 */
export function rowProgram(
  groups: readonly Group[],
  isInside: (tensor: Tensor) => boolean,
  machine: Machine,
): Group | string {
  const [from, ...others] = groups;
  const to = others.at(-1);
  if (from === undefined || to === undefined) throw new RangeError('a row program of one group');
  const fixed = groups.find((group) => group.partials.length > 0);
  if (fixed !== undefined) return `others count on the workgroups of ${groupName(fixed)}`;
  const loops = groups.flatMap((group) => group.loops);
  // A read in an earlier phase, at the workgroup's own rows, would be safe, and any other one costs a copy in a dispatch of
  // its own. But such reads are of what is as small as the rows (gains of a norm), whose updates run beside longer groups:
  // where they were let in, no step of the benchmarks took less time. So one rule is enough: a state is written over by a
  // group that reads it where it writes it.
  for (const writer of loops) {
    for (const { tensor } of writer.outs) {
      const { over } = tensor;
      const reader = over && loops.find((loop) => loop !== writer && tensorsRead(loop).has(over));
      if (reader) return `${reader.name} reads ${over.name}, which ${writer.name} writes in place`;
    }
  }
  const local = loops.flatMap((loop) =>
    loop.outs.map((out) => out.tensor).filter((tensor) => tensor.role === 'temp' && isInside(tensor)),
  );
  const rows = rowAxes(loops);
  if (typeof rows !== 'string') return withLocals({ ...from, loops, rows }, local, machine);
  if (others.length > 1) return rows;
  const [one, other] = [isScalar(from), isScalar(to)];
  if (one && !other) return 'each workgroup that reads it can compute it for itself';
  const temps = to.loops.flatMap((loop) => loop.outs).filter((out) => out.tensor.role === 'temp');
  if (!one && other && temps.some((out) => !local.includes(out.tensor)))
    return 'each workgroup that reads the result can compute it for itself';
  return withLocals({ ...from, loops, rows: loops.map(() => []) }, local, machine);
}

/**
 * A group with the locals that have a place inside the kernel. An invocation that computes alone holds them in private
 * memory, of which there is little: the largest then go through its slice of a buffer. Where invocations meet, the largest
 * do as long as time gains by it: what they leave is there for more rows, or for staged operands.
 */
function withLocals(group: Group, locals: readonly Tensor[], machine: Machine): Group {
  const rows = rowCount(group);
  const bySize = [...locals].sort((a, b) => tensorSize(a) - tensorSize(b));
  if (machine.features.has('barriers')) {
    let best: Group = { ...group, locals };
    if (localBytes(locals, rows) * Math.min(rows, MANY_ROWS) <= machine.workgroupMemory / 2) return best;
    let time = priceOf(best, machine)?.micros ?? Infinity;
    for (const largest of bySize.reverse()) {
      const next: Group = { ...best, locals: best.locals.filter((tensor) => tensor !== largest) };
      const after = priceOf(next, machine)?.micros ?? Infinity;
      if (after >= time && time < Infinity) break;
      [best, time] = [next, after];
    }
    return best;
  }
  let free = machine.privateMemory - PRIVATE_REST;
  const held = bySize.filter((tensor) => {
    const bytes = localBytes([tensor], rows);
    if (bytes > free) return false;
    free -= bytes;
    return true;
  });
  return { ...group, locals: held };
}

/** Rows of a block that is large: locals of so many that fit into half of the memory are in nothing's way. */
const MANY_ROWS = 16;

/** Bytes of private memory that are left to tiles and results of prologues. */
const PRIVATE_REST = 1024;

/** Whether every loop of a group has one element. */
export function isScalar(group: Group): boolean {
  return group.loops.every((loop) => domainSize(loop.axes) === 1);
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
