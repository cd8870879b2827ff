import {
  type Axis,
  apply,
  axesIn,
  contractionOf,
  type Dim,
  domainSize,
  type Expr,
  int,
  type Loop,
  liveDomain,
  loadsIn,
  positionOver,
  substituteAxes,
  type Tensor,
} from '../loops/index.ts';
import { isTiled } from '../schedule/laneWork.ts';
import type { Evaluator } from './evaluate.ts';
import { rowValues } from './nest.ts';
import { TILE_COLUMNS, TILE_ROWS } from './tileSize.ts';
import { type Coordinate, coordinatesOf, innerAxes, layOutWindow } from './window.ts';

/**
 * A contraction as its tiles see it: `out[set, row, column] = value(Σ rows[set, row, k] · columns[set, column, k])`,
 * where sets, rows and columns are each numbered over some axes, the first one outermost.
 */
export interface Tiled {
  /** Axes of both sides, or of none: each of their values is a product of its own. */
  readonly sets: readonly Axis[];
  /** The last of them, which no row of a program numbers: a task computes all of their values, one after the other. */
  readonly inside: readonly Axis[];
  /** Axes of the reduction, except for those of one value; one of these where there is no other. */
  readonly reduce: readonly Axis[];
  readonly rows: Side;
  readonly columns: Side;
}

/**
 * One side of a contraction: an operand, and the axes that the other operand lacks. Its elements have positions
 * in panels. Where one number over all axes moves every index by a constant they follow one another; else each value
 * of the outer axes starts a *line* of whole panels.
 */
export interface Side {
  readonly kind: 'rows' | 'columns';
  readonly operand: Expr;
  readonly axes: readonly Axis[];
  /** Axes whose values start lines; none where there is one line of all. */
  readonly outer: readonly Axis[];
  /** Axes that are numbered along a line. */
  readonly inner: readonly Axis[];
  /** Elements of a line, and its positions, a multiple of the width. */
  readonly length: number;
  readonly line: number;
  /** Positions of a panel. */
  readonly width: number;
  /** Whether four neighbours along the reduction are read at a time, and transposed; else four along a line. */
  readonly alongReduction: boolean;
  /**
   * Where its rows are windows that overlap: the coordinates of what they slide over. That is copied once for a block and
   * its rows are read where they lie, in place of panels; so lines need not be whole panels. Else null.
   */
  readonly window: readonly Coordinate[] | null;
}

/** What a side is cut into: lines where it has several, else elements. */
export function unitsOf(side: Side): number {
  return side.outer.length > 0 ? domainSize(side.outer) : side.length;
}

/** The units that are live: the first ones. */
export function liveUnits(side: Side): Dim {
  return liveDomain(unitAxes(side));
}

/** Positions of so many units; of all where it is not said. */
export function positionsOf(side: Side, units = unitsOf(side)): number {
  const positions = side.outer.length > 0 ? units * side.line : units;
  return Math.ceil(positions / side.width) * side.width;
}

/** Axes that number the units of a side. */
export function unitAxes(side: Side): readonly Axis[] {
  return side.outer.length > 0 ? side.outer : side.inner;
}

/**
 * Position of an element of a side, in terms of its axes, counted from the unit `first`.
 */
export function positionExpr(side: Side, first: Expr): Expr {
  const number = positionOver(side.inner);
  if (side.outer.length === 0) return apply('sub', number, first);
  const unit = apply('sub', positionOver(side.outer), first);
  return apply('add', apply('mul', unit, int(side.line)), number);
}

/**
 * A loop as a contraction with tiles, or null. Columns are the axes along which its output lies contiguous, unless
 * that leaves hardly a row.
 *
 * @param program axes that a row program cuts, in their order: sets, then axes of one side, which come first there;
 *   null where the loop runs alone
 */
export function tiledOf(loop: Loop, program: readonly Axis[] | null, evaluator: Evaluator): Tiled | null {
  const contraction = contractionOf(loop);
  if (contraction === null || !isTiled(loop)) return null;
  const { m, n, batch } = contraction;
  const reduce = wideAxes(loop.reduceAxes);
  const found = setsOf(batch, program);
  if (found === null) return null;
  const { sets, inside } = found;
  const own = program === null ? [] : program.slice(sets.length - inside.length);
  const [a, b] = [ordered(m, own), ordered(n, own)];
  if (own.length > 0 && !own.every((axis) => m.includes(axis)) && !own.every((axis) => n.includes(axis)))
    return null;
  const product = (factors: readonly Expr[]): Expr => factors.reduce((x, y) => apply('mul', x, y));
  const [first, second] = [product(contraction.a), product(contraction.b)];
  const slid = slidOf({ axes: a, operand: first }, { axes: b, operand: second }, reduce, own, evaluator);
  if (slid !== null) return { ...found, reduce, ...slid };
  const last = loop.outs[0]?.at.filter((axis) => axis.extent > 1).at(-1);
  const [rows, columns] =
    last !== undefined && a.includes(last)
      ? [
          { axes: b, operand: second },
          { axes: a, operand: first },
        ]
      : [
          { axes: a, operand: first },
          { axes: b, operand: second },
        ];
  const few =
    domainSize(rows.axes) < TILE_ROWS / 2 ||
    domainSize(columns.axes) < TILE_COLUMNS / 2 ||
    (domainSize(rows.axes) < TILE_ROWS && domainSize(columns.axes) > 4 * domainSize(rows.axes));
  const [r, c] = few && domainSize(columns.axes) >= domainSize(rows.axes) ? [columns, rows] : [rows, columns];
  if (domainSize(c.axes) < TILE_COLUMNS / 2 || domainSize(r.axes) < 2) return null;
  const side = (s: typeof r, other: typeof r, kind: Side['kind']): Side =>
    sideOf(s, kind, domainSize(other.axes), reduce, own, evaluator);
  return { ...found, reduce, rows: side(r, c, 'rows'), columns: side(c, r, 'columns') };
}

/** Axes of more than one value, or of a number that is known at run time; the first where there is none. */
function wideAxes(axes: readonly Axis[]): readonly Axis[] {
  const wide = axes.filter((axis) => axis.extent > 1 || axis.live !== undefined);
  return wide.length > 0 ? wide : axes.slice(0, 1);
}

/**
 * The axes that number sets: those of a row program's rows, in its order, then the others; null where the first would tear
 * its rows apart.
 */
function setsOf(
  batch: readonly Axis[],
  program: readonly Axis[] | null,
): Pick<Tiled, 'sets' | 'inside'> | null {
  if (program === null) return { sets: batch, inside: [] };
  const wide = batch.filter((axis) => axis.extent > 1);
  const outer = program.filter((axis) => wide.includes(axis));
  const inside = wide.filter((axis) => !outer.includes(axis));
  return outer.every((axis, k) => axis === program[k]) ? { sets: [...outer, ...inside], inside } : null;
}

/** Axes of sets that tasks share: those of a row program's rows, or all where a loop runs alone. */
export function outerSets({ sets, inside }: Tiled): readonly Axis[] {
  return sets.slice(0, sets.length - inside.length);
}

/** The axes of a side with those of a row program first, in its order. */
function ordered(axes: readonly Axis[], program: readonly Axis[]): readonly Axis[] {
  const first = program.filter((axis) => axes.includes(axis));
  return [...first, ...axes.filter((axis) => !first.includes(axis))];
}

/** Axes of one side, and its operand. */
type Part = Pick<Side, 'axes' | 'operand'>;

/** How often elements must be read at least, for a copy of them to be worth its while. */
const LEAST_OVERLAP = 1.5;

/**
 * Both sides, where one of them has windows that overlap: those are rows. Null where neither has, or where a row
 * program cuts the other one.
 *
 * @param own axes of one side that a row program cuts
 */
function slidOf(
  a: Part,
  b: Part,
  reduce: readonly Axis[],
  own: readonly Axis[],
  evaluator: Evaluator,
): Pick<Tiled, 'rows' | 'columns'> | null {
  let found: Pick<Tiled, 'rows' | 'columns'> | null = null;
  let most = LEAST_OVERLAP;
  for (const [part, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!own.every((axis) => part.axes.includes(axis)) || domainSize(other.axes) < TILE_COLUMNS / 2) continue;
    const rows = windowSide(part, reduce, own, evaluator);
    if (rows === null || overlapOf(rows, reduce) < most) continue;
    most = overlapOf(rows, reduce);
    found = { rows, columns: sideOf(other, 'columns', domainSize(part.axes), reduce, own, evaluator) };
  }
  return found;
}

/** A side whose rows are windows. */
function windowSide(
  { axes, operand }: Part,
  reduce: readonly Axis[],
  program: readonly Axis[],
  evaluator: Evaluator,
): Side | null {
  const found = coordinatesOf(operand, [...axes, ...reduce]) ?? [];
  const [first] = found;
  if (first === undefined) return null;
  const inner = innerAxes(axes, program);
  const outer = axes.slice(0, axes.length - inner.length);
  // Lines of the copy lie along the coordinate along which it is made fastest.
  const cost = ({ along, moves }: Coordinate): number =>
    moves.every(({ axis }) => axis.extent < 4) ? Infinity : evaluator.cost([operand], along);
  const line = found.reduce((best, c) => (cost(c) <= cost(best) ? c : best), first);
  const length = domainSize(inner);
  return {
    kind: 'rows',
    operand,
    axes,
    outer,
    inner,
    length,
    line: length,
    width: TILE_ROWS,
    alongReduction: false,
    window: [...found.filter((c) => c !== line), line],
  };
}

/** How many elements of panels one of a copy stands for, where as many lines are taken together as follow one another. */
function overlapOf({ axes, outer, inner, window }: Side, reduce: readonly Axis[]): number {
  const cut = outer[outer.length - 1];
  const reached = new Set([...inner, ...(cut === undefined ? [] : [cut]), ...reduce]);
  const { size } = layOutWindow(window ?? [], (axis) => (reached.has(axis) ? axis.extent : 1));
  return domainSize([...axes.filter((axis) => reached.has(axis)), ...reduce]) / size;
}

/**
 * A side as one line, where every index moves by a constant along it, else as lines along its last axes, unless they
 * would be mostly padding.
 *
 * @param uses products that an element of it takes part in, of each of which a position of padding costs as much
 */
function sideOf(
  { axes, operand }: Part,
  kind: Side['kind'],
  uses: number,
  reduce: readonly Axis[],
  program: readonly Axis[],
  evaluator: Evaluator,
): Side {
  const width = kind === 'rows' ? TILE_ROWS : TILE_COLUMNS;
  const side = (outer: readonly Axis[], inner: readonly Axis[], alongReduction: boolean): Side => {
    const length = domainSize(inner);
    const line = Math.ceil(length / width) * width;
    return { kind, operand, axes, outer, inner, length, line, width, alongReduction, window: null };
  };
  const number = evaluator.driver('number', domainSize(axes));
  const numbered = evaluator.simplify(substituteAxes(operand, rowValues(axes, number)));
  if (readsAlongReduction(numbered, number, reduce, evaluator)) return side([], axes, true);
  const isRegular = loadsIn(numbered).every(
    (l) => evaluator.addresses.stride(l.tensor, l.at, number) !== null,
  );
  if (isRegular) return side([], axes, false);
  const inner = lineAxes(axes, width, program);
  if (inner.length === 0) return side([], axes, false);
  const lines = side(
    axes.filter((axis) => !inner.includes(axis)),
    inner,
    false,
  );
  const padding = (lines.line / lines.length - 1) * uses * PRODUCT;
  return padding > GATHER ? side([], axes, false) : lines;
}

/** Cycles of a product in a tile, and of collecting an element whose neighbours lie apart: of the size of those of V8. */
const PRODUCT = 1 / 8;
const GATHER = 12;

/** Elements of a line of several axes, at most: it is packed without a loop. */
const SHORT_LINE = 32;

/**
 * The last axes of a side, of which lines are made: as many as it takes to fill whole panels, where the last one alone does
 * not, and vectors of four can be read along it. None where there would be one line.
 *
 * @param program a row program cuts these: what is numbered along a line must not be one of them
 */
function lineAxes(axes: readonly Axis[], width: number, program: readonly Axis[]): readonly Axis[] {
  const wide = axes.filter((axis) => axis.extent > 1);
  const last = wide[wide.length - 1];
  if (last === undefined || last.extent < 4) return [];
  let first = wide.length - 1;
  const isPadded = (): boolean => domainSize(wide.slice(first)) % width !== 0;
  while (isPadded() && last.extent % 4 === 0 && domainSize(wide.slice(first - 1)) <= SHORT_LINE && first > 0)
    first--;
  // Those in front fill no panel.
  while (first < wide.length - 1 && isPadded()) first++;
  const inner = wide.slice(first);
  return first === 0 || inner.some((axis) => program.includes(axis)) ? [] : inner;
}

/** Whether an operand is read faster along the reduction, and transposed, than along its own axes. */
function readsAlongReduction(
  operand: Expr,
  own: Axis,
  reduce: readonly Axis[],
  evaluator: Evaluator,
): boolean {
  const inner = reduce[reduce.length - 1];
  if (inner === undefined || inner.extent < 4) return false;
  const TRANSPOSE = 2;
  return evaluator.cost([operand], inner) + TRANSPOSE < evaluator.cost([operand], own);
}

/** Whether an operand needs nothing that some tensors hold: then it can be packed before. */
export function isIndependent(side: Side, tensors: ReadonlySet<Tensor>): boolean {
  return loadsIn(side.operand).every((l) => !tensors.has(l.tensor));
}

/** How many sets of panels an operand has: one, where it is the same in all sets. */
export function panelSets(tiled: Tiled, side: Side): number {
  const axes = axesIn(side.operand);
  return tiled.sets.some((axis) => axes.has(axis)) ? domainSize(tiled.sets) : 1;
}
