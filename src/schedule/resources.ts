import { tensorSize, tensorsRead } from '../loops/edges.ts';
import {
  type Dtype,
  domainSize,
  type Loop,
  loadedDtype,
  monoidDef,
  type Out,
  type Reduction,
  type Tensor,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { rowCount } from './rows.ts';
import type { RowsSchedule, Schedule } from './schedule.ts';
import { heldValues, stagedWords } from './staging.ts';

/** What a schedule takes of a machine, computed before any kernel is built. */
export interface Resources {
  /** Elements of workgroup arrays by type: groups that share a dispatch lay theirs over one another. */
  readonly shared: ReadonlyMap<Dtype, number>;
  /** Bytes of an invocation's own arrays. */
  readonly privateBytes: number;
  /** Values that an invocation adds up in registers. */
  readonly sums: number;
  readonly workgroups: number;
}

/** Reductions of a prologue that one invocation may run through alone without holding up the others, in terms. */
export const ALONE_TERMS = 64;

/** Whether every invocation computes the loops of a prologue for itself. */
export function isPrologueAlone(prologue: readonly Loop[]): boolean {
  return prologue.every((loop) => domainSize(loop.reduceAxes) <= ALONE_TERMS);
}

/** What a group takes with a schedule. */
export function resourcesOf(group: Group, schedule: Schedule, machine: Machine): Resources {
  const { workgroups } = schedule;
  const shared = new Map(fixedShared(group, schedule, machine));
  const add = (dtype: Dtype, elements: number): void => addTo(shared, dtype, elements);
  let privateBytes = isPrologueAlone(group.prologue)
    ? 4 * group.prologue.reduce((n, { outs }) => n + outs.length, 0)
    : 0;
  let sums = 1;
  const [loop] = group.loops;
  switch (schedule.kind) {
    case 'map':
    case 'reduce':
      break;
    case 'list':
      if (machine.features.has('barriers')) add('i32', machine.workgroup);
      break;
    case 'contract': {
      const { perThread } = schedule;
      sums = perThread[0] * perThread[1];
      if (!machine.features.has('barriers')) {
        privateBytes += 4 * sums;
        break;
      }
      if (loop === undefined) break;
      sums = heldValues(loop, schedule, machine);
      add('f32', stagedWords(loop, schedule));
      break;
    }
    case 'rows': {
      for (const [k, phase] of schedule.phases.entries()) {
        const each = group.loops[k];
        if (phase.kind === 'elements' || each === undefined) continue;
        const own = phase.perThread[0] * phase.perThread[1];
        sums = Math.max(sums, phase.kind === 'staged' ? heldValues(each, phase, machine) : own);
        if (phase.kind === 'tiles') privateBytes += 4 * own;
      }
      const together = machine.features.has('barriers');
      const hold = (passed: Passed, words: number): void => {
        if (together) add(loadedDtype(passed.out.tensor.dtype), words);
        else privateBytes += 4 * words;
      };
      eachInside(group, schedule, roomLeft(group, bytesOf(shared), schedule.block, machine), machine, hold);
      break;
    }
    case 'tasks':
      break;
    default:
      return schedule satisfies never;
  }
  return { shared, privateBytes, sums, workgroups };
}

function addTo(shared: Map<Dtype, number>, dtype: Dtype, elements: number): void {
  shared.set(dtype, (shared.get(dtype) ?? 0) + elements);
}

/** Words of the array in which the staged tiles of a row program's phases lie, one phase after the other. */
export function stagedPhaseWords({ loops }: Group, { phases }: Pick<RowsSchedule, 'phases'>): number {
  let words = 0;
  let k = 0;
  for (const phase of phases) {
    const loop = loops[k++];
    if (phase.kind === 'staged' && loop !== undefined) words = Math.max(words, stagedWords(loop, phase));
  }
  return words;
}

/** Elements of workgroup arrays that a group takes beside its locals: a prologue's results, scratch, staged operands. */
function fixedShared(group: Group, schedule: Schedule, machine: Machine): ReadonlyMap<Dtype, number> {
  const shared = new Map<Dtype, number>();
  if (schedule.kind === 'rows') addTo(shared, 'f32', stagedPhaseWords(group, schedule));
  for (const [dtype, count] of scratchTypes(group, schedule, machine))
    addTo(shared, dtype, count * machine.workgroup);
  if (!isPrologueAlone(group.prologue))
    for (const { outs } of group.prologue)
      for (const { tensor } of outs) addTo(shared, loadedDtype(tensor.dtype), 1);
  return shared;
}

/**
 * Arrays of one element an invocation in which reductions combine their parts, by type. Loops that run one after the
 * other use the same ones: as many of each type as the loop needs that needs most.
 */
function scratchTypes(group: Group, schedule: Schedule, machine: Machine): Map<Dtype, number> {
  const most = new Map<Dtype, number>();
  if (!machine.features.has('barriers')) return most;
  const need = (reductions: readonly Pick<Reduction, 'monoid' | 'body'>[]): void => {
    const own = new Map<Dtype, number>();
    for (const { monoid, body } of reductions)
      for (const dtype of monoidDef(monoid).parts(body.dtype)) own.set(dtype, (own.get(dtype) ?? 0) + 1);
    for (const [dtype, count] of own) most.set(dtype, Math.max(count, most.get(dtype) ?? 0));
  };
  need(group.partials);
  if (!isPrologueAlone(group.prologue)) for (const loop of group.prologue) need(loop.reductions);
  let k = 0;
  for (const { reductions } of group.loops) {
    const phase = schedule.kind === 'rows' ? schedule.phases[k++] : schedule;
    if ((phase?.kind === 'elements' || phase?.kind === 'reduce') && phase.split > 1) need(reductions);
  }
  return most;
}

/** Bytes of workgroup memory of arrays. */
export function bytesOf(shared: ReadonlyMap<Dtype, number>): number {
  let bytes = 0;
  for (const elements of shared.values()) bytes += 4 * elements;
  return bytes;
}

/** Bytes of workgroup memory of a dispatch whose groups lay their arrays over one another. */
export function sharedBytesOf(groups: readonly Resources[]): number {
  const most = new Map<Dtype, number>();
  for (const { shared } of groups)
    for (const [dtype, elements] of shared) most.set(dtype, Math.max(elements, most.get(dtype) ?? 0));
  return bytesOf(most);
}

/** A limit of a machine that a schedule exceeds. */
export interface Excess {
  readonly limit: 'workgroupMemory' | 'privateMemory' | 'sums';
  readonly needed: number;
  readonly available: number;
}

/** The limit that these resources exceed; null where they fit. */
export function excessOf(resources: Resources, machine: Machine): Excess | null {
  const needs = {
    workgroupMemory: bytesOf(resources.shared),
    privateMemory: resources.privateBytes,
    sums: resources.sums,
  } as const;
  for (const limit of ['workgroupMemory', 'privateMemory', 'sums'] as const)
    if (needs[limit] > machine[limit]) return { limit, needed: needs[limit], available: machine[limit] };
  return null;
}

/** A tensor that passes between phases, and has a place inside the kernel. */
export interface Passed {
  readonly out: Out;
  /** Which of the group's loops writes it. */
  readonly k: number;
  readonly alsoStored: boolean;
  /** Words that it takes inside. */
  readonly words: number;
}

/**
 * The tensors of a row program that have a place inside the kernel. Those that no other group reads must have one; the
 * others get one while there is room, and are read back from their buffer otherwise; where invocations compute alone
 * they always are.
 */
export function passedInside(group: Group, schedule: RowsSchedule, machine: Machine): Passed[] {
  const fixed = bytesOf(fixedShared(group, schedule, machine));
  const found: Passed[] = [];
  const hold = (passed: Passed, words: number): void => {
    found.push({ ...passed, words });
  };
  eachInside(group, schedule, roomLeft(group, fixed, schedule.block, machine), machine, hold);
  return found;
}

/** Calls a function for each of these tensors, with the words that it takes. @param room bytes for those that get a place while there is room */
function eachInside(
  group: Group,
  { block }: RowsSchedule,
  room: number,
  machine: Machine,
  hold: (passed: Passed, words: number) => void,
): void {
  const all = passedRows(group);
  for (const passed of all) if (!passed.alsoStored) hold(passed, wordsOf(passed, block));
  if (!machine.features.has('barriers')) return;
  let left = room;
  for (const passed of all) {
    const words = wordsOf(passed, block);
    if (!passed.alsoStored || 4 * words > left) continue;
    left -= 4 * words;
    hold(passed, words);
  }
}

/** The words of a tensor in a block of so many rows. */
function wordsOf(ofRow: Passed, block: number): number {
  return Math.max(1, ofRow.words * block);
}

/** The same, with the words of one row. */
const passedRows = memoized((group: Group): readonly Passed[] => {
  const rows = rowCount(group);
  const read = new Set<Tensor>();
  for (const loop of group.loops) for (const tensor of tensorsRead(loop)) read.add(tensor);
  const locals = new Set(group.locals);
  const passed: Passed[] = [];
  for (const [k, loop] of group.loops.entries())
    for (const out of loop.outs)
      if (read.has(out.tensor))
        passed.push({ out, k, alsoStored: !locals.has(out.tensor), words: tensorSize(out.tensor) / rows });
  return passed;
});

/** Bytes of workgroup memory beside what a row program cannot do without: less than none where it does not fit. */
export function roomBeside(
  group: Group,
  schedule: Pick<RowsSchedule, 'block' | 'phases'>,
  machine: Machine,
): number {
  const whole: RowsSchedule = { kind: 'rows', lanes: 1, workgroups: 1, ...schedule };
  return roomLeft(group, bytesOf(fixedShared(group, whole, machine)), schedule.block, machine);
}

/** @param fixed bytes that are taken already */
function roomLeft(group: Group, fixed: number, block: number, machine: Machine): number {
  let left = machine.workgroupMemory - fixed;
  for (const passed of passedRows(group)) if (!passed.alsoStored) left -= 4 * wordsOf(passed, block);
  return left;
}
