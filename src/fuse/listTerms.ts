import { guarded, guardedTerm } from '../loops/guard.ts';
import {
  type Axis,
  apply,
  axesIn,
  axisEnd,
  axisRef,
  constant,
  domainSize,
  type Expr,
  int,
  isOldValue,
  keyOf,
  type Lists,
  type Loop,
  listed,
  listingLoop,
  load,
  loadsIn,
  mapExpr,
  mapLoop,
  type Out,
  type Reduction,
  substituteAxes,
  ValueNumbers,
} from '../loops/index.ts';
import { simplify } from '../loops/simplify.ts';
import type { Machine } from '../machine/index.ts';
import { singleton } from '../schedule/group.ts';
import type { Decisions } from './decisions.ts';
import { MODEL_ERROR, microsText, timeOfGroups } from './price.ts';

/**
 * Reductions whose guard `key(position) == row` leaves each row the terms of some positions (the gradient of rows that are
 * looked up, sums by segment) look at all positions for each row. Where that takes less time, a loop before them makes the
 * lists of each row's positions, once for all reductions with the same key, and they walk those: what they cost follows
 * the positions, and not their product with the rows.
 *
 * Terms of a row are added in the order of their positions either way.
 */
export function listTerms(loops: readonly Loop[], machine: Machine, decisions: Decisions): Loop[] {
  const taken: Walking[] = [];
  const close: Walking[] = [];
  const names = new Set(loops.map(({ name }) => name));
  for (const family of familiesOf(loops)) {
    const made = walkingFor(family, names);
    const owners = family.map(({ loop }) => loop);
    const [apart, together] = [timeOf(owners, machine), timeOf([made.listing, ...made.by.values()], machine)];
    const most = apart - MODEL_ERROR * (apart - machine.dispatch);
    if (together < most) taken.push(made);
    else if (together - machine.dispatch < most) {
      close.push(made);
      continue;
    }
    decide(made, together < most, apart, together, decisions);
  }
  const current = withWalking(loops, taken);
  if (close.length === 0) return current;
  // They gain by lists that are made beside something else: that is asked of the whole step, for all of them at once.
  const all = withWalking(loops, [...taken, ...close]);
  const [apart, together] = [timeOf(current, machine), timeOf(all, machine)];
  for (const made of close) decide(made, together < apart, apart, together, decisions);
  return together < apart ? all : current;
}

/** A loop that makes lists, and the loops that walk them by those in whose place they come. */
interface Walking {
  readonly listing: Loop;
  readonly by: ReadonlyMap<Loop, Loop>;
}

/** @param names taken ones, of which it gets one that is not */
function walkingFor(family: readonly [Keyed, ...Keyed[]], names: Set<string>): Walking {
  const [first] = family;
  const wish = `${first.loop.name}_list`;
  let name = wish;
  for (let n = 2; names.has(name); n++) name = `${wish}_${n}`;
  names.add(name);
  const origin = [...new Set(family.flatMap(({ loop }) => loop.origin))];
  const { key, position, row } = first;
  const { loop: listing, lists } = listingLoop(name, { key, position, rows: row.extent }, origin);
  return { listing, by: new Map(family.map((keyed) => [keyed.loop, walking(keyed, lists)] as const)) };
}

/** The loops with some walking lists, each of which is made before the first that walks it. */
function withWalking(loops: readonly Loop[], some: readonly Walking[]): Loop[] {
  const of = new Map(some.flatMap((made) => [...made.by.keys()].map((loop) => [loop, made] as const)));
  const made = new Set<Walking>();
  return loops.flatMap((loop) => {
    const own = of.get(loop);
    if (own === undefined) return [loop];
    const walks = own.by.get(loop) ?? loop;
    if (made.has(own)) return [walks];
    made.add(own);
    return [own.listing, walks];
  });
}

function decide(
  { listing, by }: Walking,
  isTaken: boolean,
  apart: number,
  together: number,
  decisions: Decisions,
): void {
  const text = `with lists of positions it takes ${microsText(together)}, and ${microsText(apart)} without`;
  for (const loop of by.keys()) {
    if (isTaken) decisions.take('list', listing, loop, text);
    else decisions.refuse('list', listing, loop, text);
  }
}

function timeOf(loops: readonly Loop[], machine: Machine): number {
  return timeOfGroups(loops.map(singleton), machine);
}

/** A loop all of whose reductions have the guard `key == row`. */
interface Keyed {
  /** As it stands among the loops. */
  readonly loop: Loop;
  /** The same over one axis of positions. */
  readonly flat: Loop;
  readonly row: Axis;
  readonly position: Axis;
  readonly key: Expr;
}

/** Loops by their keys: those whose lists are the same, in the order of the loops. */
function familiesOf(loops: readonly Loop[]): (readonly [Keyed, ...Keyed[]])[] {
  const numbers = new ValueNumbers();
  const canonical = new Map<string, Axis>();
  const families = new Map<string, [Keyed, ...Keyed[]]>();
  for (const loop of loops) {
    const keyed = keyedOf(loop);
    if (keyed === null) continue;
    const { position, row, key } = keyed;
    const extent = `${position.extent} ${position.live?.size.name ?? ''} ${position.live?.factor ?? ''}`;
    const axis = canonical.get(extent) ?? position;
    canonical.set(extent, axis);
    const own = simplify(substituteAxes(key, new Map([[position, axisRef(axis)]])));
    const family = `${numbers.of(own)} ${row.extent} ${extent}`;
    const known = families.get(family);
    if (known === undefined) families.set(family, [keyed]);
    else known.push(keyed);
  }
  return [...families.values()];
}

/** The axis of rows whose terms lists could name: which row a term is of, data say. Undefined where there is none. */
export function rowsByData(loop: Loop): Axis | undefined {
  return keyedOf(loop)?.row;
}

/** How a loop's reductions are keyed; null where they are not, or not all alike. */
function keyedOf(loop: Loop): Keyed | null {
  const wide = loop.reduceAxes.filter((axis) => axis.extent !== 1);
  const [first] = loop.reductions;
  const term = first === undefined ? null : guardedTerm(first);
  if (term === null || wide.length === 0) return null;
  for (const guard of term.guards)
    for (const row of loop.axes) {
      const key = row.extent < 2 ? null : keyOf(guard, row);
      if (key === null || !isKey(key, loop)) continue;
      const numbers = new ValueNumbers();
      const isOfAll = loop.reductions.every(
        (r) => guardedTerm(r)?.guards.some((g) => numbers.same(g, guard)) === true,
      );
      if (isOfAll) return flattened(loop, wide, row, key);
    }
  return null;
}

/** Whether a key is that of a position, by data: it depends on the reduction alone, on all of its axes. */
function isKey(key: Expr, { reduceAxes }: Loop): boolean {
  const axes = axesIn(key);
  const isWhole = reduceAxes.every((axis) => axis.extent === 1 || axes.has(axis));
  return isWhole && [...axes].every((axis) => reduceAxes.includes(axis)) && loadsIn(key).length > 0;
}

/** The loop with one axis of positions in the place of several, row-major. */
function flattened(loop: Loop, wide: readonly Axis[], row: Axis, key: Expr): Keyed {
  const [first, ...rest] = wide;
  if (first !== undefined && rest.length === 0 && loop.reduceAxes.length === 1)
    return { loop, flat: loop, row, position: first, key };
  const factor = domainSize(rest);
  const live =
    first?.live === undefined ? {} : { live: { ...first.live, factor: first.live.factor * factor } };
  const position: Axis = { name: 'place', extent: domainSize(wide), ...live };
  const values = new Map<Axis, Expr>();
  let stride = 1;
  for (const axis of [...wide].reverse()) {
    const quotient = stride === 1 ? axisRef(position) : apply('idiv', axisRef(position), int(stride));
    values.set(axis, axis === first ? quotient : apply('mod', quotient, int(axis.extent)));
    stride *= axis.extent;
  }
  for (const axis of loop.reduceAxes) if (axis.extent === 1) values.set(axis, int(0));
  const over = (expr: Expr): Expr => simplify(substituteAxes(expr, values));
  // Of the first axis the live positions come first; of others they lie apart, and those beyond have no row.
  const alive = rest
    .filter((axis) => axis.live !== undefined)
    .map((axis) => apply('lt', axisRef(axis), axisEnd(axis)));
  const own =
    alive.length === 0
      ? key
      : apply(
          'select',
          alive.reduce((a, b) => apply('and', a, b)),
          key,
          int(-1),
        );
  const guard = (r: Reduction): Reduction => {
    const term = guardedTerm(r);
    if (term === null || alive.length === 0) return r;
    const guards = term.guards.map((g) => (keyOf(g, row) === null ? g : apply('eq', own, axisRef(row))));
    return { ...r, body: guarded({ ...term, guards }) };
  };
  const flat = mapLoop({ ...loop, reduceAxes: [position], reductions: loop.reductions.map(guard) }, over);
  return { loop, flat, row, position, key: over(own) };
}

/** The loop with its guard naming the lists. */
function walking({ flat, row, position, key }: Keyed, lists: Lists): Loop {
  const numbers = new ValueNumbers();
  const reductions = flat.reductions.map((r): Reduction => {
    const term = guardedTerm(r);
    if (term === null) return r;
    const guards = term.guards.map((guard) => {
      const found = keyOf(guard, row);
      if (found === null || !numbers.same(found, key)) return guard;
      return listed(guard, axisRef(row), axisRef(position), lists);
    });
    return { ...r, body: guarded({ ...term, guards }) };
  });
  return counted(flat, row, key, lists) ?? keepingOld({ ...flat, reductions }, row, lists);
}

/** A loop that only counts the positions of each row, which lists have counted; null of any other loop. */
function counted(flat: Loop, row: Axis, key: Expr, { count }: Lists): Loop | null {
  const numbers = new ValueNumbers();
  const isCount = (r: Reduction): boolean => {
    const term = guardedTerm(r);
    const [guard, ...more] = term?.guards ?? [];
    const found = guard === undefined ? null : keyOf(guard, row);
    const isOne = term?.value.kind === 'const' && term.value.value === 1 && term.value.dtype === 'i32';
    return r.monoid === 'sum' && isOne && more.length === 0 && found !== null && numbers.same(found, key);
  };
  if (!flat.reductions.every(isCount)) return null;
  const value = (expr: Expr): Expr =>
    mapExpr(expr, (e) => (e.kind === 'acc' ? load(count, [axisRef(row)]) : e));
  const outs = flat.outs.map((out) => ({ ...out, value: simplify(value(out.value)) }));
  return { ...flat, reduceAxes: [], reductions: [], outs };
}

/**
 * The loop with its states left alone where a row has no position, if that is what they would be: an output
 * `old - x` or `old + x` whose `x` is zero where nothing was summed, which is asked at run time where `x` has a factor
 * that may be infinite. (A negative zero keeps its sign, whatever that of `x`.)
 */
function keepingOld(loop: Loop, row: Axis, { count }: Lists): Loop {
  if (loop.reductions.some(({ monoid }) => monoid !== 'sum')) return loop;
  const hasTerms = apply('lt', int(0), load(count, [axisRef(row)]));
  const outs: Out[] = [];
  for (const out of loop.outs) {
    const step = stepOf(out);
    if (step === null || !out.at.includes(row)) return loop;
    const [old, x] = step;
    const none = simplify(mapExpr(x, (e) => (e.kind === 'acc' ? constant(0, e.dtype) : e)));
    if (axesIn(none).size > 0) return loop;
    const isNone = none.kind === 'const' && none.value === 0;
    const condition = isNone ? hasTerms : apply('or', hasTerms, apply('ne', none, constant(0, none.dtype)));
    outs.push({ ...out, value: apply('select', condition, out.value, old) });
  }
  return { ...loop, outs };
}

/** What an output is written over, and what is added to it or taken from it; null of any other output. */
function stepOf(out: Out): readonly [old: Expr, x: Expr] | null {
  const { value } = out;
  if (value.kind !== 'apply' || (value.op !== 'sub' && value.op !== 'add')) return null;
  const [a, b] = value.args;
  if (a === undefined || b === undefined) return null;
  if (isOldValue(a, out)) return [a, b];
  return value.op === 'add' && isOldValue(b, out) ? [b, a] : null;
}
