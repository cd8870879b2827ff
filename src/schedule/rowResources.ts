import { tensorSize, writers } from '../loops/edges.ts';
import {
  axesIn,
  byteSize,
  type Dtype,
  domainSize,
  type Loop,
  loopLoads,
  monoidDef,
  type Tensor,
} from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import type { Group } from './group.ts';

/** Invocations that a software driver computes at once, as one vector. */
const VECTOR = 4;

/** Bytes of workgroup memory that a group takes with one row: the row's locals, and what is there once. */
export function rowBytes(group: Group, profile: Profile): number {
  return localBytes(group.locals, rowCount(group)) + fixedBytes(group, profile);
}

/** Bytes of workgroup memory that a group takes however many rows it has: results of its prologue, and scratch. */
export function fixedBytes({ prologue, loops }: Group, profile: Profile): number {
  const results = prologue.reduce((n, loop) => n + 4 * loop.outs.length, 0);
  return results + scratchBytes([...prologue, ...loops], profile);
}

/**
 * Bytes of workgroup memory in which reductions combine the parts that invocations hold. Loops that run one
 * after the other use the same arrays, as many of each type as the loop needs that needs most.
 */
export function scratchBytes(loops: readonly Loop[], profile: Profile): number {
  if (!profile.cooperative) return 0;
  const most = new Map<Dtype, number>();
  for (const { reductions } of loops) {
    const own = new Map<Dtype, number>();
    for (const { monoid, body } of reductions)
      for (const dtype of monoidDef(monoid).parts(body.dtype)) own.set(dtype, (own.get(dtype) ?? 0) + 1);
    for (const [dtype, count] of own) most.set(dtype, Math.max(count, most.get(dtype) ?? 0));
  }
  return 4 * profile.workgroup * [...most.values()].reduce((n, count) => n + count, 0);
}

/** Bytes that the elements of one row of these tensors take. */
export function localBytes(locals: readonly Tensor[], rows: number): number {
  return locals.reduce(
    (n, tensor) => n + (Math.max(4, byteSize(tensor.dtype)) * tensorSize(tensor)) / rows,
    0,
  );
}

/** How many rows a group has; 1 where one workgroup runs it all. */
export function rowCount(group: Group): number {
  return domainSize(group.rows[0] ?? []);
}

/**
 * Rows that a workgroup owns: one, until the device is full, or as many more (up to eight) as keep the
 * streamed bytes low.
 */
export function rowsPerBlock(rows: number, streamed: number, profile: Profile): number {
  let block = 1;
  const blocks = (): number => Math.ceil(rows / block);
  while (
    block < 8 &&
    (blocks() > 4 * profile.parallelWorkgroups || streamed * blocks() > 8 * profile.bytesPerDispatch)
  ) {
    block *= 2;
  }
  return block;
}

/** Rows that a workgroup takes where each invocation computes one alone: a row for each, unless workgroups would stand idle. */
export function rowLanes(rows: number, profile: Profile): number {
  let lanes = profile.workgroup;
  while (lanes > VECTOR && Math.ceil(rows / lanes) < profile.parallelWorkgroups) lanes /= 2;
  return lanes;
}

/** Bytes of what every row block reads whole: tensors that are not rows of the group. */
export function streamedBytes(group: Group): number {
  return [...streamedTensors(group)].reduce(
    (n, tensor) => n + byteSize(tensor.dtype) * tensorSize(tensor),
    0,
  );
}

/** Tensors that are not rows of the group: every row block reads them whole. */
export function streamedTensors(group: Group): Set<Tensor> {
  const own = writers(group.loops);
  const result = new Set<Tensor>();
  for (const [k, loop] of group.loops.entries()) {
    const rows = new Set(group.rows[k]);
    for (const l of loopLoads(loop)) {
      if (!own.has(l.tensor) && l.at.length > 0 && ![...axesIn(...l.at)].some((axis) => rows.has(axis)))
        result.add(l.tensor);
    }
  }
  return result;
}
