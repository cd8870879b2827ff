import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  type Contraction,
  contractionOf,
  domainSize,
  type Expr,
  type Loop,
  listingOf,
  loadsIn,
  type Tensor,
  termsOf,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { changedShare } from './changedShare.ts';
import { type Evaluation, evaluationOf, loopEvaluation } from './cost.ts';
import type { Group } from './group.ts';
import { listTaskWork } from './listWork.ts';
import { localBytes, rowCount } from './rows.ts';
import type { TasksSchedule } from './schedule.ts';
import { consecutive, touchedBytes } from './touched.ts';
import { finishOf, multiplyAdds, type Work } from './work.ts';

/** Rows and columns of the tile that multiplies panels: what fits into the vector registers beside its operands. */
export const TILE = { rows: 4, columns: 8 } as const;

/**
 * Positions of a block that a task computes at a time: rows so that a panel of columns serves four panels, columns so that
 * sums stay in the cache; windows that overlap are copied once for all of them.
 */
export const MOST_POSITIONS = { rows: 16, columns: 64, windows: 256 } as const;

/** Blocks that there should be at least, so that threads share them evenly. */
export const ENOUGH_BLOCKS = 8;

/** Below this many products a contraction is a loop like any other: its tiles would be mostly padding. */
const LEAST_PRODUCTS = 2048;

/** Elementary operations of a task: less is not worth the taking. */
export const TASK_WORK = 16384;

/** Parts into which a reduction with few outputs is shared between tasks. */
const SHARED_PARTS = 16;

/** Whether the products of a loop by itself run in tiles, where tasks compute it. */
export function isTiled(loop: Loop): boolean {
  const products = domainSize([...loop.axes, ...loop.reduceAxes]);
  const isContraction = contractionOf(loop) !== null && loop.reductions.length === 1;
  return isContraction && products >= LEAST_PRODUCTS && domainSize(loop.reduceAxes) >= 4;
}

/** The side of a contraction that the rows of a program cut, in positions of one row. */
interface CutSide {
  readonly kind: keyof typeof TILE;
  readonly perRow: number;
  /** Whether its positions are windows that overlap. */
  readonly isWindow: boolean;
  /** Positions of the other side. */
  readonly whole: number;
  /** Operand of the other side. */
  readonly other: readonly Expr[];
}

/** How rows of a program cut a contraction; null where they tear its tiles apart. */
function cutSide(loop: Loop, own: readonly Axis[]): CutSide | null {
  const c = isTiled(loop) ? contractionOf(loop) : null;
  if (c === null) return null;
  const batch = c.batch.filter((axis) => axis.extent > 1);
  const prefix = own.slice(0, batch.length);
  if (!batch.every((axis) => prefix.includes(axis))) return null;
  const rest = own.slice(batch.length);
  const side = (
    [axes, own]: readonly [readonly Axis[], Contraction['a']],
    [others, other]: readonly [readonly Axis[], Contraction['a']],
  ): CutSide => ({
    kind: lastOf(loop, axes) ? 'columns' : 'rows',
    perRow: domainSize(axes.filter((axis) => !rest.includes(axis))),
    isWindow: overlapOf(loop, own, axes) < 1,
    whole: domainSize(others),
    other,
  });
  const [m, n] = [[c.m, c.a] as const, [c.n, c.b] as const];
  if (rest.every((axis) => c.m.includes(axis))) return side(m, n);
  return rest.every((axis) => c.n.includes(axis)) ? side(n, m) : null;
}

/** Whether a loop's first output lies contiguous along axes of a side: those are columns. */
function lastOf(loop: Loop, axes: readonly Axis[]): boolean {
  const last = loop.outs[0]?.at.filter((axis) => axis.extent > 1).at(-1);
  return last !== undefined && axes.includes(last);
}

/** What one task does: all loops of the group for its block of rows. */
export function tasksWork(group: Group, schedule: TasksSchedule, machine: Machine): Work[] {
  const inside = new Set<Tensor>(group.locals);
  const made = new Set(group.loops.flatMap((loop) => loop.outs.map((out) => out.tensor)));
  const isProgram = group.loops.length > 1;
  const rows = rowsForTasks(group);
  const spilled = isProgram
    ? Math.max(0, localBytes(group.locals, rowCount(group)) * schedule.block - machine.workgroupMemory)
    : 0;
  return group.loops.map((loop, k): Work => {
    const own = isProgram ? (group.rows[k] ?? []) : loop.axes;
    const lanes = isProgram
      ? programWork(loop, own, schedule.block, rows, made, machine)
      : (loneWork(loop, schedule.tiled[k] ?? false, machine) * schedule.block) / Math.max(1, rows);
    return {
      serial: lanes / machine.lanes,
      active: machine.lanes,
      bytes:
        touchedBytes(loop, consecutive(own, schedule.block), (tensor) => inside.has(tensor)) +
        (isProgram ? streamedBytes(loop, own) : 0) +
        (k === 0 ? 2 * spilled : 0),
      rounds: 1,
      barriers: 0,
    };
  });
}

/** Work of a loop by itself, all of it, in products that a full vector unit does. */
function loneWork(loop: Loop, tiled: boolean, machine: Machine): number {
  const listing = listingOf(loop);
  if (listing !== null) return listTaskWork(listing, machine);
  const c = tiled ? contractionOf(loop) : null;
  if (c === null) return nestWork(loop, domainSize(loop.axes), machine);
  const [m, n] = [domainSize(c.m), domainSize(c.n)];
  const products = Math.min(
    padded(m, TILE.rows) * padded(n, TILE.columns),
    padded(m, TILE.columns) * padded(n, TILE.rows),
  );
  const reduced = domainSize(loop.reduceAxes);
  const sets = domainSize(c.batch);
  const packed =
    sets *
    reduced *
    (m * overlapOf(loop, c.a, c.m) * packing(c.a, machine) +
      n * overlapOf(loop, c.b, c.n) * packing(c.b, machine));
  return sets * reduced * products + vectors(machine) * (packed + sets * m * n * finishOf(loop, machine));
}

/** Work of a block of rows of a loop in a program. */
function programWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  rows: number,
  made: ReadonlySet<Tensor>,
  machine: Machine,
): number {
  const outputs = (domainSize(loop.axes) * block) / Math.max(1, rows);
  const cut = cutSide(loop, own);
  const c = cut === null ? null : contractionOf(loop);
  if (cut === null || c === null) return nestWork(loop, outputs, machine);
  const reduced = domainSize(loop.reduceAxes);
  const otherKind = cut.kind === 'rows' ? 'columns' : 'rows';
  const positions = padded(block * cut.perRow, TILE[cut.kind]);
  const products = positions * padded(cut.whole, TILE[otherKind]);
  const cutOperand = cut.other === c.b ? c.a : c.b;
  // What depends on what the program makes is packed by each task for itself; else once, by all.
  const again = loadsIn(...cut.other).some((l) => made.has(l.tensor));
  const shareOfWhole = again ? 1 : block / Math.max(1, rows);
  const overlap = overlapOf(loop, cutOperand, cut.other === c.b ? c.m : c.n);
  const packed =
    reduced *
    (positions * overlap * packing(cutOperand, machine) +
      shareOfWhole * cut.whole * packing(cut.other, machine));
  return reduced * products + vectors(machine) * (packed + outputs * finishOf(loop, machine));
}

/** Work of a loop element by element, four at a time. */
function nestWork(loop: Loop, outputs: number, machine: Machine): number {
  const { term } = loopEvaluation(loop);
  const terms = loop.reductions.length === 0 ? 0 : outputs * termsOf(loop) * multiplyAdds(term, machine);
  return vectors(machine) * (terms + changedShare(loop).share * outputs * finishOf(loop, machine));
}

/** Vectors that a core could multiply in the time in which it evaluates one outside of tiles. */
function vectors(machine: Machine): number {
  return machine.lanes / machine.neighbours;
}

function padded(extent: number, width: number): number {
  return Math.ceil(extent / width) * width;
}

/**
 * How much of a side's panels its operand reads: less than all where windows overlap, which are copied once and read where
 * they lie. The other side of a program's cut is packed whole.
 */
function overlapOf(loop: Loop, factors: Contraction['a'], side: readonly Axis[]): number {
  let found = overlaps.get(factors);
  if (found === undefined) {
    found = shareRead(loop, factors, side);
    overlaps.set(factors, found);
  }
  return found;
}

// A loop's contraction is immutable, and every block of rows asks again.
const overlaps = new WeakMap<Contraction['a'], number>();

function shareRead(loop: Loop, factors: Contraction['a'], side: readonly Axis[]): number {
  const panels = domainSize([...side, ...loop.reduceAxes]);
  const slides = (index: Expr): boolean => {
    const axes = axesIn(index);
    return index.kind !== 'axis' && side.some((a) => axes.has(a)) && loop.reduceAxes.some((a) => axes.has(a));
  };
  const windows = loadsIn(...factors).filter(({ at }) => at.some(slides));
  if (windows.length === 0) return 1;
  const read = windows.reduce((n, { tensor }) => n + tensorSize(tensor), 0);
  return Math.min(1, read / Math.max(1, panels));
}

/** Bytes of the panels of the other side, all of which each task reads. */
function streamedBytes(loop: Loop, own: readonly Axis[]): number {
  const cut = cutSide(loop, own);
  return cut === null ? 0 : 4 * cut.whole * domainSize(loop.reduceAxes);
}

/** What evaluating an operand once and storing it in its panel takes. */
function packing(factors: Contraction['a'], machine: Machine): number {
  return multiplyAdds(factorsEvaluation(factors), machine) + machine.load;
}

const factorsEvaluation = memoized((factors: Contraction['a']): Evaluation => evaluationOf(...factors));

/** How many rows tasks can cut a group into. */
export function rowsForTasks({ loops, rows }: Group): number {
  const [loop] = loops;
  if (loop === undefined) return 1;
  if (loops.length > 1) return domainSize(rows[0] ?? []);
  if (listingOf(loop) !== null) return 1;
  return Math.max(domainSize(loop.axes), isTiled(loop) ? SHARED_PARTS : 1);
}

/** Schedules that are tried: of a loop by itself several, of a row program the block that its contractions ask for. */
export function tasksCandidates(group: Group, machine: Machine): TasksSchedule[] {
  const rows = rowsForTasks(group);
  const tiled = group.loops.map(isTiled);
  const withBlock = (block: number): TasksSchedule => ({
    kind: 'tasks',
    block,
    workgroups: Math.max(1, Math.ceil(rows / block)),
    tiled,
  });
  if (group.loops.length > 1) return [withBlock(programBlock(group, machine))];
  const found: TasksSchedule[] = [];
  for (let tasks = 1; tasks <= Math.min(MOST_TASKS, Math.max(1, rows)); tasks *= 2)
    found.push(withBlock(Math.ceil(rows / tasks)));
  return found;
}

/** More tasks than this do not run sooner on any machine that has threads. */
const MOST_TASKS = 256;

/** Rows of a program that a task takes at a time: as its contractions ask for, else as make enough work. */
export function programBlock(group: Group, machine: Machine): number {
  const rows = rowCount(group);
  const cuts = group.loops.flatMap((loop, k) => cutSide(loop, group.rows[k] ?? []) ?? []);
  const most =
    cuts.length > 0
      ? Math.min(...cuts.map((cut) => rowsOfBlock(cut, rows)))
      : rowsOfWork(group, rows, machine);
  const bytes = localBytes(group.locals, rows);
  const fitting = Math.floor(machine.workgroupMemory / Math.max(1, bytes));
  return Math.max(1, Math.min(rows, most, fitting));
}

/**
 * Rows of a program that fill a block of a contraction. Where they are windows they are never so many that threads find
 * few tasks: a task goes through its windows block by block, and reads the other side once for each.
 */
function rowsOfBlock({ kind, perRow, isWindow }: CutSide, rows: number): number {
  if (!isWindow) return Math.floor(MOST_POSITIONS[kind] / perRow);
  return Math.min(Math.ceil(rows / ENOUGH_BLOCKS), Math.floor(MOST_POSITIONS.windows / perRow));
}

function rowsOfWork(group: Group, rows: number, machine: Machine): number {
  const work = group.loops.reduce((n, loop) => n + nestWork(loop, domainSize(loop.axes), machine), 0);
  return Math.max(4, Math.ceil(TASK_WORK / Math.max(1, work / Math.max(1, rows)) / 4) * 4);
}
