import { tensorSize } from '../loops/edges.ts';
import { byteSize, loopLoads, type Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import type { Schedule } from './schedule.ts';
import { tasksWork } from './tasks.ts';
import { type Work, workOf } from './work.ts';

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
 * The time of a group with a schedule:
 *
 *     max(compute, cache traffic, memory traffic) + latency chain
 *
 * What workgroups do is counted by `workOf`; here it meets the machine. A core takes its share of the workgroups one after the other;
 * those that are resident wait together.
 */
export function timeOf(group: Group, schedule: Schedule, machine: Machine): Time {
  const phases =
    schedule.kind === 'tasks' ? tasksWork(group, schedule, machine) : workOf(group, schedule, machine);
  return timeOfWork(phases, schedule.workgroups, bytesOnce(group), machine);
}

/** @param once bytes that the group moves at least: each tensor's that it reads or writes */
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
  const limit = (Object.keys(terms) as (keyof Terms)[]).reduce((a, b) => (terms[b] > terms[a] ? b : a));
  return { micros: rate + terms.chain, terms, limit, busy };
}

// Groups are immutable.
const once = new WeakMap<Group, number>();

/** Bytes of every tensor in memory that a group reads or writes, once each. */
function bytesOnce(group: Group): number {
  let found = once.get(group);
  if (found === undefined) {
    const inside = new Set(group.locals);
    const tensors = new Set<Tensor>();
    for (const loop of [...group.prologue, ...group.loops]) {
      for (const { tensor } of loopLoads(loop)) tensors.add(tensor);
      for (const { tensor } of loop.outs) tensors.add(tensor);
    }
    found = 0;
    for (const tensor of tensors)
      if (!inside.has(tensor)) found += tensorSize(tensor) * byteSize(tensor.dtype);
    once.set(group, found);
  }
  return found;
}

/**
 * The time of a kernel that holds these groups, in microseconds: the longest of them, or what all of them together keep
 * the machine busy for. The term that limits is that of the group to which this is due most.
 */
export function kernelTime(times: readonly Time[]): Pick<Time, 'micros' | 'limit'> {
  let [longest, busy] = [0, 0];
  for (const time of times) {
    longest = Math.max(longest, time.micros);
    busy += time.busy;
  }
  const by = longest >= busy ? 'micros' : 'busy';
  const [first, ...others] = times;
  const most = others.reduce((a, b) => (a === undefined || b[by] > a[by] ? b : a), first);
  return { micros: Math.max(longest, busy), limit: most?.limit ?? 'chain' };
}

/** The time of a dispatch of these groups: that of their kernel, and the dispatch's own cost. */
export function stageTime(times: readonly Time[], machine: Machine): number {
  return kernelTime(times).micros + machine.dispatch;
}
