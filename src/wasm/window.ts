import {
  AffineForms,
  type Axis,
  apply,
  childrenOf,
  domainSize,
  type Expr,
  gcd,
  type ScalarOp,
} from '../loops/index.ts';

/**
 * One coordinate of what an operand reads: `u = Σ by · axis`. The operand depends on these axes through this sum
 * alone.
 */
export interface Coordinate {
  readonly moves: readonly Move[];
  /** The axis that stands for it: it moves the coordinate by one. */
  readonly along: Axis;
}

/** An axis of a coordinate, and by how much it moves it. */
export interface Move {
  readonly axis: Axis;
  readonly by: number;
}

/**
 * The coordinates of an operand over some axes: as few as there are, so that windows that overlap are seen to read the
 * same. Axes move together where they stand in the same ratio wherever the operand has them, in indices, in guards and
 * in sums of numbers: `i` and `k` do in `select(1 <= i + k, x[i + k - 1], 0)`, and in `x[2 * i + k]` too, with the
 * coordinate `2 · i + k`.
 *
 * Null where an axis with which others move together is none that moves by one: `x[2 * i + 3 * k]`.
 */
export function coordinatesOf(operand: Expr, axes: readonly Axis[]): readonly Coordinate[] | null {
  const columns = columnsOf(operand, axes);
  const groups = new Map<string, Move[]>();
  for (const [axis, column] of columns) {
    const [first] = column.values();
    if (first === undefined) continue;
    const by = Math.sign(first) * [...column.values()].reduce(gcd, 0);
    const direction = [...column].map(([form, coefficient]) => `${form}:${coefficient / by}`).join(' ');
    groups.set(direction, [...(groups.get(direction) ?? []), { axis, by }]);
  }
  const coordinates: Coordinate[] = [];
  for (const group of groups.values()) {
    const common = group.reduce((g, { by }) => gcd(g, by), 0);
    const one = group.find(({ by }) => by === common) ?? group.find(({ by }) => by === -common);
    if (one === undefined) return null;
    coordinates.push({ moves: group.map(({ axis, by }) => ({ axis, by: by / one.by })), along: one.axis });
  }
  return coordinates;
}

/** By how much each axis moves each sum of numbers in an expression, by the sum's number. */
function columnsOf(operand: Expr, axes: readonly Axis[]): Map<Axis, Map<number, number>> {
  const forms = new AffineForms();
  const columns = new Map(axes.map((axis) => [axis, new Map<number, number>()]));
  const seen = new Set<number>();
  const visit = (expr: Expr): void => {
    const number = forms.numbers.of(expr);
    if (seen.has(number)) return;
    seen.add(number);
    const [x, y] = childrenOf(expr);
    // What is compared matters by its difference alone.
    if (expr.kind === 'apply' && COMPARISONS.has(expr.op) && x?.dtype === 'i32' && y !== undefined)
      visitSum(apply('sub', x, y));
    else if (expr.dtype === 'i32' && (expr.kind === 'axis' || expr.kind === 'apply')) visitSum(expr);
    else for (const child of childrenOf(expr)) visit(child);
  };
  const visitSum = (sum: Expr): void => {
    for (const { atom, coefficient } of forms.of(sum).terms) {
      if (atom.kind === 'axis') columns.get(atom.axis)?.set(forms.numbers.of(sum), coefficient);
      else if (atom === sum) for (const child of childrenOf(atom)) visit(child);
      else visit(atom);
    }
  };
  visit(operand);
  return columns;
}

const COMPARISONS: ReadonlySet<ScalarOp> = new Set<ScalarOp>(['lt', 'le', 'eq', 'ne']);

/** Where the copy of a block's part of an operand lies: a box of its coordinates, row-major. */
export interface WindowLayout {
  /** Outermost first. */
  readonly dims: readonly WindowDim[];
  /** Elements, with what is left out between lines. */
  readonly size: number;
}

/** One coordinate of the box: elements `[0, extent)` are those at `[low, low + extent)`. */
export interface WindowDim {
  readonly coordinate: Coordinate;
  readonly low: number;
  readonly extent: number;
  /** Elements from one to the next. */
  readonly pitch: number;
}

/** Elements of which a distance is no multiple: places of one cache set are that far apart. */
const CONFLICT = 128;

/** Elements of a cache line. */
const CACHE_LINE = 16;

/**
 * The layout of a box.
 *
 * @param extentOf values that an axis takes in the box
 */
export function layOutWindow(
  coordinates: readonly Coordinate[],
  extentOf: (axis: Axis) => number,
): WindowLayout {
  let pitch = 1;
  const dims: WindowDim[] = [];
  for (const coordinate of [...coordinates].reverse()) {
    const reach = coordinate.moves.map(({ axis, by }) => by * (extentOf(axis) - 1));
    const low = reach.filter((r) => r < 0).reduce((a, b) => a + b, 0);
    const extent = 1 + reach.reduce((n, r) => n + Math.abs(r), 0);
    dims.unshift({ coordinate, low, extent, pitch });
    pitch *= extent;
    if (pitch % CONFLICT === 0) pitch += CACHE_LINE;
  }
  return { dims, size: pitch };
}

/** Positions along which a window's block is cut no further, and that one block has at most. */
const MOST_INNER = 256;

/** Positions that a line should have at least, and lines that there should be for blocks. */
const ENOUGH_POSITIONS = 16;
const ENOUGH_LINES = 16;

/**
 * The axes of a side that a block of windows takes whole, the innermost ones; the last of the others is cut.
 *
 * @param program axes that a row program cuts
 */
export function innerAxes(axes: readonly Axis[], program: readonly Axis[]): readonly Axis[] {
  let first = axes.length;
  while (first > 0) {
    const axis = axes[first - 1];
    const [rest, inner] = [axes.slice(0, first - 1), axes.slice(first)];
    if (axis === undefined || program.includes(axis) || domainSize(rest) === 1) break;
    if (domainSize(inner) * axis.extent > MOST_INNER) break;
    if (domainSize(inner) >= ENOUGH_POSITIONS && domainSize(rest) < ENOUGH_LINES) break;
    first--;
  }
  return axes.slice(first);
}
