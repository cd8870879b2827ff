import { inOrder, readersAmong, tensorBytes } from '../loops/edges.ts';
import {
  type Axis,
  axisRef,
  type Expr,
  type Load,
  type Loop,
  load,
  loadsIn,
  mapExpr,
  mapLoop,
  type Out,
  subexpressions,
  substituteAxes,
  type Tensor,
  ValueNumbers,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, type Stage, tensorsInside, tensorsReadBy } from '../schedule/group.ts';
import { type LiveRange, liveBytesOf, liveRanges, runsOf } from '../schedule/liveRanges.ts';
import { Decisions } from './decisions.ts';
import { groupDependencies } from './levels.ts';
import { microsText, timeOfStages } from './price.ts';
import { assignStages } from './stages.ts';

/**
 * Move 8 of fusion, rematerialization: a temporary that is kept for late readers, through the dispatch that needs most
 * memory, is not kept. A loop that comes after that dispatch, reads what the value is made of, and runs over the same
 * elements makes it again as one more output, just before the late readers (the activation of a layer, whose gradient
 * computes most of it anyhow). Memory is bought with time, at a fixed rate.
 *
 * Kumar et al., *Efficient Rematerialization for Deep Networks* (2019), state the problem; this is its greedy form.
 *
 * @param groups in an order that runs
 */
export function rematerialize(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  let plan = planOf(groups, machine);
  for (let next = lighter(plan, machine, decisions); next !== null; next = lighter(plan, machine, decisions))
    plan = next;
  return [...plan.groups];
}

/** What part of a step's time may be paid for a part of its memory: a tenth less memory for a hundredth more time. Assumed. */
const TIME_FOR_MEMORY = 0.1;

/** What part of the memory must be saved at least: a smaller one is not worth another order of a kernel's work. Assumed. */
const LEAST_SAVED = 0.01;

/** Groups with the dispatches that they come to, and what these take. */
interface Plan {
  readonly groups: readonly Group[];
  readonly stages: readonly Stage[];
  readonly micros: number;
  readonly ranges: readonly LiveRange[];
  /** Bytes of temporaries that are live at each dispatch. */
  readonly live: readonly number[];
  /** The most of them. */
  readonly most: number;
  /** Bytes of all states, which are there always. */
  readonly kept: number;
}

function planOf(groups: readonly Group[], machine: Machine): Plan {
  const stages = assignStages(groups, machine, new Decisions());
  const ranges = liveRanges(stages);
  const live = liveBytesOf(runsOf(ranges), stages.length);
  const states = new Set<Tensor>();
  for (const group of groups)
    for (const tensor of tensorsReadBy(group)) if (tensor.role === 'state') states.add(tensor);
  let kept = 0;
  for (const state of states) kept += tensorBytes(state);
  const most = live.reduce((a, b) => Math.max(a, b), 0);
  return { groups, stages, micros: timeOfStages(stages, machine), ranges, live, most, kept };
}

/** A plan that takes less memory, for no more time than that is worth; null where there is none. */
function lighter(plan: Plan, machine: Machine, decisions: Decisions): Plan | null {
  for (const { tensor, groups, by } of remakes(plan, plan.live.indexOf(plan.most))) {
    const next = planOf(groups, machine);
    const saved = savedOf(plan, next.most);
    const more = next.micros - plan.micros;
    const isWorth = saved >= LEAST_SAVED && more <= TIME_FOR_MEMORY * saved * plan.micros;
    const percent = Number((100 * saved).toPrecision(2));
    const text = `made again for its late readers it takes ${percent} % off the memory of the step, and ${microsText(Math.max(0, more))} more`;
    if (isWorth) {
      decisions.take('again', tensor.name, by, text);
      return next;
    }
    decisions.refuse('again', tensor.name, by, text);
  }
  return null;
}

/** A temporary, the groups of a step in which a loop makes it again, and the name of that loop. */
interface Remake {
  readonly tensor: Tensor;
  readonly groups: readonly Group[];
  readonly by: string;
}

/** All ways not to keep a temporary through the dispatch that needs most memory, the largest ones first. */
function* remakes(plan: Plan, most: number): Generator<Remake> {
  const { stages, groups, ranges, live } = plan;
  // A group that a copy was made for is another one there, and is left alone.
  const stageOf = new Map(stages.flatMap((stage, at) => stage.groups.map((group) => [group, at] as const)));
  const at = (group: Group): number => stageOf.get(group) ?? -1;
  const readers = readersAmong(groups, tensorsReadBy);
  const makers = new Map(
    groups.flatMap((group) =>
      group.loops.flatMap(({ outs }) => outs.map(({ tensor }) => [tensor, group] as const)),
    ),
  );
  const hosts = groups.filter((group) => at(group) > most && group.partials.length === 0);
  const through = ranges.filter(({ from, to }) => from < most && most < to);
  const since = [...largestBefore([...live].reverse())].reverse();
  for (const { tensor, from } of through.sort((a, b) => tensorBytes(b.tensor) - tensorBytes(a.tensor))) {
    const bytes = tensorBytes(tensor);
    if (savedOf(plan, plan.most - bytes) < LEAST_SAVED) return;
    const own = readers.get(tensor) ?? [];
    if (own.some((group) => !stageOf.has(group))) continue;
    const readAt = own.map(at);
    const until = readAt.reduce((last, k) => (k <= most ? Math.max(last, k) : last), from);
    if (until === most) continue;
    const next = readAt.reduce((first, k) => (k > most ? Math.min(first, k) : first), Infinity);
    const before = live.slice(0, until + 1).reduce((a, b) => Math.max(a, b), 0);
    const between = largestBefore(live.slice(until + 1));
    const maker = makers.get(tensor);
    const recipes = maker === undefined ? [] : recipesOf(maker, tensor);
    for (const host of hosts) {
      if (at(host) > next) continue;
      const without = (between[at(host) - until - 1] ?? 0) - bytes;
      if (savedOf(plan, Math.max(before, without, since[at(host)] ?? 0)) < LEAST_SAVED) continue;
      for (const recipe of recipes) {
        const made = madeBy(host, recipe, tensor);
        if (made === null) continue;
        const changed = groups.map((group) => {
          if (group === host) return made.group;
          return own.includes(group) && at(group) >= at(host) ? reading(group, tensor, made.tensor) : group;
        });
        yield { tensor, groups: inOrder(changed, groupDependencies(changed)), by: groupName(host) };
      }
    }
  }
}

/** For each place the largest of the numbers before it, 0 for the first, and last of all the largest. */
function largestBefore(numbers: readonly number[]): number[] {
  const largest = [0];
  for (const number of numbers) largest.push(Math.max(largest.at(-1) ?? 0, number));
  return largest;
}

/** What part of a step's memory is saved where its temporaries take so many bytes. */
function savedOf({ most, kept }: Plan, bytes: number): number {
  return (most - bytes) / (most + kept);
}

/** How a value is made of what is in memory: at an element of some tensor. */
interface Recipe {
  readonly value: Expr;
  /** The axes of its dimensions. */
  readonly at: readonly Axis[];
  /** A tensor that it reads at its own element. */
  readonly from: Tensor;
}

/**
 * How the value of a tensor is made of stored ones: by the loop that makes it, where that reduces nothing for it; or with what
 * the loop stores beside it in the place of equal subexpressions.
 */
function recipesOf(group: Group, tensor: Tensor): Recipe[] {
  const inside = tensorsInside(group);
  return group.loops.flatMap((loop) => {
    const own = loop.outs.find((out) => out.tensor === tensor);
    if (own === undefined) return [];
    const beside = loop.outs.filter(
      (out) => out !== own && out.tensor.role === 'temp' && !inside.has(out.tensor),
    );
    return [own.value, ...beside.flatMap((out) => overStored(own, out))].flatMap((value): Recipe[] => {
      const isMade = subexpressions(value).every(
        (e) => e.kind !== 'acc' && (e.kind !== 'load' || !inside.has(e.tensor)),
      );
      const from = loadsIn(value).find((l) => isAt(l, own.at))?.tensor;
      return isMade && from !== undefined ? [{ value, at: own.at, from }] : [];
    });
  });
}

/** An output's value over another one's, where both run over the same axes and it contains that one. */
function overStored({ value, at }: Out, stored: Out): Expr[] {
  if (at.length !== stored.at.length || at.some((axis, d) => axis !== stored.at[d])) return [];
  const numbers = new ValueNumbers();
  const equal = subexpressions(value).filter((e) => numbers.same(e, stored.value));
  const element = load(stored.tensor, at.map(axisRef));
  const memo = new Map<Expr, Expr>(equal.map((e) => [e, element]));
  return equal.length === 0 ? [] : [mapExpr(value, (e) => e, memo)];
}

/** Whether a load is at exactly these axes. */
function isAt(l: Load, at: readonly Axis[]): boolean {
  return l.at.length === at.length && l.at.every((index, d) => index.kind === 'axis' && index.axis === at[d]);
}

/**
 * A group in which a loop makes a value once more; null where none runs over the same elements and reads what it is made of,
 * or the value itself, which it then makes for itself.
 */
function madeBy(group: Group, recipe: Recipe, tensor: Tensor): { group: Group; tensor: Tensor } | null {
  for (const loop of group.loops) {
    const read = loadsIn(...loop.outs.map((out) => out.value));
    const own = read.find((l) => l.tensor === tensor) ?? read.find((l) => l.tensor === recipe.from);
    if (own === undefined) continue;
    const at = own.at.flatMap((index) => (index.kind === 'axis' ? [index.axis] : []));
    const isWhole =
      loop.axes.every((axis) => axis.extent === 1 || at.includes(axis)) &&
      at.every((axis, d) => isAsLong(axis, recipe.at[d]));
    if (at.length !== recipe.at.length || new Set(at).size !== at.length || !isWhole) continue;
    const by = new Map(recipe.at.map((axis, d) => [axis, own.at[d] ?? axisRef(axis)] as const));
    const value = substituteAxes(recipe.value, by);
    const isOwn = (l: Expr): boolean => l.kind === 'load' && l.tensor === tensor && isAt(l, at);
    const outs = loop.outs.map((out) => ({
      ...out,
      value: mapExpr(out.value, (e) => (isOwn(e) ? value : e)),
    }));
    const again: Tensor = { ...tensor, name: `${tensor.name}_again` };
    const host = { ...loop, outs: [...outs, { tensor: again, at, value }] };
    const { rows, locals, prologue, partials } = group;
    const loops = group.loops.map((other) => (other === loop ? host : other));
    const made: Group = { loops, rows, locals, prologue, partials };
    return tensorsReadBy(made).has(tensor) ? null : { group: made, tensor: again };
  }
  return null;
}

function isAsLong(axis: Axis, other: Axis | undefined): boolean {
  const [a, b] = [axis.live, other?.live];
  return axis.extent === other?.extent && a?.size === b?.size && a?.factor === b?.factor;
}

/** A group that reads one tensor in the place of another. */
function reading(group: Group, tensor: Tensor, again: Tensor): Group {
  const memo = new Map<Expr, Expr>();
  const rename = (expr: Expr): Expr =>
    mapExpr(expr, (e) => (e.kind === 'load' && e.tensor === tensor ? load(again, e.at) : e), memo);
  const renamed = (loop: Loop): Loop => mapLoop(loop, rename);
  return {
    ...group,
    loops: group.loops.map(renamed),
    prologue: group.prologue.map(renamed),
    partials: group.partials.map((partial) => ({ ...partial, body: rename(partial.body) })),
  };
}
