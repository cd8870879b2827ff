import type { Axis, Loop } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, singleton } from '../schedule/group.ts';
import type { Decisions } from './decisions.ts';
import { type InParts, inParts, isDivisible, sketchParts } from './parts.ts';
import { MODEL_ERROR, microsText, priceOf, timeOfGroups, timeText } from './price.ts';
import { isScalar } from './rows.ts';

/** More parts than this are not tried: the second stage reduces them. */
const MOST_PARTS = 1024;

/**
 * Long reductions with few outputs (gradients of small filters, products of long thin matrices) in two stages, so that
 * the machine is filled: a loop that comes before reduces parts of the reduction, which are one more parallel axis, and
 * the loop itself adds up the parts and keeps whatever it makes of its sums.
 *
 * What a cut is worth is asked of the whole step: next to a longer chain a long one costs nothing, and a second stage in a
 * dispatch that is there anyhow is free.
 */
export function fillMachine(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  let current = [...groups];
  let time = timeOfGroups(current, machine);
  const asked = new Set<Group>();
  for (;;) {
    const idle = current.filter((group) => !asked.has(group) && leavesIdle(group, machine));
    if (idle.length === 0) return current;
    const cuts: Cut[] = [];
    for (const group of idle) {
      asked.add(group);
      const cut = bestCut(group, machine);
      if (typeof cut !== 'string') cuts.push(cut);
      else refuse(group, cut, machine, decisions);
    }
    // The longest holds up its dispatch, so that the next one matters only once that one is cut.
    cuts.sort((a, b) => b.micros - a.micros);
    let taken: readonly Cut[] = [];
    let best = time;
    for (const k of cuts.keys()) {
      const some = cuts.slice(0, k + 1);
      const after = timeOfGroups(withCuts(current, some), machine);
      if (after >= best) continue;
      // A cut adds a dispatch, or work to one: what it saves must be more than the model errs by.
      if (after >= time - MODEL_ERROR * Math.max(...some.map(({ micros }) => micros))) continue;
      taken = some;
      best = after;
    }
    for (const cut of cuts) {
      const { group, loop, axis, count } = cut;
      const parts = `${count} parts along ${axis.name}`;
      if (!taken.includes(cut)) refuse(group, `${parts} would not make the step shorter`, machine, decisions);
      else decisions.take('partial', loop, loop, `${idleness(group, machine)}: ${parts} fill it`);
    }
    for (const { first, second } of taken) asked.add(first).add(second);
    current = withCuts(current, taken);
    time = best;
  }
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
  /** What the group takes uncut. */
  readonly micros: number;
}

/** Whether a group is a reduction that leaves some of the machine idle for longer than a dispatch takes. */
function leavesIdle(group: Group, machine: Machine): boolean {
  // What shares its rows was joined to save time.
  const [loop, ...more] = group.loops;
  if (loop === undefined || more.length > 0 || loop.reductions.length === 0 || isScalar(group)) return false;
  const time = priceOf(group, machine);
  return time !== null && time.busy < time.micros / 2 && time.micros > machine.dispatch / 2;
}

/** The cut of a group's only loop that takes the least time; or why there is none. */
function bestCut(group: Group, machine: Machine): Cut | string {
  const [loop] = group.loops;
  if (loop === undefined || !isDivisible(loop)) return 'parts of an element are no elements to reduce again';
  const inStages = ({ parts, final }: InParts): Stages => ({
    first: singleton(parts),
    second: { ...singleton(final), locals: group.locals },
  });
  const micros = priceOf(group, machine)?.micros ?? 0;
  let best: { axis: Axis; factor: number } | null = null;
  let least = micros;
  for (const axis of loop.reduceAxes) {
    for (const factor of factorsOf(axis)) {
      const { first, second } = inStages(sketchParts(loop, axis, factor));
      const [one, other] = [priceOf(first, machine), priceOf(second, machine)];
      if (one === null || other === null || one.micros + other.micros >= least) continue;
      least = one.micros + other.micros;
      best = { axis, factor };
    }
  }
  if (best === null) return 'no parts take less time';
  const { axis, factor } = best;
  return {
    group,
    loop,
    axis,
    count: Math.ceil(axis.extent / factor),
    micros,
    ...inStages(inParts(loop, axis, factor)),
  };
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
  const of = new Map(cuts.map((cut) => [cut.group, cut] as const));
  return groups.flatMap((group) => {
    const cut = of.get(group);
    return cut === undefined ? [group] : [cut.first, cut.second];
  });
}

function refuse(group: Group, why: string, machine: Machine, decisions: Decisions): void {
  const name = groupName(group);
  decisions.refuse('partial', name, name, `${idleness(group, machine)}, but ${why}`);
}

function idleness(group: Group, machine: Machine): string {
  const time = priceOf(group, machine);
  if (time === null) return 'it fits no schedule';
  return `it takes ${timeText(time)} and keeps the machine busy for ${microsText(time.busy)}`;
}
