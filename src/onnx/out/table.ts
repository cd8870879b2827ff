import type { Op } from '../../graph/index.ts';
import { compositeRows } from './composites.ts';
import { convolutionRows } from './convolution.ts';
import type { OnnxRow } from './exporter.ts';
import { gatherRows } from './gathers.ts';
import { leafRows } from './leaves.ts';
import { movementRows } from './movements.ts';
import { productRows } from './products.ts';
import { reductionRows } from './reductions.ts';
import { scalarRows } from './scalars.ts';
import { windowRows } from './windows.ts';

/** How each operation becomes nodes of ONNX: a row for every one of them, or this does not compile. */
export const rows: Readonly<Record<Op, OnnxRow>> = {
  ...leafRows,
  ...scalarRows,
  ...movementRows,
  ...reductionRows,
  ...productRows,
  ...convolutionRows,
  ...windowRows,
  ...gatherRows,
  ...compositeRows,
};

/** The row of an operation. @throws RangeError where there is none: a node's operation is one of the table */
export function rowOf(op: string): OnnxRow {
  const row = byName.get(op);
  if (row === undefined) throw new RangeError(`no operation ${op}`);
  return row;
}

const byName: ReadonlyMap<string, OnnxRow> = new Map(Object.entries(rows));
