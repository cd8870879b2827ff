import { tensorsRead } from '../loops/edges.ts';
import { type Axis, domainSize, type Loop, type Tensor, termsOf } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { type Alike, alike } from './alike.ts';
import { loopEvaluation } from './cost.ts';
import { orientedContraction } from './orient.ts';
import { type PhaseSchedule, plainPhase, type StagedTile } from './schedule.ts';
import { splitsOf, stagedTiles } from './stagedTiles.ts';
import { stagedWords, tileExtents } from './staging.ts';
import { type TileSpace, tileSpace, tilesIn } from './tileSpace.ts';
import { timeOfWork } from './time.ts';
import { consecutive, touchedBytes } from './touched.ts';
import {
  combination,
  finishOf,
  type IsInside,
  operandCosts,
  requireContraction,
  roundsOf,
  type Staging,
  stagedWork,
  stagingOf,
  termCost,
  type Work,
} from './work.ts';

/**
 * A loop of row programs: the schedules that it may have, and what a workgroup does with each. Row programs grow loop by
 * loop, and each block of rows is asked for again: what was found is kept.
 */
export class Phase {
  readonly #loop: Loop;
  readonly #own: readonly Axis[];
  readonly #isInside: IsInside;
  readonly #machine: Machine;
  readonly #known = new Map<number, OfRows>();

  /** @param own the loop's axes that are rows */
  constructor(loop: Loop, own: readonly Axis[], isInside: IsInside, machine: Machine) {
    this.#loop = loop;
    this.#own = own;
    this.#isInside = isInside;
    this.#machine = machine;
  }

  /** Whether its operands may be staged. */
  get isContraction(): boolean {
    return orientedContraction(this.#loop) !== null;
  }

  /**
   * The schedule that takes the least time in the memory that is left.
   *
   * @param block rows of a block
   * @param lanes invocations that compute a row each, where they compute alone
   * @param room bytes of workgroup memory that may hold staged operands
   */
  schedule(block: number, lanes: number, room: number): PhaseSchedule {
    const known = this.#ofRows(block, lanes);
    known.options ??= this.#options(block, lanes, known.bytes);
    return known.options.find(({ bytes }) => bytes <= room)?.schedule ?? plainPhase;
  }

  /** What a workgroup does for a block of rows; where invocations compute alone, for a row of each of `lanes`. */
  work(schedule: PhaseSchedule, block: number, lanes: number): Work {
    const { works, bytes } = this.#ofRows(block, lanes);
    let work = works.get(schedule);
    if (work === undefined) {
      work = this.#work(schedule, block, lanes, bytes);
      works.set(schedule, work);
    }
    return work;
  }

  #ofRows(block: number, lanes: number): OfRows {
    const rows = this.#machine.features.has('barriers') ? block : lanes;
    let found = this.#known.get(rows);
    if (found === undefined) {
      const bytes = touchedBytes(this.#loop, consecutive(this.#own, rows), this.#isInside);
      found = { bytes, works: new Map(), options: null };
      this.#known.set(rows, found);
    }
    return found;
  }

  #work(schedule: PhaseSchedule, block: number, lanes: number, bytes: number): Work {
    const [loop, own, isInside, machine] = [this.#loop, this.#own, this.#isInside, this.#machine];
    switch (schedule.kind) {
      case 'elements':
        return { ...elementsWork(loop, own, block, schedule.split, isInside, machine, lanes), bytes };
      case 'tiles':
        return { ...tilesWork(loop, own, block, schedule.perThread, isInside, machine, lanes), bytes };
      case 'staged': {
        const c = requireContraction(loop);
        const staging = stagingOf(loop, c, isInside, machine);
        return { ...stagedTilesWork(loop, staging, tileSpace(c, own, block), schedule, machine), bytes };
      }
      default:
        return schedule satisfies never;
    }
  }

  /** The schedules of which none takes less time in as much memory; the least time first. */
  #options(block: number, lanes: number, moved: number): readonly PhaseOption[] {
    const [loop, own, machine] = [this.#loop, this.#own, this.#machine];
    const found = new Fastest(machine);
    const plain = (schedule: PhaseSchedule): void =>
      found.add(schedule, this.#work(schedule, block, lanes, moved), 0);
    const meets = machine.features.has('barriers');
    const splits = meets && loop.reductions.length > 0 ? splitsOf(loop, machine) : [1];
    for (const split of splits) plain(split === 1 ? plainPhase : { kind: 'elements', split });
    const c = orientedContraction(loop);
    if (c === null) return found.sorted();
    const space = tileSpace(c, own, block);
    // Sums beside the products (a bias's gradient, say) have no place in an invocation's own tile.
    if (loop.reductions.length === 1)
      for (const p of meets ? FEW_EXTENTS : PHASE_EXTENTS)
        for (const q of meets ? FEW_EXTENTS : PHASE_EXTENTS)
          if (p * q > 1 && p * q <= machine.sums && p <= space.m && q <= space.n)
            plain({ kind: 'tiles', perThread: [p, q] });
    const products = space.slices * space.m * space.n * domainSize(loop.reduceAxes);
    if (meets && products >= LEAST_STAGED * machine.workgroup) {
      const staging = stagingOf(loop, c, this.#isInside, machine);
      for (const tile of stagedTiles(loop, space.m, space.n, machine, true)) {
        const { serial, active, rounds, barriers } = stagedTilesWork(loop, staging, space, tile, machine);
        const work = { serial, active, bytes: moved, rounds, barriers };
        found.add({ kind: 'staged', ...tile }, work, 4 * stagedWords(loop, tile));
      }
    }
    return found.sorted();
  }
}

/** What is kept of a phase for so many rows. */
interface OfRows {
  /** Bytes between the workgroup and the cache. */
  readonly bytes: number;
  readonly works: Map<PhaseSchedule, Work>;
  /** Computed where a schedule is asked for. */
  options: readonly PhaseOption[] | null;
}

/** A schedule of a phase, and the bytes of workgroup memory that it stages in. */
interface PhaseOption {
  readonly schedule: PhaseSchedule;
  readonly micros: number;
  readonly bytes: number;
}

/** The options of which none takes less time in as much memory. */
class Fastest {
  readonly #machine: Machine;
  #options: PhaseOption[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  add(schedule: PhaseSchedule, work: Work, bytes: number): void {
    const { micros } = timeOfWork([work], 1, 0, this.#machine);
    for (const other of this.#options) if (other.micros <= micros && other.bytes <= bytes) return;
    this.#options = this.#options.filter((other) => other.micros < micros || other.bytes < bytes);
    this.#options.push({ schedule, micros, bytes });
  }

  /** The least time first. */
  sorted(): readonly PhaseOption[] {
    return this.#options.sort((x, y) => x.micros - y.micros);
  }
}

/** What is kept of loops that are alike, by how they are phases. */
const phasesFor = memoized((_: Machine) => memoized((_: Alike) => new Map<string, Phase>()));

/**
 * A loop as a phase of row programs: the same object for loops that are alike.
 *
 * @param own the loop's axes that are rows
 * @param inside tensors that have a place inside the kernel
 */
export function phaseOf(
  loop: Loop,
  own: readonly Axis[],
  inside: ReadonlySet<Tensor>,
  machine: Machine,
): Phase {
  const like = alike(loop, machine);
  const phases = phasesFor(machine)(like);
  let key = '';
  for (const tensor of tensorsRead(loop)) key += inside.has(tensor) ? 'i' : 'm';
  for (const { tensor } of loop.outs) key += inside.has(tensor) ? 'I' : 'M';
  for (const axis of own) key += `${loop.axes.indexOf(axis)} `;
  let phase = phases.get(key);
  if (phase === undefined) {
    const within = new Set(like.tensors.filter((_, k) => key[k]?.toLowerCase() === 'i'));
    const rows = own.flatMap((axis) => like.loop.axes[loop.axes.indexOf(axis)] ?? []);
    phase = new Phase(like.loop, rows, (tensor) => within.has(tensor), machine);
    phases.set(key, phase);
  }
  return phase;
}

/** Rows and columns of which a tile of a phase may have so many. */
const PHASE_EXTENTS = [1, 2, 3, 4, 5, 8, 16];

/** The same where operands can be staged: tiles in registers alone are for what is small then. */
const FEW_EXTENTS = [1, 2, 4, 8];

/** Products of an invocation below which a staged tile is mostly barriers. */
const LEAST_STAGED = 16;

function elementsWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  split: number,
  isInside: IsInside,
  machine: Machine,
  lanes: number,
): Omit<Work, 'bytes'> {
  const together = machine.features.has('barriers');
  const { term } = loopEvaluation(loop);
  const elements = block * domainSize(loop.axes.filter((axis) => !own.includes(axis)));
  const turns = Math.ceil((elements * split) / (together ? machine.workgroup : 1));
  // Lists are walked by one invocation: those that share a reduction ask every position.
  const terms = split === 1 ? termsOf(loop) : Math.ceil(domainSize(loop.reduceAxes) / split);
  const met = combination(loop, split);
  const isReduction = loop.reductions.length > 0;
  const reduced = isReduction ? terms * termCost(loop, own, term, machine) : 0;
  return {
    serial: turns * (reduced + met.serial + finishOf(loop, machine)),
    active: together ? Math.min(machine.workgroup, elements * split) : lanes,
    rounds: turns * (isReduction ? roundsOf(terms, loop, isInside, machine) : loopEvaluation(loop).depth),
    barriers: turns * (met.barriers + (split > 1 && turns > 1 ? 1 : 0)),
  };
}

function tilesWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  [p, q]: readonly [number, number],
  isInside: IsInside,
  machine: Machine,
  lanes: number,
): Omit<Work, 'bytes'> {
  const together = machine.features.has('barriers');
  const c = requireContraction(loop);
  const tiles = tilesIn(tileSpace(c, own, block), p, q);
  const turns = Math.ceil(tiles / (together ? machine.workgroup : 1));
  const reduced = domainSize(loop.reduceAxes);
  const [a, b] = operandCosts(c, own, machine);
  const step = p * a + q * b + p * q;
  return {
    serial: turns * (reduced * step + p * q * finishOf(loop, machine)),
    active: together ? Math.min(machine.workgroup, tiles) : lanes,
    rounds: turns * roundsOf(reduced, loop, isInside, machine),
    barriers: 0,
  };
}

/** A contraction of a block of rows in staged tiles, which the workgroup computes one after the other. */
function stagedTilesWork(
  loop: Loop,
  staging: Staging,
  space: TileSpace,
  tile: StagedTile,
  machine: Machine,
): Omit<Work, 'bytes'> {
  const tiles = tilesIn(space, ...tileExtents(tile));
  const { serial, rounds, barriers } = stagedWork(loop, staging, tile, machine);
  return {
    serial: tiles * serial,
    active: machine.workgroup,
    rounds: tiles * rounds,
    barriers: tiles * barriers + tiles - 1,
  };
}
