import { tensorsRead } from '../loops/edges.ts';
import { type Axis, contractionOf, domainSize, type Loop, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { orientedContraction } from './orient.ts';
import { roomBeside } from './resources.ts';
import { rowCount } from './rows.ts';
import {
  type ContractSchedule,
  type MapSchedule,
  type PhaseSchedule,
  plainPhase,
  type ReduceSchedule,
  type RowsSchedule,
  type Schedule,
  type StagedTile,
  type WorkgroupSchedule,
} from './schedule.ts';
import { stagingLayout, tileExtents } from './staging.ts';
import { tasksCandidates } from './tasks.ts';
import { tileSpace } from './tileSpace.ts';
import { timeOfWork } from './time.ts';
import { phaseWork, stagedPhaseWork, stagingOf, type Work } from './work.ts';

/**
 * The schedules that are tried for a group, plain data: not all fit the machine, and time says which is best.
 */
export function candidates(group: Group, machine: Machine): Schedule[] {
  return machine.features.has('tasks')
    ? tasksCandidates(group, machine)
    : workgroupCandidates(group, machine);
}

function workgroupCandidates(group: Group, machine: Machine): WorkgroupSchedule[] {
  const [loop, ...more] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  if (more.length > 0) return rowsCandidates(group, machine);
  if (contractionOf(loop) !== null) return contractCandidates(loop, machine);
  return loop.reductions.length > 0 ? reduceCandidates(loop, machine) : mapCandidates(loop, machine);
}

/** Elements of an invocation of a map, at most: more would only make the text of a kernel's loop turn longer. */
const MOST_ELEMENTS_EACH = 16;

function mapCandidates(loop: Loop, machine: Machine): MapSchedule[] {
  const total = domainSize(loop.axes);
  return powers(MOST_ELEMENTS_EACH).map((perThread) => ({
    kind: 'map',
    perThread,
    workgroups: Math.ceil(total / (machine.workgroup * perThread)),
  }));
}

function reduceCandidates(loop: Loop, machine: Machine): ReduceSchedule[] {
  const outputs = domainSize(loop.axes);
  const splits = machine.features.has('barriers') ? splitsOf(loop, machine) : [1];
  return splits.map((split) => ({
    kind: 'reduce',
    split,
    workgroups: Math.ceil((outputs * split) / machine.workgroup),
  }));
}

/** How many invocations may share one reduction: each has four terms at least. */
function splitsOf(loop: Loop, machine: Machine): number[] {
  const most = Math.min(machine.workgroup, domainSize(loop.reduceAxes) / 4);
  return powers(Math.max(1, most));
}

/** 1, 2, 4, … up to a number. */
function powers(most: number): number[] {
  const found: number[] = [];
  for (let n = 1; n <= most; n *= 2) found.push(n);
  return found;
}

/** Outputs of an invocation in a staged tile, rows by columns. */
const STAGED_TILES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 4],
  [4, 1],
  [2, 2],
  [2, 4],
  [4, 2],
  [4, 4],
  [4, 8],
  [8, 4],
];

/** Shares of a staged tile's reduction: more leave each invocation hardly a step between barriers. */
const SHARES = [1, 4, 16, 32];

/** Steps of the reduction that are staged at a time, at least: of a shorter one some are empty. */
export const LEAST_DEPTH = 16;

/** Steps of the reduction that are staged at a time. */
const DEPTHS = [LEAST_DEPTH, 32, 64];

/** How much longer than wide a grid of invocations may be: what is longer loads more than it multiplies. */
const LONGEST_GRID = 4;

function contractCandidates(loop: Loop, machine: Machine): ContractSchedule[] {
  const c = orientedContraction(loop);
  if (c === null) throw new RangeError(`${loop.name} is not a contraction`);
  const [m, n, batch] = [domainSize(c.m), domainSize(c.n), domainSize(c.batch)];
  if (!machine.features.has('barriers')) return loneTiles([m, n, batch], machine);
  const found: ContractSchedule[] = [];
  for (const tile of stagedTiles(loop, m, n, machine)) {
    const [rows, columns] = tileExtents(tile);
    const workgroups = Math.ceil(m / rows) * Math.ceil(n / columns) * batch;
    found.push({ kind: 'contract', ...tile, workgroups });
  }
  return found.length > 0 ? found : [thinTile([m, n, batch], machine)];
}

/**
 * Tiles of a contraction whose operands are staged in workgroup memory.
 *
 * @param m rows that there are for a tile, and `n` columns
 * @param inPhase whether it is for a block of a row program: as long as the block's rows ask for, but not empty
 */
function stagedTiles(loop: Loop, m: number, n: number, machine: Machine, inPhase = false): StagedTile[] {
  const longest = inPhase ? machine.workgroup : LONGEST_GRID;
  const steps = domainSize(loop.reduceAxes);
  const found: StagedTile[] = [];
  for (const split of SHARES) {
    const threads = machine.workgroup / split;
    for (const down of powers(threads)) {
      const across = threads / down;
      if (down > longest * across || across > longest * down) continue;
      for (const [tm, tn] of STAGED_TILES) {
        const [rows, columns] = [down * tm, across * tn];
        // Half of a tile is not empty, except for the smallest.
        if (tm * tn > 1 && ((rows >= 2 * m && tm > 1) || (columns >= 2 * n && tn > 1))) continue;
        if (inPhase && (rows >= 2 * m || columns >= 2 * n)) continue;
        if (tm * tn > machine.sums) continue;
        for (const depth of DEPTHS) {
          if (depth < split || (depth > LEAST_DEPTH && depth >= 2 * steps)) continue;
          const tile = { threads: [down, across], perThread: [tm, tn], split, depth } as const;
          if (4 * stagingLayout(loop, tile).words <= machine.workgroupMemory) found.push(tile);
        }
      }
    }
  }
  return found;
}

/** The tile where one side has next to nothing: one row or column of invocations, as far as it is needed. */
function thinTile([m, n, batch]: readonly [number, number, number], machine: Machine): ContractSchedule {
  const side = (extent: number): number =>
    Math.min(machine.workgroup, 2 ** Math.ceil(Math.log2(Math.max(1, extent))));
  const down = m <= n ? side(m) : machine.workgroup / Math.min(machine.workgroup, side(n));
  const wide = Math.min(machine.workgroup / down, side(n));
  const split = Math.min(32, machine.workgroup / (down * wide));
  const across = machine.workgroup / (down * split);
  return {
    kind: 'contract',
    threads: [down, across],
    perThread: [1, 1],
    split,
    depth: Math.max(split, LEAST_DEPTH),
    workgroups: Math.ceil(m / down) * Math.ceil(n / across) * batch,
  };
}

/** Rows and columns of which a tile in registers may have so many. */
const LONE_EXTENTS = [1, 2, 4, 8, 16];

function loneTiles([m, n, batch]: readonly [number, number, number], machine: Machine): ContractSchedule[] {
  const found: ContractSchedule[] = [];
  for (const p of LONE_EXTENTS) {
    for (const q of LONE_EXTENTS) {
      if (p * q > machine.sums || (p > 1 && p > m) || (q > 1 && q > n)) continue;
      const invocations = Math.ceil(m / p) * Math.ceil(n / q) * batch;
      found.push({
        kind: 'contract',
        threads: [1, 1],
        perThread: [p, q],
        split: 1,
        depth: 1,
        workgroups: Math.ceil(invocations / machine.workgroup),
      });
    }
  }
  return found;
}

/** Rows that a workgroup owns, at most. */
const MOST_ROWS = 64;

function rowsCandidates(group: Group, machine: Machine): RowsSchedule[] {
  const rows = rowCount(group);
  const inside = new Set(group.locals);
  const phases = (block: number, lanes: number, room: number): PhaseSchedule[] =>
    group.loops.map((loop, k) =>
      phaseSchedule(loop, group.rows[k] ?? [], block, machine, { inside, lanes, room }),
    );
  if (!machine.features.has('barriers')) {
    return powers(machine.workgroup)
      .filter((lanes) => lanes >= Math.min(machine.neighbours, machine.workgroup))
      .map((lanes) => ({
        kind: 'rows',
        block: 1,
        lanes,
        phases: phases(1, lanes, 0),
        workgroups: Math.ceil(rows / lanes),
      }));
  }
  // Blocks that leave most of the machine idle are not tried, except for the smallest.
  const fewest = machine.cores / 8;
  const blocks = powers(Math.min(MOST_ROWS, rows)).filter((b) => b === 1 || Math.ceil(rows / b) >= fewest);
  return blocks.map((block) => {
    // What cannot be staged says how much memory is left to what can.
    const others = phases(block, 1, 0).map((phase, k) =>
      group.loops[k] !== undefined && orientedContraction(group.loops[k]) !== null ? plainPhase : phase,
    );
    const room = roomBeside(group, { block, phases: others }, machine);
    return {
      kind: 'rows',
      block,
      lanes: machine.workgroup,
      phases: phases(block, 1, room),
      workgroups: Math.ceil(rows / block),
    };
  });
}

/** Rows and columns of which a tile of a phase may have so many. */
const PHASE_EXTENTS = [1, 2, 3, 4, 5, 8, 16];

/** The same where operands can be staged: tiles in registers alone are for what is small then. */
const FEW_EXTENTS = [1, 2, 4, 8];

/** Products of an invocation below which a staged tile is mostly barriers. */
const LEAST_STAGED = 16;

/** What the schedule of a loop in a row program depends on beside the loop, its rows and the machine. */
export interface PhaseSurroundings {
  /** Tensors that have a place inside the kernel. */
  readonly inside?: ReadonlySet<Tensor>;
  /** Invocations that compute a row each, where they compute alone. */
  readonly lanes?: number;
  /** Bytes of workgroup memory that may hold staged operands. */
  readonly room?: number;
}

/**
 * The schedule of a loop in a row program: the one that takes the least time in the memory that is left.
 *
 * @param own the loop's axes that are rows
 * @param block rows of a block
 */
export function phaseSchedule(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  machine: Machine,
  { inside = new Set(), lanes = 1, room = 0 }: PhaseSurroundings = {},
): PhaseSchedule {
  let ofMachine = phasesKnown.get(machine);
  if (ofMachine === undefined) {
    ofMachine = new WeakMap();
    phasesKnown.set(machine, ofMachine);
  }
  const ofLoop = ofMachine.get(loop) ?? new Map<string, PhaseOption[]>();
  ofMachine.set(loop, ofLoop);
  const places = [...tensorsRead(loop)].map((tensor) => (inside.has(tensor) ? 'i' : 'm')).join('');
  const key = `${own.map((axis) => loop.axes.indexOf(axis)).join()} ${block} ${lanes} ${places}`;
  let options = ofLoop.get(key);
  if (options === undefined) {
    options = phaseOptions(loop, own, block, machine, inside, lanes);
    ofLoop.set(key, options);
  }
  return options.find(({ bytes }) => bytes <= room)?.schedule ?? plainPhase;
}

/** A schedule of a phase, and the bytes of workgroup memory that it stages in. */
interface PhaseOption {
  readonly schedule: PhaseSchedule;
  readonly micros: number;
  readonly bytes: number;
}

// Loops are immutable; row programs that grow ask again for the phases that they have.
const phasesKnown = new WeakMap<Machine, WeakMap<Loop, Map<string, PhaseOption[]>>>();

/** The schedules of a phase of which none takes less time in as much memory; the least time first. */
function phaseOptions(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  machine: Machine,
  inside: ReadonlySet<Tensor>,
  lanes: number,
): PhaseOption[] {
  const isInside = (tensor: Tensor): boolean => inside.has(tensor);
  let found: PhaseOption[] = [];
  const consider = (schedule: PhaseSchedule, work: Work, bytes: number): void => {
    const { micros } = timeOfWork([work], 1, 0, machine);
    if (found.some((other) => other.micros <= micros && other.bytes <= bytes)) return;
    found = found.filter((other) => other.micros < micros || other.bytes < bytes);
    found.push({ schedule, micros, bytes });
  };
  const plain = (schedule: PhaseSchedule): void =>
    consider(schedule, phaseWork(loop, own, block, schedule, isInside, machine, lanes), 0);
  const meets = machine.features.has('barriers');
  const splits = meets && loop.reductions.length > 0 ? splitsOf(loop, machine) : [1];
  for (const split of splits) plain({ kind: 'elements', split });
  const c = orientedContraction(loop);
  if (c === null) return fastestFirst(found);
  const space = tileSpace(c, own, block);
  // Sums beside the products (a bias's gradient, say) have no place in an invocation's own tile.
  if (loop.reductions.length === 1)
    for (const p of meets ? FEW_EXTENTS : PHASE_EXTENTS)
      for (const q of meets ? FEW_EXTENTS : PHASE_EXTENTS)
        if (p * q > 1 && p * q <= machine.sums && p <= space.m && q <= space.n)
          plain({ kind: 'tiles', perThread: [p, q] });
  const products = space.slices * space.m * space.n * domainSize(loop.reduceAxes);
  if (meets && products >= LEAST_STAGED * machine.workgroup) {
    const { bytes } = phaseWork(loop, own, block, plainPhase, isInside, machine, lanes);
    const staging = stagingOf(loop, c, isInside, machine);
    for (const tile of stagedTiles(loop, space.m, space.n, machine, true)) {
      const work = { ...stagedPhaseWork(loop, staging, space, tile, machine), bytes };
      consider({ kind: 'staged', ...tile }, work, 4 * stagingLayout(loop, tile).words);
    }
  }
  return fastestFirst(found);
}

function fastestFirst(options: readonly PhaseOption[]): PhaseOption[] {
  return [...options].sort((x, y) => x.micros - y.micros);
}
