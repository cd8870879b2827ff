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

/**
 * The term that limits a kernel that holds groups of these times, which takes as long as the longest of them, or as all of them
 * together keep the machine busy: that of the group to which this is due most.
 */
export function limitOf(times: readonly Time[]): Time['limit'] {
  let [longest, busy] = [0, 0];
  for (const time of times) {
    longest = Math.max(longest, time.micros);
    busy += time.busy;
  }
  const by = longest >= busy ? 'micros' : 'busy';
  const [first, ...others] = times;
  const most = others.reduce((a, b) => (a === undefined || b[by] > a[by] ? b : a), first);
  return most?.limit ?? 'chain';
}
