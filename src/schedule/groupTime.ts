import { tensorBytes, tensorsRead } from '../loops/edges.ts';
import { loadsIn, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { changedShare } from './changedShare.ts';
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
  const shares = new Map<Tensor, number>();
  const add = (tensor: Tensor, share: number): void =>
    void shares.set(tensor, Math.max(share, shares.get(tensor) ?? 0));
  for (const loop of [...group.prologue, ...group.loops]) {
    const { share, tensors } = changedShare(loop);
    for (const tensor of [...tensorsRead(loop), ...loop.outs.map((out) => out.tensor)])
      add(tensor, tensors.has(tensor) ? share : 1);
  }
  for (const { tensor } of [...group.partials, ...loadsIn(...group.partials.map((p) => p.body))])
    add(tensor, 1);
  let bytes = 0;
  for (const [tensor, share] of shares) if (!inside.has(tensor)) bytes += share * tensorBytes(tensor);
  return bytes;
}
