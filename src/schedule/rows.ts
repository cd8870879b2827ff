import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  byteSize,
  type Dim,
  domainSize,
  liveDomain,
  sameDim,
  type Tensor,
} from '../loops/index.ts';
import type { Group } from './group.ts';

/** How many rows a group has; 1 where one workgroup runs it all. */
export function rowCount(group: Group): number {
  return domainSize(group.rows[0] ?? []);
}

/**
 * How many rows of a group are live, numbered over some of its row axes: of those of its first loop, where each loop has
 * the same at their places; else all.
 */
export function liveRows(group: Group, axes: readonly Axis[]): Dim {
  const [first = []] = group.rows;
  const isSame = group.rows.every(
    (rows) => rows.length === first.length && rows.every((axis, k) => sameDim(dimOf(axis), dimOf(first[k]))),
  );
  return isSame ? liveDomain(axes) : domainSize(axes);
}

function dimOf(axis: Axis | undefined): Dim {
  return axis?.live ?? axis?.extent ?? 1;
}

/** Bytes that the elements of one row of these tensors take. */
export function localBytes(locals: readonly Tensor[], rows: number): number {
  return locals.reduce((n, tensor) => n + (wordBytes(tensor) * tensorSize(tensor)) / rows, 0);
}

/** Bytes of an element inside a kernel: a word at least. */
function wordBytes({ dtype }: Tensor): number {
  return Math.max(4, byteSize(dtype));
}
