import { expressionsOf } from '../loops/complexity.ts';
import { inOrder, tensorsRead, tensorsReduced, writesOver } from '../loops/edges.ts';
import { domainSize, type Expr, type Loop, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { isScheduled, tryToSchedule, withSchedule } from '../schedule/best.ts';
import { type Group, groupName, singleton, tensorsReadBy, tensorsWritten } from '../schedule/group.ts';
import { ALONE_TERMS } from '../schedule/resources.ts';
import { tooLargeToRepeat } from './bulk.ts';
import { Dataflow, groupAccess } from './dataflow.ts';
import type { Decisions } from './decisions.ts';
import { halvesOf } from './halves.ts';
import { groupDependencies } from './levels.ts';
import { joined } from './partition.ts';
import { inLongParts, longAxis } from './parts.ts';
import { timeOfGroups } from './price.ts';
import { isScalar } from './rows.ts';

/**
 * Move 5 of fusion, split reductions, of groups: a reduction to one element takes no dispatch of its own.
 *
 * 1. Its producer reduces what each of its workgroups makes, and writes that as one more output.
 * 2. Every workgroup that reads the result reduces the partial results again, in a fixed order, in its
 *    prologue; loops of one element between them go along.
 *
 * A reduction that keeps some axes (statistics by channel, gradients of biases) has its first half made the same way, by
 * the tiles of a contraction. The loop that is left is short: it is offered once more to the groups that read it.
 *
 * @param join whether groups are joined after that
 */
export function splitReductions(
  groups: readonly Group[],
  machine: Machine,
  decisions: Decisions,
  join = true,
): Group[] {
  // What counts on a group's workgroups, or adds to them, counts on the schedule that it has.
  const scheduled = (some: readonly Group[]): Group[] => some.map((group) => withSchedule(group, machine));
  const halved = writePartials(scheduled(groups), machine, decisions);
  const isShorter = halved.some(({ partials }) => partials.some(({ at }) => at.length > 0));
  const again = join && isShorter ? scheduled(joined(halved.map(unscheduled), machine, decisions)) : halved;
  return absorbPrologues(again, machine, decisions);
}

/** A group without its schedule, unless others count on that. */
function unscheduled(group: Group): Group {
  const { schedule: _, ...rest } = group;
  return group.partials.length > 0 ? group : rest;
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

function writePartials(groups: readonly Group[], machine: Machine, decisions: Decisions): readonly Group[] {
  let current = groups;
  let time = timeOfGroups(current, machine);
  /** Takes a change that makes the step shorter. */
  const take = (changed: readonly Group[] | null): boolean => {
    if (changed === null) return false;
    const after = timeOfGroups(changed, machine);
    if (after >= time) return false;
    current = changed;
    time = after;
    return true;
  };
  const told = (from: Group | undefined, some: readonly Loop[]): void => {
    for (const loop of some)
      decisions.take(
        'partial',
        from === undefined ? '' : groupName(from),
        loop,
        'each workgroup reduces what it makes',
      );
  };
  const scalars = groups.filter(isScalar);
  for (const loop of scalars.flatMap((group) => group.loops)) {
    if (loop.reductions.length === 0) continue;
    const from = producers(current, loop, machine)[0];
    if (from !== undefined && take(withHalves(current, [loop], machine))) {
      told(from, [loop]);
      continue;
    }
    const cut = inLongParts(loop);
    if (cut === null) continue;
    const parts = withSchedule(singleton(cut.parts), machine);
    const isTaken = take(
      current.flatMap((group) =>
        group.loops.includes(loop) ? [parts, withLoop(group, loop, cut.final, machine)] : [group],
      ),
    );
    if (isTaken)
      decisions.take('partial', loop.name, loop, `it reduces ${domainSize(loop.reduceAxes)} elements to one`);
  }
  // Beside a longer reduction of the same elements a shorter one gains nothing: all of them first, then each.
  const several = groups.filter((group) => !isScalar(group)).flatMap((group) => group.loops);
  const byProducer = new Map<Tensor, Loop[]>();
  for (const loop of several) {
    const made = producers(current, loop, machine)[0]?.loops[0]?.outs[0]?.tensor;
    if (made !== undefined) byProducer.set(made, [...(byProducer.get(made) ?? []), loop]);
  }
  for (const [made, loops] of byProducer) {
    const from = (): Group | undefined => current.find((group) => tensorsWritten(group).includes(made));
    if (take(withHalves(current, loops, machine))) told(from(), loops);
    else
      for (const loop of loops.length > 1 ? loops : [])
        if (take(withHalves(current, [loop], machine))) told(from(), [loop]);
  }
  return current;
}

/** The groups that can make parts of a loop's reductions, in order. */
function producers(groups: readonly Group[], loop: Loop, machine: Machine): Group[] {
  if (loop.reductions.length === 0) return [];
  const read = tensorsReduced(loop);
  const others = groups.filter(
    (group) => !group.loops.includes(loop) && tensorsWritten(group).some((tensor) => read.has(tensor)),
  );
  if (others.length === 0) return [];
  const flow = flowOf(groups);
  return others.filter((group) => halvesOf(loop, group, isBefore(flow, group), machine) !== null);
}

/** Who writes and who reads what of some groups. */
const flowOf = memoized((groups: readonly Group[]): Dataflow<Group> => new Dataflow(groups, groupAccess));

/** Whether a tensor is in memory before a group runs, whichever group reads it. */
function isBefore(flow: Dataflow<Group>, group: Group): (tensor: Tensor) => boolean {
  return (tensor) => {
    const writer = flow.writerOf(tensor);
    if (writer === undefined) return true;
    return writer !== group && !writer.locals.includes(tensor) && !flow.dependsOn(writer, group);
  };
}

/** The groups with partial results in the place of some loops' reductions, in an order that runs; null where one has none. */
function withHalves(
  groups: readonly Group[],
  loops: readonly Loop[],
  machine: Machine,
): readonly Group[] | null {
  let current = groups;
  for (const loop of loops) {
    const reader = current.find((group) => group.loops.includes(loop));
    const [from] = producers(current, loop, machine);
    // Others count on the schedule of a group that has partial results itself.
    if (reader === undefined || from === undefined || reader.partials.length > 0) return null;
    const halves = halvesOf(loop, from, isBefore(flowOf(current), from), machine);
    if (halves === null) return null;
    const changed = current.map((group) => {
      if (group === from) return { ...group, partials: [...group.partials, ...halves.partials] };
      return group === reader ? withLoop(group, loop, halves.final, machine) : group;
    });
    current = inOrder(changed, groupDependencies(changed));
  }
  return current;
}

/** A group with a loop in another one's place, with the schedule that is best for it now. */
function withLoop(group: Group, loop: Loop, by: Loop, machine: Machine): Group {
  return withSchedule(
    { ...unscheduled(group), loops: group.loops.map((each) => (each === loop ? by : each)) },
    machine,
  );
}

/**
 * Groups of one element go into the prologues of those that read them, where that makes the step shorter: all of them
 * first, then each long one is tried as a dispatch of its own.
 */
function absorbPrologues(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  // Whoever computed a state's next value once more would have to come before it is written over.
  const scalars = repeatable(
    groups.filter((group) => isScalar(group) && !group.loops.some(writesOver)),
    groups,
  );
  const withPrologue = prologues(machine);
  let chosen = new Set(scalars);
  let best = absorbed(groups, chosen, withPrologue);
  let time = timeOfGroups(best.groups, machine);
  const terms = (group: Group): number => Math.max(...group.loops.map((loop) => domainSize(loop.reduceAxes)));
  const long = scalars.filter((group) => terms(group) > ALONE_TERMS).sort((a, b) => terms(b) - terms(a));
  const trials = [
    ...long.map((group) => new Set(scalars.filter((other) => other !== group))),
    new Set<Group>(),
  ];
  for (const trial of trials) {
    const some = new Set([...trial].filter((group) => chosen.has(group)));
    const result = absorbed(groups, some, withPrologue);
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

/**
 * The groups of one element that their readers may compute for themselves. With what it needs of others, one that several
 * read must be small; a larger one keeps what it needs, is computed once, and read from memory.
 *
 * @param scalars groups of one element, in an order that runs
 */
function repeatable(scalars: readonly Group[], groups: readonly Group[]): Group[] {
  const flow = flowOf(groups);
  const among = new Set(scalars);
  /** The values that a reader would compute, its own last; null where they are too many to repeat. */
  const needs = new Map<Group, readonly Expr[] | null>();
  return scalars.filter((group) => {
    const readers = flow.usersOf(group).size;
    const parts = [...flow.sourcesOf(group)].map((source) => (among.has(source) ? needs.get(source) : []));
    const values = parts.every((part) => part !== null && part !== undefined)
      ? [...new Set([...parts.flat(), ...group.loops.flatMap(expressionsOf)])]
      : null;
    const isSmall = values !== null && tooLargeToRepeat(values, 2) === null;
    // What is made once is as good as given to those who read it.
    const isRepeated = isSmall || readers < 2;
    needs.set(group, isSmall ? values : isRepeated ? null : []);
    return isRepeated;
  });
}

/** The groups with some of one element in the prologues of their readers. */
function absorbed(
  groups: readonly Group[],
  chosen: ReadonlySet<Group>,
  withPrologue: (group: Group, prologue: readonly Loop[]) => Group | null,
): { readonly groups: readonly Group[]; readonly full: readonly { loop: Loop; group: Group }[] } {
  const loopOf = new Map<Tensor, Loop>();
  for (const group of chosen)
    for (const loop of group.loops) for (const out of loop.outs) loopOf.set(out.tensor, loop);
  const makersOf = (tensors: Iterable<Tensor>): Loop[] =>
    [...tensors].flatMap((tensor) => loopOf.get(tensor) ?? []);
  const full: { loop: Loop; group: Group }[] = [];
  const result = groups.map((group) => {
    if (chosen.has(group)) return group;
    // The scalar loops that it needs, operands first.
    const prologue = inOrder(makersOf(tensorsReadBy(group)), (loop) => makersOf(tensorsRead(loop)));
    const own = prologue.map(temporaryOnly).filter((loop) => loop.outs.length > 0);
    if (own.length === 0) return group;
    const changed = withPrologue(group, own);
    if (changed !== null) return changed;
    full.push(...own.map((loop) => ({ loop, group })));
    return group;
  });
  const isOutput = (tensor: Tensor): boolean => tensor.role !== 'temp';
  const kept = new Set<Group>();
  const read = new Set<Tensor>();
  // Readers come after what they read: from the end, each group that somebody still reads from memory is kept.
  for (const group of [...result].reverse()) {
    const tensors = tensorsWritten(group);
    if (chosen.has(group) && !tensors.some((tensor) => isOutput(tensor) || read.has(tensor))) continue;
    kept.add(group);
    for (const tensor of tensorsReadBy(group)) read.add(tensor);
  }
  return { groups: result.filter((group) => kept.has(group)), full };
}

/**
 * Gives groups with prologues; null where no schedule of one fits the machine. Trials differ in few prologues: a group with one
 * that it had in another trial is the same object, so that its schedule and its time are found once.
 */
function prologues(machine: Machine): (group: Group, prologue: readonly Loop[]) => Group | null {
  const known = new Map<Group, { readonly made: Group; readonly fits: boolean }[]>();
  return (group, prologue) => {
    const before = known.get(group) ?? [];
    known.set(group, before);
    const isSame = (other: readonly Loop[]): boolean =>
      other.length === prologue.length && other.every((loop, k) => loop === prologue[k]);
    let found = before.find(({ made }) => isSame(made.prologue));
    if (found === undefined) {
      const made = { ...group, prologue };
      found = { made, fits: isScheduled(tryToSchedule(made, machine)) };
      before.push(found);
    }
    return found.fits ? found.made : null;
  };
}

/** A loop without its outputs to memory that outlives the step: those are written once, by its own group. */
const temporaryOnly = memoized(
  (loop: Loop): Loop => ({ ...loop, outs: loop.outs.filter((o) => o.tensor.role === 'temp') }),
);
