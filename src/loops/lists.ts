import {
  type Axis,
  accRef,
  apply,
  axesIn,
  axisRef,
  type Expr,
  int,
  type Load,
  load,
  mapExpr,
  substituteAxes,
  type Tensor,
  ValueNumbers,
} from './expr.ts';
import { guarded, guardedTerm } from './guard.ts';
import { domainSize, type Loop, type Origin, type Out } from './loop.ts';
import { memoized } from './memo.ts';
import { simplify } from './simplify.ts';

/**
 * Lists of positions: for each row the positions whose key is its number, in their order. A reduction that a guard
 * `key(position) == row` leaves a few terms each looks at all positions for each row; one that walks the row's list
 * looks at those terms alone. The lists of a key serve all reductions that it guards.
 *
 *     first[row]      the first position of the row, or `NO_POSITION`
 *     count[row]      how many there are
 *     next[position]  the position of the same row that comes next, or `NO_POSITION`
 */
export interface Lists {
  readonly first: Tensor;
  readonly count: Tensor;
  readonly next: Tensor;
}

/** What stands in the place of a position where there is none: the least of no positions. */
export const NO_POSITION = 2147483647;

/** A loop that makes lists. */
export interface Listing extends Lists {
  readonly rows: number;
  /** The axis of positions, which may have a live extent, and the key of one. */
  readonly position: Axis;
  readonly key: Expr;
}

/**
 * The loop that makes lists: three reductions over all positions, in the form that every loop has. Done as they stand they
 * look at every position for every row and for every position; who schedules a loop recognises them by their shape
 * (`listingOf`) and goes through the positions once.
 *
 * @param key of a position, i32: the row, or a number that is none
 */
export function listingLoop(
  name: string,
  { key, position, rows }: Pick<Listing, 'key' | 'position' | 'rows'>,
  origin: readonly Origin[],
): { readonly loop: Loop; readonly lists: Lists } {
  const tensor = (part: string, extent: number): Tensor => ({
    name: `${name}_${part}`,
    shape: [extent],
    dtype: 'i32',
    role: 'temp',
  });
  const row = { name: 'row', extent: rows };
  const other = { name: 'other', extent: position.extent };
  const lists = {
    first: tensor('first', rows),
    count: tensor('count', rows),
    next: tensor('next', position.extent),
  };
  const out = (target: Tensor, axis: Axis, k: number): Out => ({
    tensor: target,
    at: [axis],
    value: accRef(k, 0, 'i32'),
  });
  const loop: Loop = {
    name,
    axes: [row, other],
    reduceAxes: [position],
    reductions: bodiesOf(key, position, row, other),
    outs: [out(lists.first, row, 0), out(lists.count, row, 1), out(lists.next, other, 2)],
    origin,
  };
  return { loop, lists };
}

function bodiesOf(key: Expr, position: Axis, row: Axis, other: Axis): Loop['reductions'] {
  const own = simplify(key);
  const place = axisRef(position);
  const isOfRow = apply('eq', own, axisRef(row));
  const before = simplify(substituteAxes(own, new Map([[position, axisRef(other)]])));
  const isRow = apply('and', apply('le', int(0), before), apply('lt', before, int(row.extent)));
  const isLater = apply('lt', axisRef(other), place);
  const follows = apply('and', apply('and', isLater, isRow), apply('eq', own, before));
  return [
    { monoid: 'min', body: simplify(apply('select', isOfRow, place, int(NO_POSITION))) },
    { monoid: 'sum', body: simplify(apply('select', isOfRow, int(1), int(0))) },
    { monoid: 'min', body: simplify(apply('select', follows, place, int(NO_POSITION))) },
  ];
}

/** The lists that a loop makes, by its shape; null where it makes none. */
export const listingOf = memoized((loop: Loop): Listing | null => {
  const [row, other, ...moreAxes] = loop.axes;
  const [position, ...moreReduced] = loop.reduceAxes;
  const [first, count, next, ...moreOuts] = loop.outs;
  if (row === undefined || other === undefined || position === undefined) return null;
  if (first === undefined || count === undefined || next === undefined) return null;
  if (moreAxes.length + moreReduced.length + moreOuts.length > 0 || loop.reductions.length !== 3) return null;
  const isAt = (out: Out, axis: Axis, k: number): boolean =>
    out.at.length === 1 && out.at[0] === axis && out.value.kind === 'acc' && out.value.reduction === k;
  if (!isAt(first, row, 0) || !isAt(count, row, 1) || !isAt(next, other, 2)) return null;
  if (other.extent !== position.extent || other.live !== undefined) return null;
  const key = keyIn(loop.reductions[1]?.body, row);
  if (key === null) return null;
  const numbers = new ValueNumbers();
  const isSame = bodiesOf(key, position, row, other).every((own, k) => {
    const found = loop.reductions[k];
    return found?.monoid === own.monoid && numbers.same(found.body, own.body);
  });
  if (!isSame) return null;
  const lists = { first: first.tensor, count: count.tensor, next: next.tensor };
  return { ...lists, rows: row.extent, position, key };
});

/** What is compared with the row in `select(key == row, 1, 0)`. */
function keyIn(body: Expr | undefined, row: Axis): Expr | null {
  const [condition] = body?.kind === 'apply' && body.op === 'select' ? body.args : [];
  return condition === undefined ? null : keyOf(condition, row);
}

/** What a condition compares with an axis: something in which the axis does not occur. */
export function keyOf(condition: Expr, axis: Axis): Expr | null {
  if (condition.kind !== 'apply' || condition.op !== 'eq') return null;
  const isAxis = (e: Expr): boolean => e.kind === 'axis' && e.axis === axis;
  const [a, b] = condition.args;
  if (a === undefined || b === undefined || isAxis(a) === isAxis(b)) return null;
  const key = isAxis(a) ? b : a;
  return axesIn(key).has(axis) ? null : key;
}

/** `key == row`, with where the positions are for which it holds. */
export function listed(condition: Expr, row: Expr, position: Expr, lists: Lists): Expr {
  const { first, count, next } = lists;
  return apply('listed', condition, load(first, [row]), load(count, [row]), load(next, [position]));
}

/** A reduction whose terms lists name. */
export interface Walk {
  /** The loop without the guard that chose its terms. */
  readonly loop: Loop;
  /** Its only reduction axis: the position. */
  readonly position: Axis;
  /** The first position of an element's list. */
  readonly first: Expr;
  /** How many there are. */
  readonly count: Expr;
  /** From each to the next. */
  readonly next: Load;
  /** How many terms an element has if positions are spread evenly over the rows. */
  readonly terms: number;
}

/** How a loop's reductions walk lists; null where they take all their terms, or do not walk together. */
export const walkOf = memoized((loop: Loop): Walk | null => {
  const [position, ...others] = loop.reduceAxes;
  if (position === undefined || others.length > 0) return null;
  const numbers = new ValueNumbers();
  let found: readonly Expr[] | null = null;
  const reductions: { monoid: Loop['reductions'][number]['monoid']; body: Expr }[] = [];
  for (const reduction of loop.reductions) {
    const term = guardedTerm(reduction);
    const own = term?.guards.find((guard) => guard.kind === 'apply' && guard.op === 'listed');
    if (term === null || own?.kind !== 'apply') return null;
    const args = own.args;
    if (found !== null && !args.every((arg, k) => numbers.same(arg, found?.[k] ?? arg))) return null;
    found ??= args;
    const guards = term.guards.filter((guard) => guard !== own);
    reductions.push({
      ...reduction,
      body: withoutLists(guards.length === 0 ? term.value : guarded({ ...term, guards })),
    });
  }
  const [, first, count, next] = found ?? [];
  if (first === undefined || count === undefined || next?.kind !== 'load') return null;
  const [at] = next.at;
  if (at?.kind !== 'axis' || at.axis !== position || axesIn(first, count).has(position)) return null;
  const rows = domainSize(axesIn(first));
  return {
    loop: { ...loop, reductions },
    position,
    first,
    count,
    next,
    terms: position.extent / Math.max(1, rows),
  };
});

/** An expression whose conditions say no more where the positions are for which they hold. */
export function withoutLists(expr: Expr): Expr {
  return mapExpr(expr, (e) => (e.kind === 'apply' && e.op === 'listed' ? (e.args[0] ?? e) : e));
}

/** How many terms each element of a loop adds up: those of its lists, or all. */
export function termsOf(loop: Loop): number {
  return walkOf(loop)?.terms ?? domainSize(loop.reduceAxes);
}
