import type { Machine } from '../machine/index.ts';
import type { Work } from './work.ts';

/** The parts of a time, each in microseconds. */
export interface Terms {
  /** Arithmetic of all cores. */
  readonly compute: number;
  /** Bytes between cores and the cache that they share. */
  readonly cache: number;
  /** Bytes between that cache and memory: what the cache does not hold. */
  readonly memory: number;
  /** Loads that wait for one another, and invocations that wait for the slowest. */
  readonly chain: number;
}

/** How long a group takes by itself: `max(compute, cache, memory) + chain`, in microseconds. */
export interface Time {
  readonly micros: number;
  readonly terms: Terms;
  /** The term that is largest. */
  readonly limit: keyof Terms;
  /** Microseconds for which it would keep all of the machine busy: less than `micros` where it leaves some idle. */
  readonly busy: number;
}

/**
 * The time of what so many workgroups do, each all of these phases.
 *
 * @param once bytes that they move at least: each tensor's that they read or write
 */
export function timeOfWork(
  phases: readonly Work[],
  workgroups: number,
  once: number,
  machine: Machine,
): Time {
  const { cores, resident, lanes, neighbours, clock, latency, barrier } = machine;
  const turns = Math.ceil(workgroups / cores);
  const waves = Math.ceil(workgroups / resident);
  let [serial, laneWork, bytes, chain] = [0, 0, 0, 0];
  for (const work of phases) {
    serial += work.serial;
    laneWork += work.serial * Math.ceil(work.active / neighbours) * neighbours;
    bytes += work.bytes;
    chain += work.rounds * latency + work.barriers * barrier;
  }
  const all = workgroups * bytes;
  const memory = Math.max(0, once - machine.cache) / machine.memoryRate;
  const terms: Terms = {
    compute: Math.max(waves * serial, (turns * laneWork) / lanes) / clock,
    cache: Math.max((turns * bytes) / machine.coreRate, all / machine.cacheRate),
    memory,
    chain: waves * chain,
  };
  const rate = Math.max(terms.compute, terms.cache, memory);
  const share = Math.max(
    (workgroups * laneWork) / (lanes * cores * clock),
    all / machine.cacheRate,
    (workgroups * bytes) / (machine.coreRate * cores),
    memory,
  );
  const busy = Math.min(rate + terms.chain, share + (workgroups / resident) * chain);
  return { micros: rate + terms.chain, terms, limit: largestOf(terms), busy };
}

/** The term that is largest, the first of equals. */
function largestOf({ compute, cache, memory, chain }: Terms): keyof Terms {
  if (compute >= cache && compute >= memory && compute >= chain) return 'compute';
  if (cache >= memory && cache >= chain) return 'cache';
  return memory >= chain ? 'memory' : 'chain';
}

/** What groups that share a dispatch take together. */
export interface Load {
  /** Microseconds of the longest of them. */
  readonly longest: number;
  /** Microseconds for which all of them together keep the machine busy. */
  readonly busy: number;
}

/** No groups at all. */
export const IDLE: Load = { longest: 0, busy: 0 };

/** The same with one group more. */
export function withTime({ longest, busy }: Load, time: Time): Load {
  return { longest: Math.max(longest, time.micros), busy: busy + time.busy };
}

/** Microseconds of a kernel that holds these groups. */
export function microsOfLoad({ longest, busy }: Load): number {
  return Math.max(longest, busy);
}

/**
 * The time of a kernel that holds these groups, in microseconds: the longest of them, or what all of them together keep
 * the machine busy for. The term that limits is that of the group to which this is due most.
 */
export function kernelTime(times: readonly Time[]): Pick<Time, 'micros' | 'limit'> {
  const load = times.reduce(withTime, IDLE);
  const by = load.longest >= load.busy ? 'micros' : 'busy';
  const [first, ...others] = times;
  const most = others.reduce((a, b) => (a === undefined || b[by] > a[by] ? b : a), first);
  return { micros: microsOfLoad(load), limit: most?.limit ?? 'chain' };
}

/** The time of a dispatch of these groups: that of their kernel, and the dispatch's own cost. */
export function stageTime(times: readonly Time[], machine: Machine): number {
  return kernelTime(times).micros + machine.dispatch;
}
