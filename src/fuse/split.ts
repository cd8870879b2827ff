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
import type { Profile } from '../machine/profile.ts';
import { type Group, groupName, type Partial, singleton, tensorsWritten } from '../schedule/group.ts';
import type { Decisions } from './decisions.ts';
import { fillMachine, type TimeOf } from './fill.ts';
import { inLongParts, isClosed, longAxis, partsTensor } from './parts.ts';
import { isScalar } from './rows.ts';

/** Elements that every workgroup of a consumer may reduce in its prologue; partial results may be more. */
const PROLOGUE_ELEMENTS = 16384;
const PROLOGUE_PARTS = 131072;

/** Reductions to one element that read more than this are split, if their producer can hold the first half. */
const SPLIT_ELEMENTS = 2048;

/**
 * Move 5 of fusion, split reductions: long ones with few outputs are cut so that the machine is filled (`fillMachine`), and
 * a reduction to one element takes no dispatch of its own.
 *
 * 1. Its producer reduces what each of its workgroups makes, and writes that as one more output.
 * 2. Every workgroup that reads the result reduces the partial results again, in a fixed order, in its
 *    prologue; loops of one element between them go along.
 *
 * @param target what the schedule of a group will be like
 */
export function splitReductions(
  groups: readonly Group[],
  profile: Profile,
  target: ScheduledAs,
  decisions: Decisions,
): Group[] {
  const filled = fillMachine(groups, profile, target.timeOf, decisions);
  return absorbPrologues(writePartials(filled, target.workgroupsOf, decisions), target.fits, decisions);
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

/** What fusion must know of the schedule that a group will have. */
export interface ScheduledAs {
  /** Into how many parts its outputs are made: the length of a partial result. */
  readonly workgroupsOf: (group: Group) => number;
  /** Whether its workgroups have the memory that they need. */
  readonly fits: (group: Group) => boolean;
  /** How long it takes, and how much of the machine. */
  readonly timeOf: TimeOf;
}

function writePartials(
  groups: readonly Group[],
  workgroupsOf: (group: Group) => number,
  decisions: Decisions,
): Group[] {
  let current = [...groups];
  for (const original of groups) {
    for (const loop of original.loops) {
      const scalar = current.find((g) => g.loops.includes(loop));
      if (scalar === undefined || !isScalar(scalar) || domainSize(loop.reduceAxes) <= SPLIT_ELEMENTS)
        continue;
      const found = current
        .map((g) => ({ group: g, halves: halves(loop, g, workgroupsOf) }))
        .find(({ group, halves: h }) => group !== scalar && h !== null);
      if (found === undefined || found.halves === null) {
        const cut = inLongParts(loop);
        if (cut === null) continue;
        decisions.take('partial', loop, loop, `it reduces ${domainSize(loop.reduceAxes)} elements to one`);
        current = current.flatMap((g) =>
          g === scalar
            ? [singleton(cut.parts), { ...g, loops: g.loops.map((l) => (l === loop ? cut.final : l)) }]
            : [g],
        );
        continue;
      }
      const { partials, final } = found.halves;
      decisions.take('partial', groupName(found.group), loop, 'each workgroup reduces what it makes');
      current = current.map((g) => {
        if (g === found.group) return { ...g, partials: [...g.partials, ...partials] };
        if (g === scalar) return { ...g, loops: g.loops.map((l) => (l === loop ? final : l)) };
        return g;
      });
    }
  }
  return current;
}

/** A reduction to one element as partial results of the group that makes its operand, and their reduction. */
function halves(
  loop: Loop,
  group: Group,
  workgroupsOf: (group: Group) => number,
): { partials: Partial[]; final: Loop } | null {
  const [producer, ...others] = group.loops;
  if (producer === undefined || others.length > 0 || group.prologue.length > 0) return null;
  const outs = new Map(producer.outs.map((o) => [o.tensor, o]));
  const wide = (axes: readonly Axis[]): Axis[] => axes.filter((axis) => axis.extent > 1);
  const partials: Partial[] = [];
  const reductions = [];
  const part: Axis = { name: 'w', extent: workgroupsOf(group) };
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

function absorbPrologues(groups: readonly Group[], fits: ScheduledAs['fits'], decisions: Decisions): Group[] {
  const parts = new Set(groups.flatMap((group) => group.partials.map((p) => p.tensor)));
  const most = (loop: Loop): number =>
    [...tensorsRead(loop)].some((t) => parts.has(t)) ? PROLOGUE_PARTS : PROLOGUE_ELEMENTS;
  const small = (group: Group): boolean =>
    isScalar(group) && group.loops.every((loop) => domainSize(loop.reduceAxes) <= most(loop));
  const loopOf = new Map<Tensor, Loop>();
  for (const group of groups.filter(small)) {
    // Whoever computed a state's next value once more would have to come before it is written over.
    if (group.loops.some(writesOver)) continue;
    for (const loop of group.loops) for (const out of loop.outs) loopOf.set(out.tensor, loop);
  }
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
  const absorbed = groups.map((group) => {
    if (small(group)) return group;
    const prologue = needed(new Set(group.loops.flatMap((loop) => [...tensorsRead(loop)])), []);
    if (prologue.length === 0) return group;
    const own = prologue.map(temporaryOnly).filter((loop) => loop.outs.length > 0);
    const result = { ...group, prologue: own };
    if (!fits(result)) {
      for (const loop of own)
        decisions.refuse('prologue', loop, groupName(group), 'there is no workgroup memory left');
      return group;
    }
    for (const loop of own)
      decisions.take('prologue', loop, groupName(group), 'every workgroup computes it for itself');
    return result;
  });
  const readsFromMemory = (group: Group, tensor: Tensor): boolean =>
    group.loops.some((loop) => tensorsRead(loop).has(tensor)) &&
    !group.prologue.some((loop) => loop.outs.some((o) => o.tensor === tensor));
  const isOutput = (tensor: Tensor): boolean => tensor.role !== 'temp';
  const kept = new Set<Group>();
  for (const group of [...absorbed].reverse()) {
    const tensors = tensorsWritten(group);
    const readByKept = [...kept].some(
      (g) => small(g) && g.loops.some((loop) => tensors.some((t) => tensorsRead(loop).has(t))),
    );
    const readDirectly = absorbed.some((g) => !small(g) && tensors.some((t) => readsFromMemory(g, t)));
    if (!small(group) || tensors.some(isOutput) || readByKept || readDirectly) kept.add(group);
  }
  return absorbed.filter((g) => kept.has(g));
}

/** A loop without its outputs to memory that outlives the step: those are written once, by its own group. */
function temporaryOnly(loop: Loop): Loop {
  return { ...loop, outs: loop.outs.filter((o) => o.tensor.role === 'temp') };
}
