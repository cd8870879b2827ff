import { tensorsRead } from '../loops/edges.ts';
import {
  type Axis,
  type Contraction,
  contractionOf,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
  type Tensor,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { type Alike, alike } from './alike.ts';
import type { Group } from './group.ts';
import { isTiled, nestWork, overlapOf, packing, padded, TILE, vectors } from './laneWork.ts';
import { localBytes, rowCount } from './rows.ts';
import { consecutive, touchedBytes } from './touched.ts';
import { finishOf, type Work } from './work.ts';

/**
 * Positions of a block that a task computes at a time: rows so that a panel of columns serves four panels, columns so that
 * sums stay in the cache; windows that overlap are copied once for all of them.
 */
export const MOST_POSITIONS = { rows: 16, columns: 64, windows: 256 } as const;

/** Blocks that there should be at least, so that threads share them evenly. */
export const ENOUGH_BLOCKS = 8;

/** Elementary operations of a task: less is not worth the taking. */
export const TASK_WORK = 16384;

/**
 * A loop of a row program that tasks compute, block by block. Programs grow loop by loop, and each is asked for again: what
 * was found is kept.
 */
export class TaskPhase {
  readonly #loop: Loop;
  readonly #own: readonly Axis[];
  readonly #isInside: (tensor: Tensor) => boolean;
  readonly #isMade: (tensor: Tensor) => boolean;
  readonly #machine: Machine;
  readonly #works = new Map<number, Work>();
  /** How the program's rows cut it; null where they tear its tiles apart, or it has none. */
  readonly cut: CutSide | null;
  /** Work of all its rows, element by element. */
  readonly nest: number;

  /**
   * @param own the loop's axes that are rows
   * @param isInside whether a tensor has a place inside the program
   * @param isMade whether the program makes a tensor
   */
  constructor(
    loop: Loop,
    own: readonly Axis[],
    isInside: (tensor: Tensor) => boolean,
    isMade: (tensor: Tensor) => boolean,
    machine: Machine,
  ) {
    this.#loop = loop;
    this.#own = own;
    this.#isInside = isInside;
    this.#isMade = isMade;
    this.#machine = machine;
    this.cut = cutSide(loop, own);
    this.nest = nestWork(loop, domainSize(loop.axes), machine);
  }

  /** What a task does for a block of rows. */
  work(block: number): Work {
    let work = this.#works.get(block);
    if (work === undefined) {
      const touched = touchedBytes(this.#loop, consecutive(this.#own, block), this.#isInside);
      const { lanes } = this.#machine;
      work = {
        serial: this.#programWork(block, domainSize(this.#own)) / lanes,
        active: lanes,
        bytes: touched + this.#streamedBytes(),
        rounds: 1,
        barriers: 0,
      };
      this.#works.set(block, work);
    }
    return work;
  }

  /** Work of a block of rows. */
  #programWork(block: number, rows: number): number {
    const [loop, machine] = [this.#loop, this.#machine];
    const outputs = (domainSize(loop.axes) * block) / Math.max(1, rows);
    const { cut } = this;
    const c = cut === null ? null : contractionOf(loop);
    if (cut === null || c === null) return nestWork(loop, outputs, machine);
    const reduced = domainSize(loop.reduceAxes);
    const otherKind = cut.kind === 'rows' ? 'columns' : 'rows';
    const positions = padded(block * cut.perRow, TILE[cut.kind]);
    const products = positions * padded(cut.whole, TILE[otherKind]);
    const cutOperand = cut.other === c.b ? c.a : c.b;
    // What depends on what the program makes is packed by each task for itself; else once, by all.
    const again = loadsIn(...cut.other).some((l) => this.#isMade(l.tensor));
    const shareOfWhole = again ? 1 : block / Math.max(1, rows);
    const overlap = overlapOf(loop, cutOperand, cut.other === c.b ? c.m : c.n);
    const packed =
      reduced *
      (positions * overlap * packing(cutOperand, machine) +
        shareOfWhole * cut.whole * packing(cut.other, machine));
    return reduced * products + vectors(machine) * (packed + outputs * finishOf(loop, machine));
  }

  /** Bytes of the panels of the other side, all of which each task reads. */
  #streamedBytes(): number {
    return this.cut === null ? 0 : 4 * this.cut.whole * domainSize(this.#loop.reduceAxes);
  }
}

/** What is kept of loops that are alike, by how they are phases. */
const phasesFor = memoized((_: Machine) => memoized((_: Alike) => new Map<string, TaskPhase>()));

/** The loops of a row program as phases: the same object for loops that are alike. */
export function taskPhases({ loops, rows, locals }: Group, machine: Machine): TaskPhase[] {
  const inside = new Set(locals);
  const made = new Set<Tensor>();
  for (const { outs } of loops) for (const { tensor } of outs) made.add(tensor);
  const ofMachine = phasesFor(machine);
  return loops.map((loop, k) => {
    const own = rows[k] ?? [];
    const like = alike(loop, machine);
    const phases = ofMachine(like);
    let key = '';
    for (const tensor of tensorsRead(loop)) key += inside.has(tensor) ? 'i' : made.has(tensor) ? 'm' : ' ';
    for (const { tensor } of loop.outs) key += inside.has(tensor) ? 'i' : 'm';
    for (const axis of own) key += `${loop.axes.indexOf(axis)} `;
    let phase = phases.get(key);
    if (phase === undefined) {
      const within = new Set(like.tensors.filter((_, at) => key[at] === 'i'));
      const program = new Set(like.tensors.filter((_, at) => key[at] !== ' '));
      const axes = own.flatMap((axis) => like.loop.axes[loop.axes.indexOf(axis)] ?? []);
      phase = new TaskPhase(
        like.loop,
        axes,
        (t) => within.has(t),
        (t) => program.has(t),
        machine,
      );
      phases.set(key, phase);
    }
    return phase;
  });
}

/** The side of a contraction that the rows of a program cut, in positions of one row. */
export interface CutSide {
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

/** Rows of a program that a task takes at a time: as its contractions ask for, else as make enough work. */
export function programBlock(group: Group, machine: Machine): number {
  const rows = rowCount(group);
  const phases = taskPhases(group, machine);
  let most = Infinity;
  for (const { cut } of phases) if (cut !== null) most = Math.min(most, rowsOfBlock(cut, rows));
  if (most === Infinity) most = rowsOfWork(phases, rows);
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

function rowsOfWork(phases: readonly TaskPhase[], rows: number): number {
  const work = phases.reduce((n, { nest }) => n + nest, 0);
  return Math.max(4, Math.ceil(TASK_WORK / Math.max(1, work / Math.max(1, rows)) / 4) * 4);
}
