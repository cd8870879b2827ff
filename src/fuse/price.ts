import type { Machine } from '../machine/index.ts';
import { isScheduled, tryToSchedule } from '../schedule/best.ts';
import type { Group, Stage } from '../schedule/group.ts';
import { limitOf, type Time } from '../schedule/time.ts';
import { byLevel } from './levels.ts';
import { copyOf, earliestDispatches } from './updates.ts';

/**
 * By how much of a time the model errs at least: assumed. What only moves work about must save more than that; what is
 * joined must not.
 */
export const MODEL_ERROR = 0.1;

/** What times may differ by and be equal, in microseconds. */
export const ROUNDING = 1e-9;

/** Picoseconds of a microsecond. */
const PICOS = 1e6;

/**
 * A time in whole picoseconds: in these times are added up, so that a sum does not depend on the order of its terms, nor on what
 * was added and taken away before. It is exact up to 2^53 of them, two and a half hours.
 */
export function picosOf(micros: number): number {
  return Math.round(micros * PICOS);
}

/** Whole picoseconds in microseconds. */
export function microsOf(picos: number): number {
  return picos / PICOS;
}

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
  let picos = 0;
  for (const stage of stages) {
    const times = timesOf(stage, machine);
    if (times === null) return Infinity;
    picos += picosOfKernel(times) + picosOf(machine.dispatch);
  }
  return microsOf(picos);
}

/** Picoseconds of a kernel that holds groups of these times, without those of its dispatch. */
function picosOfKernel(times: readonly Time[]): number {
  let [longest, busy] = [0, 0];
  for (const time of times) {
    longest = Math.max(longest, picosOf(time.micros));
    busy += picosOf(time.busy);
  }
  return Math.max(longest, busy);
}

/** The times of a stage's groups; null where one fits no schedule. */
function timesOf({ groups }: Stage, machine: Machine): Time[] | null {
  const times: Time[] = [];
  for (const group of groups) {
    const time = priceOf(group, machine);
    if (time === null) return null;
    times.push(time);
  }
  return times;
}

/** What the model says of a kernel. */
export interface Prediction {
  /** Microseconds, without those of the dispatch. */
  readonly micros: number;
  /** What most of them go to: arithmetic, bytes between cores and cache, bytes from memory, or waiting for loads and barriers. */
  readonly limit: (typeof limitNames)[Time['limit']];
}

/** The time of a stage's kernel; null where a group fits no schedule. */
export function predictionOf(stage: Stage, machine: Machine): Prediction | null {
  const times = timesOf(stage, machine);
  if (times === null) return null;
  return { micros: microsOf(picosOfKernel(times)), limit: limitNames[limitOf(times)] };
}

/**
 * The same for groups that are not in dispatches yet: each comes as early as it can. States that cannot be updated in place
 * are copied by one dispatch more.
 */
export function timeOfGroups(groups: readonly Group[], machine: Machine): number {
  const { level, copied } = earliestDispatches(groups);
  const stages = byLevel(groups, level);
  const copies = [...copied].map(copyOf);
  return timeOfStages(copies.length === 0 ? stages : [...stages, { groups: copies }], machine);
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
