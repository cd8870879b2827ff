import type { Machine } from '../machine/index.ts';
import { isScheduled, tryToSchedule } from '../schedule/best.ts';
import type { Group, Stage } from '../schedule/group.ts';
import { stageTime, type Time } from '../schedule/time.ts';
import { earliestLevels } from './levels.ts';

/**
 * By how much of a time the model errs at least: assumed. What only moves work about must save more than that; what is
 * joined must not.
 */
export const MODEL_ERROR = 0.1;

/** The time of a group with its best schedule; null where no schedule fits the machine. */
export function priceOf(group: Group, machine: Machine): Time | null {
  const found = tryToSchedule(group, machine);
  return isScheduled(found) ? found.time : null;
}

/**
 * Microseconds of a step: of each dispatch the longest of its groups, or what all of them together keep the machine
 * busy for, and the dispatch itself. Infinite where a group fits no schedule.
 */
export function timeOfStages(stages: readonly Stage[], machine: Machine): number {
  let micros = 0;
  for (const { groups } of stages) {
    const times: Time[] = [];
    for (const group of groups) {
      const time = priceOf(group, machine);
      if (time === null) return Infinity;
      times.push(time);
    }
    micros += stageTime(times, machine);
  }
  return micros;
}

/** The same for groups that are not in dispatches yet: each comes as early as it can. */
export function timeOfGroups(groups: readonly Group[], machine: Machine): number {
  return timeOfStages(earliestStages(groups), machine);
}

function earliestStages(groups: readonly Group[]): Stage[] {
  const level = earliestLevels(groups);
  const stages: Group[][] = [];
  for (const group of groups) {
    const at = level.get(group) ?? 0;
    while (stages.length <= at) stages.push([]);
    stages[at]?.push(group);
  }
  return stages.map((members) => ({ groups: members }));
}

/** A time in words: `12.3 µs (latency)`. */
export function timeText({ micros, limit }: Pick<Time, 'micros' | 'limit'>): string {
  return `${microsText(micros)} (${limitNames[limit]})`;
}

const limitNames = {
  compute: 'arithmetic',
  cache: 'cache',
  memory: 'memory',
  chain: 'latency',
} as const satisfies Record<Time['limit'], string>;

/** Microseconds to three digits. */
export function microsText(micros: number): string {
  return `${Number(micros.toPrecision(3))} µs`;
}
