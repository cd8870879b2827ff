import { tensorBytes, tensorsRead } from '../loops/edges.ts';
import { loadsIn, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { workOf } from './groupWork.ts';
import type { Schedule } from './schedule.ts';
import { tasksWork } from './tasks.ts';
import { type Time, timeOfWork } from './time.ts';

/**
 * The time of a group with a schedule:
 *
 *     max(compute, cache traffic, memory traffic) + latency chain
 *
 * What workgroups do is counted by `workOf`; here it meets the machine. A core takes its share of the workgroups one after the other;
 * those that are resident wait together.
 */
export function timeOf(group: Group, schedule: Schedule, machine: Machine): Time {
  return timesOf(group, machine)(schedule);
}

/** The times of a group with any of its schedules: what does not depend on the schedule is counted once. */
export function timesOf(group: Group, machine: Machine): (schedule: Schedule) => Time {
  const ofWorkgroups = workOf(group, machine);
  const bytes = bytesOnce(group);
  return (schedule) => {
    const phases = schedule.kind === 'tasks' ? tasksWork(group, schedule, machine) : ofWorkgroups(schedule);
    return timeOfWork(phases, schedule.workgroups, bytes, machine);
  };
}

/** Bytes of every tensor in memory that a group reads or writes, once each. */
function bytesOnce(group: Group): number {
  const inside = new Set(group.locals);
  const tensors = new Set<Tensor>();
  for (const loop of [...group.prologue, ...group.loops]) {
    for (const tensor of tensorsRead(loop)) tensors.add(tensor);
    for (const { tensor } of loop.outs) tensors.add(tensor);
  }
  for (const { tensor } of [...group.partials, ...loadsIn(...group.partials.map((p) => p.body))])
    tensors.add(tensor);
  let bytes = 0;
  for (const tensor of tensors) if (!inside.has(tensor)) bytes += tensorBytes(tensor);
  return bytes;
}
