import { tensorsRead, writesOver } from '../loops/edges.ts';
import {
  type Axis,
  axisRef,
  domainSize,
  type Expr,
  type Loop,
  load,
  loadsIn,
  mapExpr,
  type Tensor,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { isScheduled, tryToSchedule, withSchedule } from '../schedule/best.ts';
import { type Group, groupName, type Partial, singleton, tensorsWritten } from '../schedule/group.ts';
import { ALONE_TERMS, partialCount } from '../schedule/resources.ts';
import type { Decisions } from './decisions.ts';
import { tensorsReadBy } from './levels.ts';
import { inLongParts, isClosed, longAxis, partsTensor } from './parts.ts';
import { timeOfGroups } from './price.ts';
import { isScalar } from './rows.ts';

/**
 * Move 5 of fusion, split reductions, of groups: a reduction to one element takes no dispatch of its own.
 *
 * 1. Its producer reduces what each of its workgroups makes, and writes that as one more output.
 * 2. Every workgroup that reads the result reduces the partial results again, in a fixed order, in its
 *    prologue; loops of one element between them go along.
 */
export function splitReductions(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  // What counts on a group's workgroups, or adds to them, counts on the schedule that it has.
  const scheduled = groups.map((group) => withSchedule(group, machine));
  return absorbPrologues(writePartials(scheduled, machine, decisions), machine, decisions);
}

/**
 * Long reductions to one element in parts, which a loop of its own adds up: for targets whose dispatches are
 * cheap, and whose tasks are too many to do it each for itself.
 */
export function cutReductions(groups: readonly Group[], decisions: Decisions): Group[] {
  return groups.flatMap((group) => {
    if (!isScalar(group) || group.loops.every((loop) => longAxis(loop) === null)) return [group];
    // Parts may need what a loop before makes: each loop of one element is a group of its own.
    return group.loops.flatMap((loop) => {
      const cut = inLongParts(loop);
      if (cut === null) return [singleton(loop)];
      decisions.take('partial', loop, loop, `it reduces ${domainSize(loop.reduceAxes)} elements to one`);
      return [singleton(cut.parts), singleton(cut.final)];
    });
  });
}

function writePartials(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  let current = [...groups];
  let time = timeOfGroups(current, machine);
  /** Takes a change that makes the step shorter. */
  const take = (changed: readonly Group[], from: string, loop: Loop, text: string): boolean => {
    const after = timeOfGroups(changed, machine);
    if (after >= time) return false;
    decisions.take('partial', from, loop, text);
    current = [...changed];
    time = after;
    return true;
  };
  for (const original of groups) {
    for (const loop of original.loops) {
      const scalar = current.find((g) => g.loops.includes(loop));
      if (scalar === undefined || !isScalar(scalar) || loop.reductions.length === 0) continue;
      const found = current
        .map((g) => ({ group: g, halves: halves(loop, g, machine) }))
        .find(({ group, halves: h }) => group !== scalar && h !== null);
      const withFinal = (final: Loop): Group =>
        rescheduled({ ...scalar, loops: scalar.loops.map((l) => (l === loop ? final : l)) }, machine);
      if (found !== undefined && found.halves !== null) {
        const { partials, final } = found.halves;
        const changed = current.map((g) => {
          if (g === found.group) return { ...g, partials: [...g.partials, ...partials] };
          return g === scalar ? withFinal(final) : g;
        });
        if (take(changed, groupName(found.group), loop, 'each workgroup reduces what it makes')) continue;
      }
      const cut = inLongParts(loop);
      if (cut === null) continue;
      const parts = withSchedule(singleton(cut.parts), machine);
      const changed = current.flatMap((g) => (g === scalar ? [parts, withFinal(cut.final)] : [g]));
      take(changed, loop.name, loop, `it reduces ${domainSize(loop.reduceAxes)} elements to one`);
    }
  }
  return current;
}

/** A group whose loops changed, with the schedule that is best for it now. */
function rescheduled({ schedule: _, ...group }: Group, machine: Machine): Group {
  return withSchedule(group, machine);
}

/** A reduction to one element as partial results of the group that makes its operand, and their reduction. */
function halves(loop: Loop, group: Group, machine: Machine): { partials: Partial[]; final: Loop } | null {
  const [producer, ...others] = group.loops;
  if (producer === undefined || others.length > 0 || group.prologue.length > 0) return null;
  if (group.schedule === undefined) return null;
  const outs = new Map(producer.outs.map((o) => [o.tensor, o]));
  const wide = (axes: readonly Axis[]): Axis[] => axes.filter((axis) => axis.extent > 1);
  const partials: Partial[] = [];
  const reductions = [];
  const part: Axis = { name: 'w', extent: partialCount(group.schedule, machine) };
  for (const [k, reduction] of loop.reductions.entries()) {
    if (!isClosed(reduction)) return null;
    const map = new Map<Axis, Axis>();
    for (const l of loadsIn(reduction.body)) {
      const out = outs.get(l.tensor);
      if (out === undefined || wide(out.at).length !== wide(producer.axes).length) return null;
      for (const [d, axis] of out.at.entries()) {
        const index = l.at[d];
        if (axis.extent === 1) continue;
        if (index?.kind !== 'axis' || (map.get(index.axis) ?? axis) !== axis) return null;
        if (index.axis.live?.size.name !== axis.live?.size.name) return null;
        map.set(index.axis, axis);
      }
    }
    if (
      map.size !== wide(loop.reduceAxes).length ||
      new Set(map.values()).size !== wide(producer.axes).length
    )
      return null;
    const tensor = partsTensor(loop, k, [part.extent], reduction.body.dtype);
    const body = mapExpr(reduction.body, (e): Expr => {
      if (e.kind === 'load') return outs.get(e.tensor)?.value ?? e;
      const to = e.kind === 'axis' ? map.get(e.axis) : undefined;
      return to === undefined ? e : axisRef(to);
    });
    partials.push({ tensor, monoid: reduction.monoid, body });
    reductions.push({ ...reduction, body: load(tensor, [axisRef(part)]) });
  }
  return { partials, final: { ...loop, reduceAxes: [part], reductions } };
}

/**
 * Groups of one element go into the prologues of those that read them, where that makes the step shorter: all of them
 * first, then each long one is tried as a dispatch of its own.
 */
function absorbPrologues(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  // Whoever computed a state's next value once more would have to come before it is written over.
  const scalars = groups.filter((group) => isScalar(group) && !group.loops.some(writesOver));
  let chosen = new Set(scalars);
  let best = absorbed(groups, chosen, machine);
  let time = timeOfGroups(best.groups, machine);
  const terms = (group: Group): number => Math.max(...group.loops.map((loop) => domainSize(loop.reduceAxes)));
  const long = scalars.filter((group) => terms(group) > ALONE_TERMS).sort((a, b) => terms(b) - terms(a));
  const trials = [
    ...long.map((group) => new Set(scalars.filter((other) => other !== group))),
    new Set<Group>(),
  ];
  for (const trial of trials) {
    const some = new Set([...trial].filter((group) => chosen.has(group)));
    const result = absorbed(groups, some, machine);
    const after = timeOfGroups(result.groups, machine);
    if (after >= time) continue;
    [chosen, best, time] = [some, result, after];
  }
  for (const { loop, group } of best.full)
    decisions.refuse('prologue', loop, groupName(group), 'there is no workgroup memory left');
  for (const group of best.groups)
    for (const loop of group.prologue)
      decisions.take('prologue', loop, groupName(group), 'every workgroup computes it for itself');
  return [...best.groups];
}

/** The groups with some of one element in the prologues of their readers. */
function absorbed(
  groups: readonly Group[],
  chosen: ReadonlySet<Group>,
  machine: Machine,
): { readonly groups: readonly Group[]; readonly full: readonly { loop: Loop; group: Group }[] } {
  const loopOf = new Map<Tensor, Loop>();
  for (const group of chosen)
    for (const loop of group.loops) for (const out of loop.outs) loopOf.set(out.tensor, loop);
  /** The scalar loops that a set of tensors needs, operands first. */
  const needed = (tensors: Iterable<Tensor>, into: Loop[]): Loop[] => {
    for (const tensor of tensors) {
      const loop = loopOf.get(tensor);
      if (loop === undefined || into.includes(loop)) continue;
      needed(tensorsRead(loop), into);
      into.push(loop);
    }
    return into;
  };
  const full: { loop: Loop; group: Group }[] = [];
  const result = groups.map((group) => {
    if (chosen.has(group)) return group;
    const prologue = needed(new Set(group.loops.flatMap((loop) => [...tensorsRead(loop)])), []);
    const own = prologue.map(temporaryOnly).filter((loop) => loop.outs.length > 0);
    if (own.length === 0) return group;
    const changed = { ...group, prologue: own };
    if (isScheduled(tryToSchedule(changed, machine))) return changed;
    full.push(...own.map((loop) => ({ loop, group })));
    return group;
  });
  const isOutput = (tensor: Tensor): boolean => tensor.role !== 'temp';
  const kept = new Set<Group>();
  // Readers come after what they read: from the end, each group that somebody still reads from memory is kept.
  for (const group of [...result].reverse()) {
    const tensors = tensorsWritten(group);
    const isRead = [...kept].some((reader) => tensors.some((t) => tensorsReadBy(reader).has(t)));
    if (!chosen.has(group) || tensors.some(isOutput) || isRead) kept.add(group);
  }
  return { groups: result.filter((group) => kept.has(group)), full };
}

/** A loop without its outputs to memory that outlives the step: those are written once, by its own group. */
function temporaryOnly(loop: Loop): Loop {
  return { ...loop, outs: loop.outs.filter((o) => o.tensor.role === 'temp') };
}
