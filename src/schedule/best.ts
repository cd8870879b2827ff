import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { groupText } from './alike.ts';
import { candidates } from './candidates.ts';
import { type Group, groupName } from './group.ts';
import { timesOf } from './groupTime.ts';
import { excessText, ScheduleError } from './issues.ts';
import { type Excess, excessOf, resourcesOf } from './resources.ts';
import type { Schedule, WorkgroupSchedule } from './schedule.ts';
import type { Time } from './time.ts';
import { verifySchedule } from './verify.ts';

/** A group with the schedule that takes it the least time. */
export interface Scheduled<S extends Schedule = Schedule> {
  readonly group: Group;
  readonly schedule: S;
  readonly time: Time;
}

/**
 * The best schedule of a group, the first of equals, or the one that it keeps; or the limit that the smallest one exceeds.
 *
 * @throws ScheduleError `schedule` where it keeps one that does not suit it or the machine
 */
export function tryToSchedule(group: Group, machine: Machine): Scheduled | Excess {
  return scheduledFor(machine)(group);
}

const scheduledFor = memoized((machine: Machine) => {
  // Without their groups: one by another's text is as good.
  const byText = new Map<string, Omit<Scheduled, 'group'> | Excess>();
  return memoized((group: Group) => {
    const text = groupText(group, machine);
    if (text === null) return search(group, machine);
    const known = byText.get(text);
    if (known !== undefined) return 'schedule' in known ? { group, ...known } : known;
    const found = search(group, machine);
    byText.set(text, isScheduled(found) ? { schedule: found.schedule, time: found.time } : found);
    return found;
  });
});

function search(group: Group, machine: Machine): Scheduled | Excess {
  const timeWith = timesOf(group, machine);
  if (group.schedule !== undefined) {
    const excess = excessOf(resourcesOf(group, group.schedule, machine), machine);
    if (excess !== null) return excess;
    verifySchedule(group, group.schedule, machine);
    return { group, schedule: group.schedule, time: timeWith(group.schedule) };
  }
  const schedules = candidates(group, machine);
  const excessWith = (schedule: Schedule): Excess | null =>
    excessOf(resourcesOf(group, schedule, machine), machine);
  let best: Scheduled | null = null;
  for (const schedule of schedules) {
    const time = timeWith(schedule);
    if (best !== null && time.micros >= best.time.micros) continue;
    if (excessWith(schedule) === null) best = { group, schedule, time };
  }
  if (best !== null) return best;
  let smallest: Excess | null = null;
  for (const schedule of schedules) {
    const excess = excessWith(schedule);
    if (excess !== null && (smallest === null || excess.needed < smallest.needed)) smallest = excess;
  }
  if (smallest === null) throw new RangeError(`${groupName(group)} has no candidates`);
  return smallest;
}

/** A group that keeps the best schedule that it has now; itself where it has one, or none fits. */
export function withSchedule(group: Group, machine: Machine): Group {
  if (group.schedule !== undefined) return group;
  const found = tryToSchedule(group, machine);
  if (!isScheduled(found)) return group;
  verifySchedule(group, found.schedule, machine);
  return { ...group, schedule: found.schedule };
}

/** Whether a schedule was found. */
export function isScheduled(found: Scheduled | Excess): found is Scheduled {
  return 'schedule' in found;
}

/**
 * The best schedule of a group.
 *
 * @throws ScheduleError where every schedule exceeds a limit of the machine: says which, what is needed and available
 */
export function bestSchedule(group: Group, machine: Machine): Scheduled {
  const found = tryToSchedule(group, machine);
  if (isScheduled(found)) {
    // What is only weighed is not verified: most of it is never run.
    verifySchedule(group, found.schedule, machine);
    return found;
  }
  const { limit, needed, available } = found;
  const text = `every schedule exceeds machine ${machine.name}; of the smallest, ${excessText(found)}`;
  throw new ScheduleError('limit', group, { what: limit, text, needed, available });
}

/**
 * The same for a machine of workgroups.
 *
 * @throws ScheduleError as `bestSchedule`, and for a machine of tasks
 */
export function scheduleWorkgroups(group: Group, machine: Machine): Scheduled<WorkgroupSchedule> {
  const { schedule, ...rest } = bestSchedule(group, machine);
  if (schedule.kind === 'tasks')
    throw new ScheduleError('schedule', group, {
      what: 'kind',
      text: `machine ${machine.name} has tasks, and no workgroups`,
    });
  return { ...rest, schedule };
}
