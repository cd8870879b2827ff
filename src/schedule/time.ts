import { domainSize } from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import { choose, contractTime, type Schedule } from './choose.ts';
import { loopWork } from './cost.ts';
import type { Group } from './group.ts';

/** How a group would run by itself. */
export interface GroupTime {
  /** Multiply-adds that one invocation does, one after the other. */
  readonly chain: number;
  /** Share of the machine that is at work; above one, how often the machine is filled. */
  readonly fill: number;
}

/** How a group would run with the schedule that it gets. */
export function timeOf(group: Group, profile: Profile): GroupTime {
  const schedule = choose(group, profile);
  const { workgroup, parallelWorkgroups, cooperative } = profile;
  const [loop] = group.loops;
  if (cooperative && schedule.kind === 'contract' && loop !== undefined) {
    const fill = schedule.workgroups / parallelWorkgroups;
    return { chain: contractTime(schedule, domainSize(loop.reduceAxes), profile) / Math.max(1, fill), fill };
  }
  const busy = cooperative ? schedule.workgroups * workgroup : invocationsAlone(group, schedule);
  const work = group.loops.reduce((n, each) => n + loopWork(each), 0);
  return { chain: work / busy, fill: busy / (parallelWorkgroups * workgroup) };
}

/** How many invocations have something to compute where each computes alone: the last workgroup may have fewer. */
function invocationsAlone({ loops, rows }: Group, schedule: Schedule): number {
  const elements = domainSize(loops[0]?.axes ?? []);
  switch (schedule.kind) {
    case 'map':
      return Math.ceil(elements / schedule.perThread);
    case 'reduce':
      return elements;
    case 'contract':
      return Math.ceil(elements / (schedule.perThread[0] * schedule.perThread[1]));
    case 'rows':
      return domainSize(rows[0] ?? []);
    default:
      return schedule satisfies never;
  }
}
