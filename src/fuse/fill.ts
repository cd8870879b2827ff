import { inOrder, tensorSize } from '../loops/edges.ts';
import type { Axis, Loop } from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import { type Group, groupName, singleton, tensorsWritten } from '../schedule/group.ts';
import type { GroupTime } from '../schedule/time.ts';
import type { Decisions } from './decisions.ts';
import { type InParts, inParts, isDivisible, sketchParts } from './parts.ts';
import { groupDependencies, isScalar } from './rows.ts';

/** What asks for the time of a group that may not be there yet. */
export type TimeOf = (group: Group) => GroupTime;

/** More parts than this are not tried: the second stage reduces them. */
const MOST_PARTS = 1024;

/**
 * Long reductions with few outputs (gradients of small filters, products of long thin matrices) in two stages, so that
 * the machine is filled: a loop that comes before reduces parts of the reduction, which are one more parallel axis, and
 * the loop itself adds up the parts and keeps whatever it makes of its sums.
 *
 * What a cut is worth is asked for all dispatches together: next to a longer chain a long one costs nothing, and a
 * second stage in a dispatch that is there anyhow is free. Terms, in multiply-adds of one invocation:
 *
 * - `chain`: the longest of a dispatch's groups
 * - `work`: what all its groups do, on a machine that is full; a dispatch takes the larger of the two
 * - `dispatch`: what one dispatch more costs
 * - `parts`: moving the parts to memory and back
 *
 * @param timeOf how a group would run
 */
export function fillMachine(
  groups: readonly Group[],
  profile: Profile,
  timeOf: TimeOf,
  decisions: Decisions,
): Group[] {
  const known = new Map<Group, GroupTime>();
  const time: TimeOf = (group) => {
    const found = known.get(group) ?? timeOf(group);
    known.set(group, found);
    return found;
  };
  const dispatch = dispatchTime(profile);
  const asked = new Set<Group>();
  let current = [...groups];
  for (;;) {
    const idle = stagesOf(current)
      .map((stage) => stage.filter((group) => !asked.has(group) && leavesIdle(group, time, dispatch)))
      .find((stage) => stage.length > 0);
    if (idle === undefined) return current;
    const cuts: Cut[] = [];
    for (const group of idle) {
      const cut = bestCut(group, profile, time);
      if (typeof cut !== 'string') cuts.push(cut);
      else refuse(group, cut, time, decisions);
    }
    const taken = worthwhile(cuts, current, dispatch, time);
    for (const cut of cuts) {
      const { group, loop, axis, count } = cut;
      const parts = `${count} parts along ${axis.name}`;
      if (!taken.includes(cut)) refuse(group, `${parts} would save less than they cost`, time, decisions);
      else decisions.take('partial', loop, loop, `${idleness(time(group))}: ${parts} fill it`);
    }
    for (const group of [...idle, ...taken.flatMap((cut) => [cut.first, cut.second])]) asked.add(group);
    current = withCuts(current, taken);
  }
}

/**
 * The cuts, all in one dispatch, that save most; none, unless that is more than they cost. The longest chain holds up
 * its dispatch, so that the next one matters only once that one is cut.
 */
function worthwhile(cuts: readonly Cut[], groups: readonly Group[], dispatch: number, timeOf: TimeOf): Cut[] {
  const sorted = [...cuts].sort((a, b) => timeOf(b.group).chain - timeOf(a.group).chain);
  const stages = stagesOf(groups);
  let best: Cut[] = [];
  let most = 0;
  for (const k of sorted.keys()) {
    const some = sorted.slice(0, k + 1);
    const after = stagesOf(withCuts(groups, some));
    const moved = some.reduce((n, cut) => n + cut.moved, 0);
    // Times are estimates: cuts are to save as much as a dispatch, besides those that they take.
    const cost = dispatch * (1 + after.length - stages.length) + moved;
    const saved = entryTime(stages, timeOf) - entryTime(after, timeOf) - cost;
    if (saved <= most) continue;
    most = saved;
    best = some;
  }
  return best;
}

/** A group in two stages. */
interface Stages {
  /** Makes the parts. */
  readonly first: Group;
  /** The group with a loop in its place that adds up the parts. */
  readonly second: Group;
}

/** What can be cut, and how. */
interface Cut extends Stages {
  readonly group: Group;
  readonly loop: Loop;
  readonly axis: Axis;
  readonly count: number;
  /** What writing and reading the parts takes. */
  readonly moved: number;
}

/** What a dispatch is worth: as many products as each invocation of a block may do to save one. */
function dispatchTime({ mostIdle, workgroup }: Profile): number {
  return mostIdle / workgroup;
}

/** Whether a group is a long reduction, and leaves some of the machine idle meanwhile. */
function leavesIdle(group: Group, timeOf: TimeOf, dispatch: number): boolean {
  // What shares its rows was joined to save dispatches.
  const [loop, ...more] = group.loops;
  if (loop === undefined || more.length > 0 || loop.reductions.length === 0 || isScalar(group)) return false;
  const { chain, fill } = timeOf(group);
  return fill < 1 && chain > dispatch;
}

/** What a group takes while nothing else runs. */
function alone({ chain, fill }: GroupTime): number {
  return chain * Math.max(1, fill);
}

/** The cut of a group's only loop that takes the least time; or why there is none. */
function bestCut(group: Group, profile: Profile, timeOf: TimeOf): Cut | string {
  const [loop] = group.loops;
  if (loop === undefined || !isDivisible(loop)) return 'parts of an element are no elements to reduce again';
  const inStages = ({ parts, final }: InParts): Stages => ({
    first: singleton(parts),
    second: { ...group, loops: [final] },
  });
  let best: { axis: Axis; factor: number; moved: number } | null = null;
  let least = alone(timeOf(group)) / 2;
  for (const axis of loop.reduceAxes) {
    for (const factor of factorsOf(axis)) {
      const { first, second } = inStages(sketchParts(loop, axis, factor));
      const bytes = tensorsWritten(first).reduce((n, tensor) => n + 4 * tensorSize(tensor), 0);
      const moved = (2 * bytes * dispatchTime(profile)) / profile.bytesPerDispatch;
      const taken = alone(timeOf(first)) + alone(timeOf(second)) + moved;
      if (taken >= least) continue;
      least = taken;
      best = { axis, factor, moved };
    }
  }
  if (best === null) return 'no parts take less than half of the time';
  const { axis, factor, moved } = best;
  const count = Math.ceil(axis.extent / factor);
  return { group, loop, axis, count, moved, ...inStages(inParts(loop, axis, factor)) };
}

/** Lengths of parts that are tried: of two parts, four, and so on, each rounded down to a divisor if one is near. */
function factorsOf({ extent }: Axis): Set<number> {
  const factors = new Set<number>();
  for (let count = 2; count <= Math.min(extent, MOST_PARTS); count *= 2) {
    const factor = Math.ceil(extent / count);
    let divisor = factor;
    while (divisor > factor / 2 && extent % divisor !== 0) divisor--;
    factors.add(extent % divisor === 0 ? divisor : factor);
  }
  return factors;
}

function withCuts(groups: readonly Group[], cuts: readonly Cut[]): Group[] {
  return groups.flatMap((group) => {
    const cut = cuts.find((c) => c.group === group);
    return cut === undefined ? [group] : [cut.first, cut.second];
  });
}

/** The groups of each dispatch. Groups of one element take none: every workgroup that reads them computes them. */
function stagesOf(groups: readonly Group[]): Group[][] {
  const sources = groupDependencies(groups);
  const depth = new Map<Group, number>();
  const stages: Group[][] = [];
  for (const group of inOrder(groups, sources)) {
    const above = [...sources(group)].map((g) => (depth.get(g) ?? 0) + (isScalar(g) ? 0 : 1));
    const at = Math.max(0, ...above);
    depth.set(group, at);
    while (stages.length <= at) stages.push([]);
    stages[at]?.push(group);
  }
  return stages;
}

/** What all dispatches take, one after the other. */
function entryTime(stages: readonly (readonly Group[])[], timeOf: TimeOf): number {
  return stages.reduce((sum, stage) => {
    const times = stage.map(timeOf);
    const chain = Math.max(0, ...times.map((t) => t.chain));
    const work = times.reduce((n, t) => n + t.chain * t.fill, 0);
    return sum + Math.max(chain, work);
  }, 0);
}

function refuse(group: Group, why: string, timeOf: TimeOf, decisions: Decisions): void {
  const name = groupName(group);
  decisions.refuse('partial', name, name, `${idleness(timeOf(group))}, but ${why}`);
}

function idleness({ chain, fill }: GroupTime): string {
  return `it keeps ${(100 * fill).toPrecision(2)} % of the machine busy for ${Math.round(chain)} multiply-adds`;
}
