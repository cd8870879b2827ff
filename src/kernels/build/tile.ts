import { type Axis, apply, type Expr, float, int, type Loop, load } from '../../loops/index.ts';
import { runsOf } from '../../loops/runs.ts';
import type { Stmt } from '../kernel.ts';
import { inRuns } from './accumulate.ts';
import { all, type Body, type Phase } from './body.ts';

/** Where elements of a loop lie: values for some of its axes. */
export interface Point {
  readonly at: ReadonlyMap<Axis, Expr>;
  /** The row of the block, where the place is what says so. */
  readonly phase?: Phase;
  /** Whether there is such a row, where that is not sure. */
  readonly inside?: Expr;
}

/** One side of a tile: `count` of the side's `extent` rows or columns, `stride` apart. */
export interface TileSide {
  readonly factors: readonly Expr[];
  readonly extent: number;
  readonly count: number;
  readonly from: Expr;
  readonly stride: number;
  /** What stands at an index of the side. */
  readonly place: (index: Expr, into: Stmt[]) => Point;
}

/**
 * The sums of a tile of rows × columns of a contraction by one invocation: accumulators in registers, and for each
 * step of the reduction one load a row and one a column. Rows and columns beyond the edge repeat the last one: their
 * sums are not finished.
 *
 * @param fixed what all elements of the tile have in common
 * @param finish writes what becomes of the sum at an element
 */
export function emitTile(
  body: Body,
  loop: Loop,
  fixed: Required<Point>,
  [rows, columns]: readonly [TileSide, TileSide],
  into: Stmt[],
  finish: (at: ReadonlyMap<Axis, Expr>, phase: Phase, sum: Expr, into: Stmt[]) => void,
): void {
  const places = [pointsOf(body, rows, 'm', into), pointsOf(body, columns, 'n', into)] as const;
  const [as, bs] = [
    operands(body, fixed, rows.factors, places[0], into),
    operands(body, fixed, columns.factors, places[1], into),
  ];
  const acc = inRuns(body, runsOf(loop.reduceAxes), fixed.at, into, {
    make: (to) => grid(rows.count, columns.count, () => body.variable('acc', float(0), to)),
    visit: (sums, at, to) => {
      const value = (name: string, { expr, place }: Operand): Expr =>
        body.let(name, body.instantiate(expr, new Map([...at, ...place.at]), place.phase ?? fixed.phase), to);
      const a = as.map((row) => value('a', row));
      const b = bs.map((column) => value('b', column));
      addProducts(sums, a, b, to);
    },
    join: addGrid,
  });
  const elements = rows.count * columns.count;
  const sums = body.array('tile_sums', 'f32', elements, 'private');
  for (const [i, row] of acc.entries()) {
    for (const [j, value] of row.entries())
      into.push({ kind: 'store', tensor: sums, at: [int(i * columns.count + j)], value });
  }
  body.for('e', int(0), int(elements), 1, into, (e, element) => {
    const m = body.let('m', indexAt(rows, apply('idiv', e, int(columns.count))), element);
    const n = body.let('n', indexAt(columns, apply('mod', e, int(columns.count))), element);
    const exists = all([apply('lt', m, int(rows.extent)), apply('lt', n, int(columns.extent))]);
    body.if(exists, element, (to) => {
      const [row, column] = [rows.place(m, to), columns.place(n, to)];
      body.if(all([fixed, row, column].flatMap(({ inside = [] }) => inside)), to, (inside) =>
        finish(
          new Map([...fixed.at, ...row.at, ...column.at]),
          row.phase ?? column.phase ?? fixed.phase,
          body.let('sum', load(sums, [e]), inside),
          inside,
        ),
      );
    });
  });
}

/** Where the rows or columns of a tile stand. */
function pointsOf(body: Body, side: TileSide, name: string, into: Stmt[]): Point[] {
  return Array.from({ length: side.count }, (_, i) => {
    const index = apply('min', indexAt(side, int(i)), int(side.extent - 1));
    return side.place(body.let(name, index, into), into);
  });
}

/** A side's factor of the products at a row or column of the tile. */
interface Operand {
  readonly expr: Expr;
  readonly place: Point;
}

/** The factors at some places; what the reduction does not change is computed here. */
function operands(
  body: Body,
  fixed: Required<Point>,
  factors: readonly Expr[],
  places: readonly Point[],
  into: Stmt[],
): Operand[] {
  return places.map((place) => {
    const at = new Map([...fixed.at, ...place.at]);
    return { expr: body.hoist(product(factors), at, place.phase ?? fixed.phase, into), place };
  });
}

function indexAt({ from, stride }: TileSide, i: Expr): Expr {
  return apply('add', from, apply('mul', i, int(stride)));
}

/** The product of the factors of one side. */
export function product(factors: readonly Expr[]): Expr {
  return factors.reduce((x, y) => apply('mul', x, y));
}

/** Adds the product of each row's and each column's factor to their sum. */
export function addProducts(
  acc: readonly (readonly Expr[])[],
  a: readonly Expr[],
  b: readonly Expr[],
  into: Stmt[],
): void {
  for (const [i, row] of acc.entries()) {
    for (const [j, sum] of row.entries()) {
      const [x, y] = [a[i], b[j]];
      if (x !== undefined && y !== undefined) addTo(sum, apply('mul', x, y), into);
    }
  }
}

/** Adds other sums to sums, each to its own. */
export function addGrid(
  sums: readonly (readonly Expr[])[],
  others: readonly (readonly Expr[])[],
  into: Stmt[],
): void {
  for (const [i, row] of sums.entries())
    for (const [j, sum] of row.entries()) addTo(sum, others[i]?.[j], into);
}

/** `sum = sum + value`. */
export function addTo(sum: Expr, value: Expr | undefined, into: Stmt[]): void {
  if (sum.kind === 'var' && value !== undefined)
    into.push({ kind: 'assign', name: sum.name, value: apply('add', sum, value) });
}

/** What `make` makes, in rows and columns. */
export function grid(rows: number, columns: number, make: () => Expr): Expr[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, make));
}
