import { extentOf, shapeText } from '../../loops/index.ts';
import { requireOption } from '../arguments.ts';
import { ShapeError } from '../issues.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import { dimAt } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Columns up to the row's number and `diagonal` more. */
export function tril(x: Tensor, diagonal: number): Tensor {
  const { row, column, beyond } = places('tril', x, diagonal);
  return column.le(row.add(beyond)).where(x, 0);
}

/** Columns from the row's number and `diagonal` more on. */
export function triu(x: Tensor, diagonal: number): Tensor {
  const { row, column, beyond } = places('triu', x, diagonal);
  return row.add(beyond).le(column).where(x, 0);
}

function places(
  op: string,
  x: Tensor,
  diagonal: number,
): { readonly row: Tensor; readonly column: Tensor; readonly beyond: number } {
  requireOption(op, 'diagonal', diagonal, Number.isSafeInteger(diagonal), 'a whole number');
  requireDtype(op, x.dtype, [...NUMBERS, 'bool']);
  const rank = x.shape.length;
  if (rank < 2) {
    throw new ShapeError(
      'rank',
      op,
      `takes matrices [..., rows, columns], not the shape ${shapeText(x.shape)}`,
    );
  }
  // No diagonal lies further away than there are rows or columns.
  const [rows, columns] = [extentOf(dimAt(x.shape, rank - 2)), extentOf(dimAt(x.shape, rank - 1))];
  const beyond = Math.min(Math.max(diagonal, -rows), columns);
  return { row: x.iotaLike(rank - 2), column: x.iotaLike(rank - 1), beyond };
}
