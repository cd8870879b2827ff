import { contractionOf, domainSize, type Loop, listingOf, walkOf } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { orientedContraction } from './orient.ts';
import { type Phase, phaseOf } from './phases.ts';
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
  type WorkgroupSchedule,
} from './schedule.ts';
import { LEAST_DEPTH, powers, splitsOf, stagedTiles } from './stagedTiles.ts';
import { tileExtents } from './staging.ts';
import { tasksCandidates } from './tasks.ts';

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
  if (listingOf(loop) !== null) return [{ kind: 'list', workgroups: 1 }];
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
  // A list is walked from its first position to its last.
  const isShared = machine.features.has('barriers') && walkOf(loop) === null;
  const splits = isShared ? splitsOf(loop, machine) : [1];
  return splits.map((split) => ({
    kind: 'reduce',
    split,
    workgroups: Math.ceil((outputs * split) / machine.workgroup),
  }));
}

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
  const own = group.loops.map((loop, k) => phaseOf(loop, group.rows[k] ?? [], inside, machine));
  const phasesOf = (schedule: (phase: Phase) => PhaseSchedule): PhaseSchedule[] => {
    const known = new Map<Phase, PhaseSchedule>();
    return own.map((phase) => {
      let found = known.get(phase);
      if (found === undefined) {
        found = schedule(phase);
        known.set(phase, found);
      }
      return found;
    });
  };
  if (!machine.features.has('barriers')) {
    return powers(machine.workgroup)
      .filter((lanes) => lanes >= Math.min(machine.neighbours, machine.workgroup))
      .map((lanes) => ({
        kind: 'rows',
        block: 1,
        lanes,
        phases: phasesOf((phase) => phase.schedule(1, lanes, 0)),
        workgroups: Math.ceil(rows / lanes),
      }));
  }
  // Blocks that leave most of the machine idle are not tried, except for the smallest.
  const fewest = machine.cores / 8;
  const blocks = powers(Math.min(MOST_ROWS, rows)).filter((b) => b === 1 || Math.ceil(rows / b) >= fewest);
  return blocks.map((block) => {
    // What cannot be staged says how much memory is left to what can.
    const others = phasesOf((phase) => (phase.isContraction ? plainPhase : phase.schedule(block, 1, 0)));
    const room = roomBeside(group, { block, phases: others }, machine);
    const isOpen = room < 0 || own.some((phase) => phase.isContraction);
    return {
      kind: 'rows',
      block,
      lanes: machine.workgroup,
      phases: isOpen
        ? phasesOf((phase) => phase.schedule(block, 1, phase.isContraction || room < 0 ? room : 0))
        : others,
      workgroups: Math.ceil(rows / block),
    };
  });
}
