import {
  apply,
  axisEnd,
  type Expr,
  int,
  type Listing,
  type Loop,
  listingOf,
  load,
  NO_POSITION,
} from '../../loops/index.ts';
import type { Stmt } from '../kernel.ts';
import { all, type Body, noRows } from './body.ts';

/**
 * The lists of a key, by one workgroup: it empties the lists of all rows, then takes the live positions in chunks, the last
 * chunk first, so that each list is made from its end. An invocation has a position of the chunk. It finds the next one of its
 * row among those of its chunk, or else at the head of the row's list; who is the first of its row in the chunk is the new
 * head. No two write one element between barriers, and nothing depends on who comes first.
 *
 * Where invocations compute alone, one takes the positions one by one.
 */
export function emitList(body: Body, loop: Loop): Stmt[] {
  const listing = listingOf(loop);
  if (listing === null) throw new RangeError(`${loop.name} makes no lists`);
  const into: Stmt[] = [];
  if (body.machine.features.has('barriers')) listTogether(body, listing, into);
  else body.if(apply('eq', body.lid, int(0)), into, (alone) => listAlone(body, listing, alone));
  return into;
}

function emptyLists(
  body: Body,
  { first, count, rows }: Listing,
  from: Expr,
  step: number,
  into: Stmt[],
): void {
  body.for('row', from, int(rows), step, into, (row, inner) => {
    body.store(first, [row], int(NO_POSITION), noRows, inner);
    body.store(count, [row], int(0), noRows, inner);
  });
}

/** The row of a position, and whether it is one. */
function rowAt(body: Body, { key, position, rows }: Listing, place: Expr, into: Stmt[]): [Expr, Expr] {
  const row = body.let('key', body.instantiate(key, new Map([[position, place]]), noRows), into);
  return [row, apply('and', apply('le', int(0), row), apply('lt', row, int(rows)))];
}

function listAlone(body: Body, listing: Listing, into: Stmt[]): void {
  const { first, count, next, position } = listing;
  emptyLists(body, listing, int(0), 1, into);
  const end = axisEnd(position);
  body.for('n', int(0), end, 1, into, (n, inner) => {
    const place = body.let('place', apply('sub', apply('sub', end, int(1)), n), inner);
    const [row, isRow] = rowAt(body, listing, place, inner);
    const inside: Stmt[] = [];
    body.store(next, [place], load(first, [row]), noRows, inside);
    body.store(first, [row], place, noRows, inside);
    body.store(count, [row], apply('add', load(count, [row]), int(1)), noRows, inside);
    const outside: Stmt[] = [];
    body.store(next, [place], int(NO_POSITION), noRows, outside);
    inner.push({ kind: 'if', condition: body.simplify(isRow), body: inside, otherwise: outside });
  });
}

function listTogether(body: Body, listing: Listing, into: Stmt[]): void {
  const { first, count, next, position, rows } = listing;
  const { workgroup } = body.machine;
  const { lid } = body;
  const keys = body.scratch('i32', 0);
  emptyLists(body, listing, lid, workgroup, into);
  into.push({ kind: 'barrier' });
  // The chunks that hold a live position: how many depends on the step alone, so that all invocations leave the loop together.
  const live = apply('add', axisEnd(position), int(workgroup - 1));
  const chunks = body.let('chunks', apply('idiv', live, int(workgroup)), into);
  body.for('chunk', int(0), chunks, 1, into, (chunk, inner) => {
    const last = apply('sub', apply('sub', chunks, int(1)), chunk);
    const start = body.let('start', apply('mul', last, int(workgroup)), inner);
    const place = body.let('place', apply('add', start, lid), inner);
    // A place beyond the last one has no row.
    const isThere = apply('lt', place, axisEnd(position));
    const own = body.instantiate(listing.key, new Map([[position, place]]), noRows);
    const row = body.let('key', apply('select', isThere, own, int(-1)), inner);
    const isRow = apply('and', apply('le', int(0), row), apply('lt', row, int(rows)));
    inner.push({ kind: 'store', tensor: keys, at: [lid], value: row }, { kind: 'barrier' });
    const following = body.variable('following', int(NO_POSITION), inner);
    const before = body.variable('before', int(0), inner);
    const same = body.variable('same', int(0), inner);
    body.for('other', int(0), int(workgroup), 1, inner, (other, each) => {
      body.if(apply('eq', load(keys, [other]), row), each, (equal) => {
        assign(same, apply('add', same, int(1)), equal);
        body.if(apply('lt', other, lid), equal, (to) => assign(before, apply('add', before, int(1)), to));
        const nearer = apply(
          'and',
          apply('lt', lid, other),
          apply('lt', apply('add', start, other), following),
        );
        body.if(nearer, equal, (to) => assign(following, apply('add', start, other), to));
      });
    });
    body.if(apply('lt', place, int(position.extent)), inner, (to) =>
      body.store(next, [place], apply('select', isRow, following, int(NO_POSITION)), noRows, to),
    );
    const isLast = apply('eq', following, int(NO_POSITION));
    body.if(all([isRow, isLast, apply('lt', place, int(position.extent))]), inner, (to) =>
      body.store(next, [place], load(first, [row]), noRows, to),
    );
    inner.push({ kind: 'barrier' });
    body.if(all([isRow, apply('eq', before, int(0))]), inner, (to) => {
      body.store(first, [row], place, noRows, to);
      body.store(count, [row], apply('add', load(count, [row]), same), noRows, to);
    });
    inner.push({ kind: 'barrier' });
  });
}

function assign(variable: Expr, value: Expr, into: Stmt[]): void {
  if (variable.kind === 'var') into.push({ kind: 'assign', name: variable.name, value });
}
