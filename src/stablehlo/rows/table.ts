import type { Op } from '../../graph/index.ts';
import { gatherRows } from './gathers.ts';
import { leafRows } from './leaves.ts';
import { movementRows } from './movements.ts';
import { productRows } from './products.ts';
import { reductionRows } from './reductions.ts';
import type { HloRow } from './row.ts';
import { scalarRows } from './scalars.ts';
import { windowRows } from './windows.ts';

/** How each operation of the graph is written in StableHLO: a new one has no program until it has a row. */
const rows = {
  ...leafRows,
  ...scalarRows,
  ...movementRows,
  ...reductionRows,
  ...productRows,
  ...gatherRows,
  ...windowRows,
} satisfies Record<Op, HloRow>;

const byName: ReadonlyMap<string, HloRow> = new Map(Object.entries(rows));

/** The row of an operation. @throws RangeError where there is none of that name: a node has an operation of the table */
export function rowOf(op: string): HloRow {
  const row = byName.get(op);
  if (row === undefined) throw new RangeError(`no operation ${op}`);
  return row;
}
