import {
  type Axis,
  apply,
  axisEnd,
  type Expr,
  float,
  int,
  type Loop,
  load,
  runsAlongReduction,
  type Tensor,
} from '../../loops/index.ts';
import { runsOf } from '../../loops/runs.ts';
import { guestSides } from '../../schedule/orient.ts';
import type { StagedTile } from '../../schedule/schedule.ts';
import { isAhead, stagingLayout, tileExtents } from '../../schedule/staging.ts';
import type { Stmt } from '../kernel.ts';
import { flattened, inRuns, liveInside } from './accumulate.ts';
import { all, type Body, type Phase } from './body.ts';
import { addGrid, addProducts, addTo, grid, type Point, product } from './tile.ts';

/** One side of a staged tile: its rows or its columns. */
export interface StagedSide {
  readonly factors: readonly Expr[];
  /** The side's own axes. */
  readonly axes: readonly Axis[];
  /** Rows or columns that there are. */
  readonly extent: number;
  /** The first one of the tile. */
  readonly from: Expr;
  /** What stands at a row or column. */
  readonly place: (index: Expr, into: Stmt[]) => Point;
}

/** Writes what becomes of the sums at an element. */
export type Finish = (
  at: ReadonlyMap<Axis, Expr>,
  phase: Phase,
  sums: readonly Expr[][],
  into: Stmt[],
) => void;

/** Writes what `finish` does of the element at a row and a column of the tile, where there is one. */
export type FinishAt = (row: Expr, column: Expr, into: Stmt[], finish: Finish) => void;

/**
 * A tile of a contraction by a whole workgroup: it stages its operands in workgroup memory, each invocation adds a
 * register tile, groups of invocations split the reduction; the sums meet in workgroup memory, whence elements are
 * finished in order. Holds barriers: all invocations must come here. What follows may write to the array only after one
 * more.
 *
 * @param fixed what all elements of the tile have in common
 * @param array workgroup memory that lasts for the layout of the tile
 * @param finish writes what becomes of the sums at an element
 * @returns writes the same for one element, as long as the array is not written to
 */
export function emitStaged(
  body: Body,
  loop: Loop,
  fixed: Required<Point>,
  [a, b]: readonly [StagedSide, StagedSide],
  tile: StagedTile,
  array: Tensor,
  into: Stmt[],
  finish: Finish,
): FinishAt {
  const { workgroup } = body.machine;
  const { threads, perThread, split, depth } = tile;
  const [tileM, tileN] = tileExtents(tile);
  const layout = stagingLayout(loop, tile);
  const tx = body.let('tx', apply('mod', body.lid, int(threads[1])), into);
  const ty = body.let('ty', apply('mod', apply('idiv', body.lid, int(threads[1])), int(threads[0])), into);
  const lane = body.let('part', apply('idiv', body.lid, int(threads[0] * threads[1])), into);
  const operands = [
    { side: a, count: tileM, offset: layout.a, depth },
    { side: b, count: tileN, offset: layout.b, depth },
  ] as const;
  const guests = guestSides(loop).map((side, g) => ({ side, offset: layout.guests[g] ?? 0 }));
  /** Products, and sums of sides. */
  const make = (to: Stmt[]): Expr[][] => [
    ...grid(perThread[0], perThread[1], () => body.variable('acc', float(0), to)),
    ...guests.map(({ side }) =>
      Array.from({ length: perThread[side === 'a' ? 0 : 1] }, () => body.variable('side_sum', float(0), to)),
    ),
  ];
  const chunks: Axis = { ...flattened(loop.reduceAxes.filter((axis) => axis.extent !== 1)), name: 'chunk' };
  const end = axisEnd(chunks);
  const ahead = isAhead(loop, tile, body.machine)
    ? operands.flatMap((operand) => loadAhead(body, operand, loop, fixed, end, into))
    : null;
  const addChunk = (sums: Expr[][], chunk: Expr, step: Stmt[]): void => {
    const [acc, guestAcc] = [sums.slice(0, perThread[0]), sums.slice(perThread[0])];
    if (ahead === null)
      for (const operand of operands) stage(body, operand, loop, fixed, chunk, end, array, step);
    for (const { slot, exists, value } of ahead ?? [])
      body.if(exists, step, (to) => to.push({ kind: 'store', tensor: array, at: [slot], value }));
    step.push({ kind: 'barrier' });
    const next = ahead === null ? chunk : body.let('next_chunk', apply('add', chunk, int(depth)), step);
    for (const { value, valueAt } of ahead ?? []) {
      const loaded = valueAt(next, step);
      if (value.kind === 'var') step.push({ kind: 'assign', name: value.name, value: loaded });
    }
    body.for('k', lane, int(depth), split, step, (k, inner) => {
      const take = (name: 'a' | 'b', own: Expr, count: number, stride: number): Expr[] => {
        const { offset, count: length } = operands[name === 'a' ? 0 : 1];
        const row = apply('add', int(offset), apply('mul', k, int(length + 1)));
        return Array.from({ length: count }, (_, i) => {
          const index = apply('add', row, apply('add', own, int(i * stride)));
          return body.let(name, load(array, [body.simplify(index)]), inner);
        });
      };
      const as = take('a', ty, perThread[0], threads[0]);
      const bs = take('b', tx, perThread[1], threads[1]);
      addProducts(acc, as, bs, inner);
      for (const [g, guest] of guests.entries()) {
        // Tiles at the start of the axes that the sum lacks own it.
        body.if(apply('eq', guest.side === 'a' ? b.from : a.from, int(0)), inner, (owned) => {
          const values = guest.side === 'a' ? as : bs;
          for (const [i, sum] of (guestAcc[g] ?? []).entries()) addTo(sum, values[i], owned);
        });
      }
    });
    step.push({ kind: 'barrier' });
  };
  const reached = inRuns(body, runsOf([chunks], new Map([[chunks, depth]]), depth / split), new Map(), into, {
    make,
    visit: (acc, at, step) => addChunk(acc, at.get(chunks) ?? int(0), step),
    join: addGrid,
  });
  const [acc, guestAcc] = [reached.slice(0, perThread[0]), reached.slice(perThread[0])];

  // The invocations of one share of the reduction add to the sums after those of the share before.
  const meet = (share: Expr, add: boolean, to: Stmt[]): void => {
    const put = (index: Expr, value: Expr, inner: Stmt[]): void => {
      const at = [body.let('slot', index, inner)];
      inner.push({
        kind: 'store',
        tensor: array,
        at,
        value: add ? apply('add', load(array, at), value) : value,
      });
    };
    body.if(apply('eq', lane, share), to, (inner) => {
      for (const [i, row] of acc.entries()) {
        for (const [j, value] of row.entries()) {
          const r = apply('add', ty, int(i * threads[0]));
          const index = apply('add', apply('mul', r, int(tileN)), apply('add', tx, int(j * threads[1])));
          put(apply('add', int(layout.sums), index), value, inner);
        }
      }
      for (const [g, { side, offset }] of guests.entries()) {
        const [own, other, stride] = side === 'a' ? [ty, tx, threads[0]] : [tx, ty, threads[1]];
        body.if(apply('eq', other, int(0)), inner, (owned) => {
          for (const [i, value] of (guestAcc[g] ?? []).entries())
            put(apply('add', own, int(offset + i * stride)), value, owned);
        });
      }
    });
    to.push({ kind: 'barrier' });
  };
  meet(int(0), false, into);
  body.for('share', int(1), int(split), 1, into, (share, inner) => meet(share, true, inner));

  const finishAt = (mTile: Expr, nTile: Expr, sumAt: Expr, element: Stmt[], make: Finish): void => {
    const mAt = body.let('m', apply('add', a.from, mTile), element);
    const nAt = body.let('n', apply('add', b.from, nTile), element);
    const exists = all([apply('lt', mAt, int(a.extent)), apply('lt', nAt, int(b.extent))]);
    body.if(exists, element, (to) => {
      const [row, column] = [a.place(mAt, to), b.place(nAt, to)];
      body.if(all([fixed, row, column].flatMap(({ inside = [] }) => inside)), to, (inside) => {
        const sum = load(array, [body.simplify(apply('add', sumAt, int(layout.sums)))]);
        const sums = [
          [body.let('sum', sum, inside)],
          ...guests.map(({ side, offset }) => {
            const index = apply('add', side === 'a' ? mTile : nTile, int(offset));
            return [load(array, [body.simplify(index)])];
          }),
        ];
        const at = new Map([...fixed.at, ...row.at, ...column.at]);
        make(at, row.phase ?? column.phase ?? fixed.phase, sums, inside);
      });
    });
  };
  body.for('e', body.lid, int(tileM * tileN), workgroup, into, (e, element) => {
    const mTile = body.let('row', apply('idiv', e, int(tileN)), element);
    const nTile = body.let('column', apply('mod', e, int(tileN)), element);
    finishAt(mTile, nTile, e, element, finish);
  });
  return (row, column, to, make) =>
    finishAt(row, column, apply('add', apply('mul', row, int(tileN)), column), to, make);
}

/** A side while it is staged. */
interface StagedOperand {
  readonly side: StagedSide;
  /** Rows or columns of the tile. */
  readonly count: number;
  /** Where it begins in the array: `[depth][count + 1]`. */
  readonly offset: number;
  readonly depth: number;
}

/** Loads one chunk of a side into workgroup memory. */
function stage(
  body: Body,
  operand: StagedOperand,
  loop: Loop,
  fixed: Required<Point>,
  chunk: Expr,
  end: Expr,
  array: Tensor,
  into: Stmt[],
): void {
  body.for('s', body.lid, int(operand.depth * operand.count), body.machine.workgroup, into, (s, inner) => {
    const element = elementOf(body, operand, loop, fixed, s, end, inner);
    const value = element.valueAt(chunk, inner);
    inner.push({ kind: 'store', tensor: array, at: [element.slot], value });
  });
}

/** An operand that an invocation loads for each chunk. */
interface StagedElement {
  /** Where it is staged. */
  readonly slot: Expr;
  /** Its value in a chunk: zero beyond the edge and beyond the live elements. */
  readonly valueAt: (chunk: Expr, into: Stmt[]) => Expr;
}

/** An operand that is loaded one chunk ahead, into a variable. */
interface AheadElement extends StagedElement {
  /** Whether the invocation has one. */
  readonly exists: Expr;
  /** The variable in which it waits. */
  readonly value: Expr;
}

/** The first chunk's operands in variables. */
function loadAhead(
  body: Body,
  operand: StagedOperand,
  loop: Loop,
  fixed: Required<Point>,
  end: Expr,
  into: Stmt[],
): AheadElement[] {
  const total = operand.depth * operand.count;
  const { workgroup } = body.machine;
  return Array.from({ length: Math.ceil(total / workgroup) }, (_, u) => {
    const s = body.let('s', apply('add', body.lid, int(u * workgroup)), into);
    const exists = body.simplify(apply('lt', s, int(total)));
    const element = elementOf(body, operand, loop, fixed, s, end, into);
    // Beyond the last element nothing is stored; what is loaded must be there all the same.
    const valueAt = (chunk: Expr, to: Stmt[]): Expr =>
      body.simplify(apply('select', exists, element.valueAt(chunk, to), float(0)));
    const value = body.variable('next', valueAt(int(0), into), into);
    return { ...element, exists, value, valueAt };
  });
}

/** Element `s` of a chunk of a side: neighbouring invocations load neighbouring elements, along whichever axis the operand is contiguous. */
function elementOf(
  body: Body,
  { side, count, offset, depth }: StagedOperand,
  loop: Loop,
  fixed: Required<Point>,
  s: Expr,
  end: Expr,
  into: Stmt[],
): StagedElement {
  const reduce = loop.reduceAxes.filter((axis) => axis.extent !== 1);
  const isAlongReduction = runsAlongReduction(side.factors, side.axes, reduce);
  const width = int(isAlongReduction ? depth : count);
  const [major, minor] = [apply('idiv', s, width), apply('mod', s, width)];
  const k = body.let('k', isAlongReduction ? minor : major, into);
  const own = body.let('own', isAlongReduction ? major : minor, into);
  const at = body.let('at', apply('add', side.from, own), into);
  const place = side.place(at, into);
  const live = liveInside(reduce);
  const slot = apply('add', int(offset), apply('add', apply('mul', k, int(count + 1)), own));
  return {
    slot: body.simplify(slot),
    valueAt: (chunk, to) => {
      const kAt = body.let('kAt', apply('add', chunk, k), to);
      const axes = new Map([...fixed.at, ...body.unflatten(kAt, reduce, to), ...place.at]);
      for (const axis of loop.reduceAxes) if (axis.extent === 1) axes.set(axis, int(0));
      const inside = all([
        apply('lt', at, int(side.extent)),
        apply('lt', kAt, end),
        ...live.map((axis) => apply('lt', axes.get(axis) ?? int(0), axisEnd(axis))),
      ]);
      const term = body.instantiate(product(side.factors), axes, place.phase ?? fixed.phase);
      return body.simplify(apply('select', inside, term, float(0)));
    },
  };
}
