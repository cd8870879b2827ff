import { type Contraction, domainSize, type Listing, type Loop, listingOf, termsOf } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { loopEvaluation } from './cost.ts';
import { type Group, tensorsInside } from './group.ts';
import { listWork } from './listWork.ts';
import { partialWork } from './partialWork.ts';
import { type Phase, phaseOf } from './phases.ts';
import {
  type ContractSchedule,
  type PhaseSchedule,
  plainPhase,
  type RowsSchedule,
  type WorkgroupSchedule,
} from './schedule.ts';
import { tileExtents } from './staging.ts';
import { consecutive, touchedBytes } from './touched.ts';
import {
  combination,
  finishOf,
  type IsInside,
  multiplyAdds,
  operandCosts,
  requireContraction,
  roundsOf,
  stagedWork,
  stagingOf,
  type Work,
} from './work.ts';

/**
 * What one workgroup of a group does with any of its schedules: its phases, the prologue first. What does not depend on
 * the schedule is counted once.
 */
export function workOf(group: Group, machine: Machine): (schedule: WorkgroupSchedule) => Work[] {
  const inside = tensorsInside(group);
  const isInside: IsInside = (tensor) => inside.has(tensor);
  const prologue = group.prologue.map((loop) =>
    phaseOf(loop, [], inside, machine).work(plainOr(loop, machine), 1, 1),
  );
  const [loop] = group.loops;
  if (loop === undefined) return () => prologue;
  const meet = machine.features.has('barriers') ? 1 : 0;
  const phases = once(() =>
    group.loops.map((each, k) => phaseOf(each, group.rows[k] ?? [], inside, machine)),
  );
  const contract = once(() => contractWork(loop, isInside, machine));
  const own = (schedule: WorkgroupSchedule): Work[] => {
    switch (schedule.kind) {
      case 'map':
        return [mapWork(loop, schedule.perThread, isInside, machine)];
      case 'reduce':
        return [reduceWork(loop, schedule.split, isInside, machine)];
      case 'list':
        return [listWork(requireListing(loop), machine)];
      case 'contract':
        return [contract()(schedule)];
      case 'rows':
        return rowsWork(phases(), schedule, meet);
      default:
        return schedule satisfies never;
    }
  };
  return (schedule) => [...prologue, ...own(schedule), ...partialWork(group, schedule, isInside, machine)];
}

/** The phases of a row program, those that do the same as one that does it so many times. */
function rowsWork(phases: readonly Phase[], schedule: RowsSchedule, meet: number): Work[] {
  const { block, lanes } = schedule;
  const counts = new Map<Work, number>();
  for (const [k, phase] of phases.entries()) {
    const work = phase.work(schedule.phases[k] ?? plainPhase, block, lanes);
    counts.set(work, (counts.get(work) ?? 0) + 1);
  }
  // The invocations meet between phases, and not before the first.
  let before = meet;
  return [...counts].map(([{ serial, active, bytes, rounds, barriers }, count]) => {
    const met = count * (barriers + meet) - before;
    before = 0;
    return { serial: count * serial, active, bytes: count * bytes, rounds: count * rounds, barriers: met };
  });
}

/** A function that computes its value when it is first asked for it. */
function once<T>(compute: () => T): () => T {
  let found: { readonly value: T } | null = null;
  return () => {
    found ??= { value: compute() };
    return found.value;
  };
}

/** A loop of the prologue runs as its elements are many: shared by the workgroup, or by one invocation. */
function plainOr(loop: Loop, machine: Machine): PhaseSchedule {
  if (!machine.features.has('barriers')) return plainPhase;
  let split = 1;
  while (split < machine.workgroup && split * 4 <= domainSize(loop.reduceAxes)) split *= 2;
  return { kind: 'elements', split };
}

/** The lists that a loop makes. @throws RangeError where it makes none */
function requireListing(loop: Loop): Listing {
  const listing = listingOf(loop);
  if (listing === null) throw new RangeError(`${loop.name} makes no lists`);
  return listing;
}

function mapWork(loop: Loop, perThread: number, isInside: IsInside, machine: Machine): Work {
  const elements = Math.min(domainSize(loop.axes), machine.workgroup * perThread);
  return {
    serial: perThread * finishOf(loop, machine),
    active: Math.min(machine.workgroup, elements),
    bytes: touchedBytes(loop, consecutive(loop.axes, elements), isInside),
    rounds: loopEvaluation(loop).depth,
    barriers: 0,
  };
}

function reduceWork(loop: Loop, split: number, isInside: IsInside, machine: Machine): Work {
  const { term } = loopEvaluation(loop);
  const outputs = Math.min(domainSize(loop.axes), Math.max(1, machine.workgroup / split));
  const terms = Math.max(1, Math.ceil(termsOf(loop) / split));
  const met = combination(loop, split);
  return {
    serial: terms * multiplyAdds(term, machine) + met.serial + finishOf(loop, machine),
    active: Math.min(machine.workgroup, outputs * split),
    bytes: touchedBytes(loop, consecutive(loop.axes, outputs), isInside),
    rounds: roundsOf(terms, loop, isInside, machine),
    barriers: met.barriers,
  };
}

/**
 * A contraction by itself. Where invocations meet, operands go through workgroup memory, `depth` steps at a time; else
 * each invocation has a tile, whose operands it loads.
 */
function contractWork(
  loop: Loop,
  isInside: IsInside,
  machine: Machine,
): (schedule: ContractSchedule) => Work {
  const c = requireContraction(loop);
  const bytesOf = tileBytes(loop, c, isInside);
  if (machine.features.has('barriers')) {
    const staging = stagingOf(loop, c, isInside, machine);
    return (schedule) => {
      const { serial, rounds, barriers } = stagedWork(loop, staging, schedule, machine);
      const bytes = bytesOf(...tileExtents(schedule));
      return { serial, active: machine.workgroup, bytes, rounds, barriers };
    };
  }
  const steps = domainSize(loop.reduceAxes);
  const finish = finishOf(loop, machine);
  const [a, b] = operandCosts(c, [], machine);
  return ({ perThread: [tm, tn] }) => {
    const tiles = Math.ceil(domainSize(c.m) / tm) * Math.ceil(domainSize(c.n) / tn) * domainSize(c.batch);
    const busy = Math.min(machine.workgroup, tiles);
    return {
      serial: steps * (tm * a + tn * b + tm * tn) + tm * tn * finish,
      active: busy,
      bytes: bytesOf(tm, tn * busy),
      rounds: Math.ceil(steps / machine.overlap) + 1,
      barriers: 0,
    };
  };
}

/**
 * Bytes that a workgroup touches whose tile has so many rows and columns. Schedules that differ in depth and shares alone
 * touch the same.
 */
function tileBytes(
  loop: Loop,
  c: Contraction,
  isInside: IsInside,
): (rows: number, columns: number) => number {
  const known = new Map<number, Map<number, number>>();
  return (rows, columns) => {
    let ofRows = known.get(rows);
    if (ofRows === undefined) {
      ofRows = new Map();
      known.set(rows, ofRows);
    }
    let found = ofRows.get(columns);
    if (found === undefined) {
      const cover = [...consecutive(c.m, rows), ...consecutive(c.n, columns), ...consecutive(c.batch, 1)];
      found = touchedBytes(loop, cover, isInside);
      ofRows.set(columns, found);
    }
    return found;
  };
}
