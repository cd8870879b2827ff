import { type AccessMap, type IndexKind, kindOf, type Loop, printAccess } from '../loops/index.ts';

/** What stands between a reader and its own element, by what its index is. */
const MOVEMENTS: Record<IndexKind, string> = {
  axis: 'along a reduction, or a part of it',
  merge: 'through a reshape or a slice',
  part: 'through a reshape',
  constant: 'at one element',
  shifted: 'through a window or a slice',
  computed: 'through a gather',
};

/** Why a dimension that is read is not the reader's own axis: the tensor, the movement, and the user's line if known. */
export function movementText(reader: Loop, access: AccessMap, dimension: number): string {
  const index = access.dimensions[dimension];
  const movement = index === undefined ? 'elsewhere' : MOVEMENTS[kindOf(index)];
  const source = reader.origin.find((origin) => origin.source !== undefined)?.source;
  const at = source === undefined ? '' : `, at ${source}`;
  return `${reader.name} reads dimension ${dimension} of ${printAccess(access)} ${movement}${at}`;
}
