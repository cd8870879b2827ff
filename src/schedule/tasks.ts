import { contractionOf, domainSize, type Loop, listingOf, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { isTiled, nestWork, overlapOf, packing, padded, TILE, vectors } from './laneWork.ts';
import { listTaskWork } from './listWork.ts';
import { localBytes, rowCount } from './rows.ts';
import type { TasksSchedule } from './schedule.ts';
import { programBlock, taskPhases } from './taskPhases.ts';
import { consecutive, touchedBytes } from './touched.ts';
import { finishOf, type Work } from './work.ts';

/** Parts into which a reduction with few outputs is shared between tasks. */
const SHARED_PARTS = 16;

/** What one task does: all loops of the group for its block of rows. */
export function tasksWork(group: Group, schedule: TasksSchedule, machine: Machine): Work[] {
  const { block } = schedule;
  const [loop, ...more] = group.loops;
  if (loop === undefined) return [];
  if (more.length > 0) return programWork(group, block, machine);
  const inside = new Set<Tensor>(group.locals);
  const lanes = loneWork(loop, schedule.tiled[0] ?? false, machine) * block;
  return [
    {
      serial: lanes / Math.max(1, rowsForTasks(group)) / machine.lanes,
      active: machine.lanes,
      bytes: touchedBytes(loop, consecutive(loop.axes, block), (tensor) => inside.has(tensor)),
      rounds: 1,
      barriers: 0,
    },
  ];
}

/** The loops of a row program for a block of rows, those that do the same as one that does it so many times. */
function programWork(group: Group, block: number, machine: Machine): Work[] {
  const counts = new Map<Work, number>();
  for (const phase of taskPhases(group, machine)) {
    const work = phase.work(block);
    counts.set(work, (counts.get(work) ?? 0) + 1);
  }
  const held = localBytes(group.locals, rowCount(group)) * block;
  let spilled = 2 * Math.max(0, held - machine.workgroupMemory);
  return [...counts].map(([work, count]) => {
    const bytes = count * work.bytes + spilled;
    spilled = 0;
    return { ...work, serial: count * work.serial, bytes, rounds: count * work.rounds };
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
