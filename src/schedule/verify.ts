import { type Contraction, domainSize, extentOf, type Loop, listingOf, walkOf } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { excessText, ScheduleError, type ScheduleFault } from './issues.ts';
import { isTiled } from './laneWork.ts';
import { orientedContraction } from './orient.ts';
import { partingOf } from './partials.ts';
import { excessOf, resourcesOf } from './resources.ts';
import { rowCount } from './rows.ts';
import type {
  ContractSchedule,
  PhaseSchedule,
  ReduceSchedule,
  RowsSchedule,
  Schedule,
  StagedTile,
  TasksSchedule,
} from './schedule.ts';
import { LEAST_DEPTH } from './stagedTiles.ts';
import { tileExtents } from './staging.ts';
import { rowsForTasks } from './tasks.ts';

/**
 * Requires that a schedule suits its group and its machine: of the kind that the group's loops ask for, with as many
 * workgroups as cover its elements, tiles or rows, shares and tiles that kernels have, within the machine's limits.
 *
 * @throws ScheduleError `schedule`: what is wrong, needed and available
 */
export function verifySchedule(group: Group, schedule: Schedule, machine: Machine): void {
  const fault = faultIn(group, schedule, machine);
  if (fault !== null) throw new ScheduleError('schedule', group, fault);
}

/** The first thing that is wrong with a schedule; null where nothing is. */
function faultIn(group: Group, schedule: Schedule, machine: Machine): ScheduleFault | null {
  const found = kindFault(group, schedule, machine) ?? partsFault(group, schedule, machine);
  if (found !== null) return found;
  const excess = excessOf(resourcesOf(group, schedule, machine), machine);
  return excess === null
    ? null
    : {
        what: excess.limit,
        text: `the schedule exceeds machine ${machine.name}: ${excessText(excess)}`,
        needed: excess.needed,
        available: excess.available,
      };
}

/** The kind of schedule that a group has on a machine. */
function kindOf({ loops: [loop, ...more] }: Group, machine: Machine): Schedule['kind'] {
  if (machine.features.has('tasks')) return 'tasks';
  if (more.length > 0) return 'rows';
  if (loop === undefined || loop.reductions.length === 0) return 'map';
  if (listingOf(loop) !== null) return 'list';
  return orientedContraction(loop) === null ? 'reduce' : 'contract';
}

function kindFault(group: Group, schedule: Schedule, machine: Machine): ScheduleFault | null {
  const { kind } = schedule;
  const needed = kindOf(group, machine);
  if (kind === needed) return null;
  const loops = group.loops.length === 1 ? 'its loop' : `its ${group.loops.length} loops`;
  return {
    what: 'kind',
    text: `the schedule is of kind ${kind}; ${loops} on ${machine.name} need ${needed}`,
  };
}

/** What is wrong with the parts of a schedule of the right kind. */
function partsFault(group: Group, schedule: Schedule, machine: Machine): ScheduleFault | null {
  const [loop] = group.loops;
  if (loop === undefined) return { what: 'kind', text: 'there is no schedule of a group without loops' };
  const own = ((): ScheduleFault | null => {
    switch (schedule.kind) {
      case 'map':
        return (
          wholeFault('tile', 'elements of an invocation', schedule.perThread) ??
          workgroupsFault(
            schedule,
            Math.ceil(domainSize(loop.axes) / (machine.workgroup * schedule.perThread)),
            `${domainSize(loop.axes)} elements`,
          )
        );
      case 'reduce':
        return reduceFault(loop, schedule, machine);
      case 'list':
        return workgroupsFault(schedule, 1, 'the lists of a key');
      case 'contract':
        return contractFault(loop, schedule, machine);
      case 'rows':
        return rowsFault(group, schedule, machine);
      case 'tasks':
        return tasksFault(group, schedule);
      default:
        return schedule satisfies never;
    }
  })();
  return own ?? partialsFault(group, schedule, machine);
}

function reduceFault(loop: Loop, schedule: ReduceSchedule, machine: Machine): ScheduleFault | null {
  const outputs = domainSize(loop.axes);
  if (schedule.split > 1 && walkOf(loop) !== null)
    return numberFault(
      'split',
      `${schedule.split} invocations share a list; it is walked by`,
      1,
      schedule.split,
    );
  return (
    splitFault(schedule.split, machine) ??
    workgroupsFault(
      schedule,
      Math.ceil((outputs * schedule.split) / machine.workgroup),
      `${outputs} outputs, each shared by ${schedule.split}`,
    )
  );
}

function contractFault(loop: Loop, schedule: ContractSchedule, machine: Machine): ScheduleFault | null {
  const c = orientedContraction(loop);
  if (c === null) return { what: 'tile', text: `there are no tiles: ${loop.name} is not a contraction` };
  const fault = stagedFault(loop, schedule, machine);
  if (fault !== null) return fault;
  if (!machine.features.has('barriers')) return loneFault(c, schedule, machine);
  const [rows, columns] = tileExtents(schedule);
  const tiles =
    Math.ceil(domainSize(c.m) / rows) * Math.ceil(domainSize(c.n) / columns) * domainSize(c.batch);
  return workgroupsFault(schedule, tiles, `${tiles} tiles`);
}

/** What is wrong with a tile that a workgroup stages, whatever it covers. */
function stagedFault(loop: Loop, tile: StagedTile, machine: Machine): ScheduleFault | null {
  const { threads, perThread, split, depth } = tile;
  for (const [what, text, values] of [
    ['threads', 'sides of the grid of invocations', threads],
    ['tile', 'sides of a tile', perThread],
    ['depth', 'steps that are staged', [depth]],
  ] as const)
    for (const value of values) {
      const fault = wholeFault(what, text, value);
      if (fault !== null) return fault;
    }
  const shares = splitFault(split, machine);
  if (shares !== null) return shares;
  if (!machine.features.has('barriers')) return null;
  const all = threads[0] * threads[1] * split;
  if (all !== machine.workgroup) {
    const text = `${threads[0]} by ${threads[1]} invocations, ${split} shares: ${all} in all`;
    return numberFault('threads', `${text}; a workgroup has`, machine.workgroup, all);
  }
  if (depth % split !== 0)
    return numberFault(
      'depth',
      `${depth} steps are staged, which ${split} shares must divide; they need`,
      Math.ceil(depth / split) * split,
      depth,
    );
  const most = Math.max(LEAST_DEPTH, split, 2 * domainSize(loop.reduceAxes) - 1);
  if (depth > most) {
    const text = `${depth} steps are staged of a reduction of ${domainSize(loop.reduceAxes)}; there may be at most`;
    return numberFault('depth', text, most, depth);
  }
  return null;
}

/** Where invocations compute alone, each has a tile. */
function loneFault(c: Contraction, schedule: ContractSchedule, machine: Machine): ScheduleFault | null {
  const { threads, perThread, split, depth } = schedule;
  for (const [what, value] of [
    ['threads', threads[0]],
    ['threads', threads[1]],
    ['split', split],
    ['depth', depth],
  ] as const)
    if (value !== 1)
      return numberFault(what, `${what} is ${value} where invocations compute alone; it must be`, 1, value);
  const tiles =
    Math.ceil(domainSize(c.m) / perThread[0]) *
    Math.ceil(domainSize(c.n) / perThread[1]) *
    domainSize(c.batch);
  return workgroupsFault(schedule, Math.ceil(tiles / machine.workgroup), `${tiles} tiles of an invocation`);
}

function rowsFault(group: Group, schedule: RowsSchedule, machine: Machine): ScheduleFault | null {
  const { block, lanes, phases } = schedule;
  const together = machine.features.has('barriers');
  for (const [text, value] of [
    ['rows of a block', block],
    ['rows that invocations compute alone', lanes],
  ] as const) {
    const fault = wholeFault('block', text, value);
    if (fault !== null) return fault;
  }
  if (!together && block !== 1)
    return numberFault(
      'block',
      `a block has ${block} rows where invocations compute alone; it must have`,
      1,
      block,
    );
  if (together ? lanes !== machine.workgroup : lanes > machine.workgroup)
    return numberFault('threads', `${lanes} lanes; a workgroup has`, machine.workgroup, lanes);
  if (phases.length !== group.loops.length) {
    const text = `there are ${phases.length} phases; the group has loops, one a phase:`;
    return numberFault('phases', text, group.loops.length, phases.length);
  }
  for (const [k, phase] of phases.entries()) {
    const loop = group.loops[k];
    const fault = loop === undefined ? null : phaseFault(loop, phase, machine);
    if (fault !== null) return fault;
  }
  const rows = rowCount(group);
  return workgroupsFault(schedule, Math.ceil(rows / (together ? block : lanes)), `${rows} rows`);
}

function phaseFault(loop: Loop, phase: PhaseSchedule, machine: Machine): ScheduleFault | null {
  if (phase.kind === 'elements') {
    const { split } = phase;
    const shares = splitFault(split, machine);
    if (shares !== null || split === 1 || loop.reductions.length > 0) return shares;
    return numberFault('split', `${loop.name} reduces nothing that ${split} could share; it needs`, 1, split);
  }
  const { perThread } = phase;
  const refuse = (why: string): ScheduleFault => ({
    what: 'tile',
    text: `${loop.name} has tiles of ${perThread[0]} by ${perThread[1]}, ${why}`,
  });
  if (orientedContraction(loop) === null) return refuse('and is not a contraction');
  if (phase.kind === 'staged')
    return machine.features.has('barriers')
      ? stagedFault(loop, phase, machine)
      : refuse('which are staged where invocations compute alone');
  if (loop.reductions.length > 1) return refuse('and sums beside the products, which have no place in one');
  for (const side of perThread) {
    const fault = wholeFault('tile', `sides of a tile of ${loop.name}`, side);
    if (fault !== null) return fault;
  }
  return null;
}

function tasksFault(group: Group, schedule: TasksSchedule): ScheduleFault | null {
  const { block, tiled } = schedule;
  const whole = wholeFault('block', 'rows of a task', block);
  if (whole !== null) return whole;
  if (tiled.length !== group.loops.length) {
    const text = `it says of ${tiled.length} loops whether they run in tiles; the group has`;
    return numberFault('phases', text, group.loops.length, tiled.length);
  }
  const torn = group.loops.find((loop, k) => tiled[k] === true && !isTiled(loop));
  if (torn !== undefined)
    return { what: 'tile', text: `${torn.name} runs in tiles, and has no products that fill any` };
  const rows = rowsForTasks(group);
  return workgroupsFault(schedule, Math.max(1, Math.ceil(rows / block)), `${rows} rows`);
}

/** Partial results are as many as what makes them. */
function partialsFault(group: Group, schedule: Schedule, machine: Machine): ScheduleFault | null {
  const [loop] = group.loops;
  if (loop === undefined) return null;
  for (const { tensor, at } of group.partials) {
    const parting = partingOf(loop, at, schedule, machine);
    if (parting === null) {
      const kept = at.map((axis) => axis.name).join(', ');
      return { what: 'partials', text: `${tensor.name} has parts along ${kept}; its workgroups make none` };
    }
    const count = extentOf(tensor.shape[0] ?? 1);
    if (count === parting.parts) continue;
    const text = `${tensor.name} has ${count} partial results; its workgroups make`;
    return numberFault('partials', text, parting.parts, count);
  }
  return null;
}

/** How many invocations share a reduction: a power of two, up to a workgroup; one where they compute alone. */
function splitFault(split: number, machine: Machine): ScheduleFault | null {
  const most = machine.features.has('barriers') ? machine.workgroup : 1;
  if (split > most)
    return numberFault('split', `${split} invocations share a reduction; there are at most`, most, split);
  return Number.isInteger(split) && split >= 1 && Number.isInteger(Math.log2(split))
    ? null
    : { what: 'split', text: `${split} invocations share a reduction; it must be a power of two` };
}

function workgroupsFault(
  { workgroups }: Pick<Schedule, 'workgroups'>,
  needed: number,
  of: string,
): ScheduleFault | null {
  if (workgroups === needed) return null;
  const text = workgroups < needed ? 'do not cover' : 'are more than';
  return numberFault('workgroups', `${workgroups} workgroups ${text} ${of}; they need`, needed, workgroups);
}

function wholeFault(what: ScheduleFault['what'], text: string, value: number): ScheduleFault | null {
  return Number.isSafeInteger(value) && value >= 1
    ? null
    : { what, text: `${text}: ${value}; it must be a whole number from 1 on` };
}

function numberFault(
  what: ScheduleFault['what'],
  text: string,
  needed: number,
  available: number,
): ScheduleFault {
  return { what, text: `${text} ${needed}`, needed, available };
}
