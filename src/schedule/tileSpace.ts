import { type Axis, type Contraction, domainSize } from '../loops/index.ts';

/** The elements of a contraction in a block of rows, as tiles see them. */
export interface TileSpace {
  /**
   * The side that the block's rows are part of; null where they are on none: then each row has tiles of its own.
   */
  readonly ofRows: 'm' | 'n' | null;
  readonly m: number;
  readonly n: number;
  /** How many `m` × `n` there are. */
  readonly slices: number;
}

/**
 * How rows and columns of a block lie. The block's rows are part of a side where the innermost rows are axes of it, and
 * the others, if there are any, are batches that no block crosses.
 *
 * @param own the loop's axes that are rows, outermost first
 * @param rows rows of a block
 */
export function tileSpace(c: Contraction, own: readonly Axis[], rows: number): TileSpace {
  const ofRows = rows > 1 ? sideOfRows(c, own, rows) : null;
  const [m, n, batch] = [c.m, c.n, c.batch].map((axes) =>
    domainSize(axes.filter((axis) => !own.includes(axis))),
  );
  if (m === undefined || n === undefined || batch === undefined) throw new RangeError('three kinds of axes');
  return {
    ofRows,
    m: ofRows === 'm' ? m * rows : m,
    n: ofRows === 'n' ? n * rows : n,
    slices: ofRows === null ? batch * rows : batch,
  };
}

/** Tiles of so many rows and columns in a block. */
export function tilesIn({ slices, m, n }: TileSpace, rows: number, columns: number): number {
  return slices * Math.ceil(m / rows) * Math.ceil(n / columns);
}

function sideOfRows({ m, n, batch }: Contraction, own: readonly Axis[], rows: number): 'm' | 'n' | null {
  for (const [name, side] of [
    ['m', m],
    ['n', n],
  ] as const) {
    const onSide = own.filter((axis) => side.includes(axis));
    const before = own.slice(0, own.length - onSide.length);
    if (onSide.length === 0 || !before.every((axis) => batch.includes(axis))) continue;
    if (before.length === 0 || domainSize(onSide) % rows === 0) return name;
  }
  return null;
}
