import {
  type Axis,
  apply,
  axesIn,
  contractionOf,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
  type Tensor,
} from '../../loops/index.ts';
import { TILE_COLUMNS, TILE_ROWS } from './tile.ts';

/**
 * A contraction as its tiles see it: `out[batch, row, column] = value(Σ a[batch, row, k] · b[batch, column, k])`.
 * Rows and columns are numbered over several axes, the first one outermost.
 */
export interface Tiled {
  readonly batch: readonly Axis[];
  readonly rows: readonly Axis[];
  readonly columns: readonly Axis[];
  readonly a: Expr;
  readonly b: Expr;
}

/** Below this a contraction is a loop like any other: its tiles would be mostly padding. */
const LEAST_PRODUCTS = 2048;

/**
 * A loop as a contraction with tiles, or null. The columns are the axes along which its output lies
 * contiguous, unless that leaves few rows to share among threads.
 *
 * @param rows axes that must be rows or batch (those of a row program), in their order; rows come in that order first
 */
export function tiledOf(loop: Loop, rows: readonly Axis[] = []): Tiled | null {
  const contraction = contractionOf(loop);
  if (contraction === null || loop.reductions.length !== 1) return null;
  const { m, n, batch } = contraction;
  const products = domainSize([...loop.axes, ...loop.reduceAxes]);
  if (products < LEAST_PRODUCTS || domainSize(loop.reduceAxes) < 4) return null;
  const product = (factors: readonly Expr[]): Expr => factors.reduce((a, b) => apply('mul', a, b));
  const one = { batch, rows: m, columns: n, a: product(contraction.a), b: product(contraction.b) };
  const other = { batch, rows: n, columns: m, a: one.b, b: one.a };
  const last = loop.outs[0]?.at.filter((axis) => axis.extent > 1).at(-1);
  const contiguous = last !== undefined && m.includes(last) ? other : one;
  const across = contiguous === one ? other : one;
  const few =
    domainSize(contiguous.rows) < 2 * TILE_ROWS && domainSize(across.rows) >= 4 * domainSize(contiguous.rows);
  const wanted = few ? [across, contiguous] : [contiguous, across];
  return wanted.map((tiled) => inOrder(tiled, rows)).find((tiled) => tiled !== null) ?? null;
}

/** The rows in the order of a row program: its batch axes first, then its rows, then the others; null if they do not fit. */
function inOrder(tiled: Tiled, rows: readonly Axis[]): Tiled | null {
  const { columns } = tiled;
  if (domainSize(columns) < TILE_COLUMNS / 2) return null;
  if (rows.length === 0) return domainSize(tiled.rows) < 2 ? null : tiled;
  const wide = tiled.batch.filter((axis) => axis.extent > 1);
  const own = rows.filter((axis) => !wide.includes(axis));
  // Batch axes that are no rows would tear a block of rows apart.
  if (!wide.every((axis) => rows.includes(axis))) return null;
  if (!own.every((axis) => tiled.rows.includes(axis))) return null;
  const isPrefix = rows.slice(0, wide.length).every((axis) => wide.includes(axis));
  if (!isPrefix) return null;
  const others = tiled.rows.filter((axis) => !own.includes(axis));
  return { ...tiled, batch: rows.slice(0, wide.length), rows: [...own, ...others] };
}

/** Whether the second operand needs nothing that some tensors hold: then it can be packed before. */
export function isIndependent(tiled: Tiled, tensors: ReadonlySet<Tensor>): boolean {
  return loadsIn(tiled.b).every((l) => !tensors.has(l.tensor));
}

/** The axes of a side that a packed operand has one panel set for. */
export function batchOf(tiled: Tiled, side: Expr): readonly Axis[] {
  const axes = axesIn(side);
  return tiled.batch.some((axis) => axes.has(axis)) ? tiled.batch : [];
}
