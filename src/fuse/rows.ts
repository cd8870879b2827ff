import { tensorSize, tensorsRead } from '../loops/edges.ts';
import {
  type AccessMap,
  type Axis,
  accessesOf,
  axisOf,
  contractionOf,
  domainSize,
  type Loop,
  type Tensor,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, tensorsReadBy } from '../schedule/group.ts';
import { localBytes, rowCount } from '../schedule/rows.ts';
import { movementText } from './movement.ts';
import { priceOf } from './price.ts';

/** A row program that some groups can be. Most are only asked for: it is put together where one is offered. */
export type RowProgram = () => Group;

/**
 * Move 4 of fusion: groups that read each other only at the same row as one *row program*. A workgroup owns a block of
 * rows and runs the loops as phases; what is not a row (weights) is streamed by every block. Two groups without common
 * rows are one workgroup's. Or the reason why they are not one. What nobody else reads is local to it: `withLocals` says
 * for which of that there is a place.
 *
 * @param groups in an order that runs
 * @param isInside whether nobody but these reads a tensor
 * @param most loops that it may have
 */
export function rowProgram(
  groups: readonly Group[],
  isInside: (tensor: Tensor) => boolean,
  most = MOST_LOOPS,
): RowProgram | string {
  const [from, ...others] = groups;
  const to = others.at(-1);
  if (from === undefined || to === undefined) throw new RangeError('a row program of one group');
  const fixed = groups.find((group) => group.partials.length > 0);
  if (fixed !== undefined) return `others count on the workgroups of ${groupName(fixed)}`;
  const count = groups.reduce((n, group) => n + group.loops.length, 0);
  if (count > most) return `they are ${count} loops, of which a kernel has ${most} at most`;
  const torn = overwrittenEarly(groups);
  if (torn !== null) return torn;
  const program = (rowsOf: (loops: readonly Loop[]) => readonly (readonly Axis[])[]): Group => {
    const loops = groups.flatMap((group) => group.loops);
    return { ...from, loops, rows: rowsOf(loops), locals: temporaries(groups).filter(isInside) };
  };
  const shared = sharedRows(groups);
  if (typeof shared !== 'string') return () => program(() => rowsAt(groups, shared));
  if (others.length > 1) return shared;
  const [one, other] = [isScalar(from), isScalar(to)];
  if (one && !other) return 'each workgroup that reads it can compute it for itself';
  if (!one && other && !temporaries([to]).every(isInside))
    return 'each workgroup that reads the result can compute it for itself';
  return () => program((loops) => loops.map(() => []));
}

/** The temporaries that some groups write. */
function temporaries(groups: readonly Group[]): Tensor[] {
  const written: Tensor[] = [];
  for (const { loops } of groups)
    for (const { outs } of loops)
      for (const { tensor } of outs) if (tensor.role === 'temp') written.push(tensor);
  return written;
}

/**
 * Which state one loop of some groups writes over that another one reads, in words; null where there is none. A read in an
 * earlier phase, at the workgroup's own rows, would be safe, and any other one costs a copy in a dispatch of its own. But such
 * reads are of what is as small as the rows (gains of a norm), whose updates run beside longer groups: where they were let in,
 * no step of the benchmarks took less time. So one rule is enough: a state is written over by a group that reads it where it
 * writes it.
 */
function overwrittenEarly(groups: readonly Group[]): string | null {
  const isTorn = groups.some((group) => {
    const { states, isTornInside } = statesOverwritten(group);
    if (isTornInside) return true;
    for (const state of states)
      if (groups.some((other) => other !== group && tensorsReadBy(other).has(state))) return true;
    return false;
  });
  return isTorn ? readBeside(groups.flatMap((group) => group.loops)) : null;
}

/** The states that a group writes over, and whether another loop than the one that does reads one of them. */
const statesOverwritten = memoized(
  (group: Group): { readonly states: readonly Tensor[]; readonly isTornInside: boolean } => {
    const states = group.loops.flatMap(({ outs }) => outs.flatMap(({ tensor }) => tensor.over ?? []));
    return { states, isTornInside: states.length > 0 && readBeside(group.loops) !== null };
  },
);

/** The first read of a state that another one of some loops writes over, in words; null where there is none. */
function readBeside(loops: readonly Loop[]): string | null {
  const overwritten = new Map<Tensor, Loop>();
  for (const writer of loops)
    for (const { tensor } of writer.outs) if (tensor.over !== undefined) overwritten.set(tensor.over, writer);
  for (const reader of loops) {
    for (const tensor of tensorsRead(reader)) {
      const writer = overwritten.get(tensor);
      if (writer !== undefined && writer !== reader)
        return `${reader.name} reads ${tensor.name}, which ${writer.name} writes in place`;
    }
  }
  return null;
}

/**
 * A row program with those of its locals that have a place inside the kernel. An invocation that computes alone holds them in private
 * memory, of which there is little: the largest then go through its slice of a buffer. Where invocations meet, the largest
 * do as long as time gains by it: what they leave is there for more rows, or for staged operands.
 */
export function withLocals(group: Group, machine: Machine): Group {
  const { locals } = group;
  const rows = rowCount(group);
  const bySize = [...locals].sort((a, b) => tensorSize(a) - tensorSize(b));
  if (machine.features.has('barriers')) {
    let best = group;
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

/**
 * Loops of a row program, at most: assumed. To price a program takes time for each of them, and a kernel of more is more text
 * than a driver compiles in reasonable time; what a dispatch costs is little beside so many.
 */
export const MOST_LOOPS = 64;

/** Rows of a block that is large: locals of so many that fit into half of the memory are in nothing's way. */
const MANY_ROWS = 16;

/** Bytes of private memory that are left to tiles and results of prologues. */
const PRIVATE_REST = 1024;

/** Whether every loop of a group has one element. */
export function isScalar(group: Group): boolean {
  return group.loops.every((loop) => domainSize(loop.axes) === 1);
}

/**
 * The axes along which the loops of some groups are rows: parallel in all of them, and every read between them is at the
 * same index. Two axes belong together where a read links them; a class that a read crosses (a reduction over
 * it, a shifted index) is not a row. Rows of a group were found before: only what one reads of another is looked at.
 *
 * @returns for each loop its row axes, in one order; or the reason why there are none
 */
export function rowAxes(groups: readonly Group[]): Axis[][] | string {
  const shared = sharedRows(groups);
  return typeof shared === 'string' ? shared : rowsAt(groups, shared);
}

/** The rows that some groups share: for each the place among the rows of each group. Or the reason why there are none. */
function sharedRows(groups: readonly Group[]): readonly (readonly number[])[] | string {
  const sides = groups.map((group): Side => {
    const { rows, reads, made } = sideOf(group);
    return { rows, reads, made, classes: (rows[0] ?? []).map((): RowClass => ({ up: null, why: null })) };
  });
  let reason: Why | null = null;
  const cross = (row: RowClass | undefined, why: Why): void => {
    if (row === undefined) return;
    const root = rootOf(row);
    root.why ??= why;
    reason ??= root.why;
  };
  for (const side of sides) {
    for (const { k, reader, read } of side.reads) {
      const { access, tensor, along } = read;
      for (const other of sides) {
        const from = other === side ? undefined : other.made.get(tensor);
        if (from === undefined) continue;
        const own = side.rows[k] ?? [];
        const theirs = other.rows[from.k] ?? [];
        for (const [r, axis] of theirs.entries())
          if (!from.at.includes(axis))
            cross(other.classes[r], () => `${tensor.name} is without axis ${axis.name}`);
        for (const [d, axis] of from.at.entries()) {
          const met = along[d];
          const isSame = met !== undefined && met.extent === axis.extent;
          const a = other.classes[theirs.indexOf(axis)];
          const b = isSame ? side.classes[own.indexOf(met)] : undefined;
          if (a !== undefined && b !== undefined) unite(a, b);
          else if (a !== undefined || b !== undefined) {
            const why = (): string =>
              isSame ? `${reader.name} has no rows along ${axis.name}` : movementText(reader, access, d);
            cross(a, why);
            cross(b, why);
          }
        }
      }
    }
  }
  const [first] = sides;
  const rows = (first?.classes ?? []).flatMap((own) => {
    const root = rootOf(own);
    if (root.why !== null) return [];
    const places = sides.map(({ classes }) => classes.flatMap((c, r) => (rootOf(c) === root ? [r] : [])));
    return places.every((place) => place.length === 1) ? [places.flat()] : [];
  });
  return rows.length > 0 ? rows : whyText(reason);
}

function whyText(why: Why | null): string {
  return why?.() ?? 'they share no axis';
}

/** For each loop of some groups its row axes, by their places among the rows of the groups. */
function rowsAt(groups: readonly Group[], shared: readonly (readonly number[])[]): Axis[][] {
  return withTiles(
    groups.flatMap((group) => group.loops),
    groups.flatMap((group, g) =>
      sideOf(group).rows.map((axes) => shared.flatMap((places) => axes[places[g] ?? -1] ?? [])),
    ),
  );
}

/** What others see of a group where it shares rows with them. */
interface KnownSide {
  readonly rows: readonly (readonly Axis[])[];
  /** What its loops read of others. */
  readonly reads: readonly { readonly k: number; readonly reader: Loop; readonly read: Read }[];
  /** Which of its loops makes a tensor, and along which axes. */
  readonly made: ReadonlyMap<Tensor, { readonly k: number; readonly at: readonly Axis[] }>;
}

/** A group, and its rows as they belong together with those of others. */
interface Side extends KnownSide {
  readonly classes: readonly RowClass[];
}

/** A group is offered with each of its neighbours, and most of what its loops read is its own. */
const sideOf = memoized((group: Group): KnownSide => {
  const [loop] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  const rows = group.loops.length > 1 ? group.rows : [loop.axes.filter((axis) => axis.extent > 1)];
  const made = new Map(
    group.loops.flatMap(({ outs }, k) => outs.map(({ tensor, at }) => [tensor, { k, at }] as const)),
  );
  const reads = group.loops.flatMap((reader, k) =>
    readsOf(reader).flatMap((read) => (made.has(read.tensor) ? [] : [{ k, reader, read }])),
  );
  return { rows, reads, made };
});

/** A reason, put into words where it is told. */
type Why = () => string;

/** Row axes that belong together: a tree whose root counts for all. */
interface RowClass {
  up: RowClass | null;
  /** Why they are not rows; null as long as they are. */
  why: Why | null;
}

function rootOf(row: RowClass): RowClass {
  let root = row;
  while (root.up !== null) root = root.up;
  return root;
}

function unite(a: RowClass, b: RowClass): void {
  const [to, from] = [rootOf(a), rootOf(b)];
  if (to === from) return;
  from.up = to;
  to.why ??= from.why;
}

/** A load, and for each dimension which of the loop's own parallel axes the index is, if it is one. */
interface Read {
  readonly access: AccessMap;
  readonly tensor: Tensor;
  readonly along: readonly (Axis | undefined)[];
}

/** What a loop reads. */
const readsOf = memoized((loop: Loop): readonly Read[] =>
  accessesOf(loop).map((access) => ({
    access,
    tensor: access.load.tensor,
    along: access.dimensions.map((index) => {
      const axis = axisOf(index);
      return axis !== undefined && loop.axes.includes(axis) ? axis : undefined;
    }),
  })),
);

/**
 * Row axes that leave every contraction a tile: where some are on both of its sides (the images and the channels of
 * a convolution that is pooled), those of the side that the outermost row is not on are not rows.
 */
function withTiles(loops: readonly Loop[], rows: Axis[][]): Axis[][] {
  // One axis is on one side only: it leaves each contraction the other one.
  if ((rows[0]?.length ?? 0) < 2) return rows;
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
