import { tensorSize } from '../loops/edges.ts';
import { byteSize, domainSize, type Tensor } from '../loops/index.ts';
import type { Group } from './group.ts';

/** How many rows a group has; 1 where one workgroup runs it all. */
export function rowCount(group: Group): number {
  return domainSize(group.rows[0] ?? []);
}

/** Bytes that the elements of one row of these tensors take. */
export function localBytes(locals: readonly Tensor[], rows: number): number {
  return locals.reduce((n, tensor) => n + (wordBytes(tensor) * tensorSize(tensor)) / rows, 0);
}

/** Bytes of an element inside a kernel: a word at least. */
function wordBytes({ dtype }: Tensor): number {
  return Math.max(4, byteSize(dtype));
}
