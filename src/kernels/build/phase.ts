import { type Axis, apply, domainSize, type Expr, int, type Loop, type Tensor } from '../../loops/index.ts';
import { orientedContraction } from '../../schedule/orient.ts';
import type { PhaseSchedule, StagedPhase } from '../../schedule/schedule.ts';
import { tileExtents } from '../../schedule/staging.ts';
import { type TileSpace, tileSpace } from '../../schedule/tileSpace.ts';
import type { Stmt } from '../kernel.ts';
import { reduceAlone, reduceTogether, scratchFor } from './accumulate.ts';
import { all, type Body, noRows } from './body.ts';
import { emitStaged } from './staged.ts';
import { emitTile, type Point } from './tile.ts';

/** The rows that a phase of a row program computes, and how invocations share their elements. */
export interface Block {
  /** The loop's axes that are rows. */
  readonly own: readonly Axis[];
  readonly rows: number;
  /** Where a row of the block stands. */
  readonly place: (rowInBlock: Expr, into: Stmt[]) => Required<Point>;
  /** The first element, or tile of elements, of an invocation, and how far apart its elements are. */
  readonly first: Expr;
  readonly step: number;
}

/** One row, all of whose elements one invocation computes one after the other. */
export function rowAlone(own: readonly Axis[], at: ReadonlyMap<Axis, Expr>): Block {
  const place = { at, phase: noRows, inside: all([]) };
  return { own, rows: 1, place: () => place, first: int(0), step: 1 };
}

/** The workgroup's block of rows out of `rows`, shared by its invocations. */
export function rowsTogether(body: Body, own: readonly Axis[], rows: number, block: number): Block {
  const place = (rowInBlock: Expr, into: Stmt[]): Required<Point> => {
    // Without row axes every workgroup that comes here computes the one row there is.
    const block0 = own.length === 0 ? int(0) : apply('mul', body.wg, int(block));
    const row = body.let('row', apply('add', block0, rowInBlock), into);
    // Rows that the last block lacks are the last one again, and not stored.
    const there =
      rows % block === 0 ? rowInBlock : apply('min', rowInBlock, apply('sub', int(rows - 1), block0));
    return {
      at: body.unflatten(body.let('row', apply('min', row, int(rows - 1)), into), own, into),
      phase: { rowInBlock: body.let('block_row', there, into) },
      inside: apply('lt', row, int(rows)),
    };
  };
  return { own, rows: block, place, first: body.lid, step: body.machine.workgroup };
}

/**
 * All elements of one loop in a block of rows.
 *
 * @param staged workgroup memory for the tiles of a schedule that stages its operands
 */
export function emitPhase(
  body: Body,
  loop: Loop,
  block: Block,
  schedule: PhaseSchedule,
  staged: Tensor | null,
  into: Stmt[],
): void {
  switch (schedule.kind) {
    case 'elements':
      if (schedule.split > 1) emitShared(body, loop, block, schedule.split, into);
      else emitElements(body, loop, block, into);
      return;
    case 'tiles':
      emitTiles(body, loop, block, schedule.perThread, into);
      return;
    case 'staged':
      if (staged === null) throw new RangeError(`${loop.name} has no memory to stage its operands in`);
      emitStagedTiles(body, loop, block, schedule, staged, into);
      return;
    default:
      schedule satisfies never;
  }
}

/** Each element is computed by one invocation. */
function emitElements(body: Body, loop: Loop, block: Block, into: Stmt[]): void {
  body.for('e', block.first, int(elementsOf(loop, block)), block.step, into, (e, to) => {
    const { at, phase, inside } = elementAt(body, loop, block, e, to);
    body.if(inside, to, (store) =>
      body.writeOuts(loop, at, phase, reduceAlone(body, loop, at, phase, store), store),
    );
  });
}

/** Each element's reduction is shared by `split` neighbouring invocations. */
function emitShared(body: Body, loop: Loop, block: Block, split: number, into: Stmt[]): void {
  const elements = elementsOf(loop, block);
  const perTurn = block.step / split;
  const lane = body.let('lane', apply('mod', body.lid, int(split)), into);
  const first = body.let('slot', apply('idiv', body.lid, int(split)), into);
  const arrays = scratchFor(body, loop.reductions);
  // Every invocation takes every turn, since the combination holds barriers.
  body.for('from', int(0), int(elements), perTurn, into, (from, to) => {
    const e = body.let('e', apply('add', from, first), to);
    const bounded = body.let('e', apply('min', e, int(elements - 1)), to);
    const { at, phase, inside } = elementAt(body, loop, block, bounded, to);
    const acc = reduceTogether(body, loop.reductions, loop.reduceAxes, at, phase, lane, split, arrays, to);
    body.if(all([apply('eq', lane, int(0)), apply('lt', e, int(elements)), inside]), to, (store) =>
      body.writeOuts(loop, at, phase, acc, store),
    );
    if (elements > perTurn) to.push({ kind: 'barrier' });
  });
}

function elementsOf(loop: Loop, { own, rows }: Block): number {
  return rows * domainSize(without(loop.axes, own));
}

/** Where element `e` of the block stands, row by row. */
function elementAt(body: Body, loop: Loop, block: Block, e: Expr, into: Stmt[]): Required<Point> {
  const inner = without(loop.axes, block.own);
  const columns = domainSize(inner);
  const rowInBlock = body.let('block_row', apply('idiv', e, int(columns)), into);
  const { at, ...rest } = block.place(rowInBlock, into);
  const column = body.let('column', apply('mod', e, int(columns)), into);
  return { at: new Map([...at, ...body.unflatten(column, inner, into)]), ...rest };
}

/** A contraction of a block of rows, ready to be cut into tiles. */
interface Tiled extends TileSpace {
  readonly sides: readonly [TiledSide, TiledSide];
  /** What all elements of a slice have in common. */
  readonly fixed: (slice: Expr, into: Stmt[]) => Required<Point>;
}

interface TiledSide {
  readonly factors: readonly Expr[];
  readonly axes: readonly Axis[];
  readonly extent: number;
  readonly place: (index: Expr, into: Stmt[]) => Point;
}

/** The tiles' sides: where the block's rows are part of one, an index of it stands for a row and a place in that row. */
function tiled(body: Body, loop: Loop, block: Block): Tiled {
  const c = orientedContraction(loop);
  if (c === null) throw new RangeError(`${loop.name} is not a contraction`);
  const space = tileSpace(c, block.own, block.rows);
  const { ofRows } = space;
  const batch = without(c.batch, block.own);
  const side = (name: 'm' | 'n', factors: readonly Expr[]): TiledSide => {
    const inner = without(c[name], block.own);
    return {
      factors,
      axes: c[name],
      extent: space[name],
      place: (index, into) => {
        if (name !== ofRows) return { at: body.unflatten(index, inner, into) };
        const rowInBlock = body.let('block_row', apply('idiv', index, int(domainSize(inner))), into);
        const place = block.place(rowInBlock, into);
        const column = body.let('column', apply('mod', index, int(domainSize(inner))), into);
        return { ...place, at: new Map([...place.at, ...body.unflatten(column, inner, into)]) };
      },
    };
  };
  const rowOf = (rowInBlock: Expr, into: Stmt[]): Required<Point> => {
    if (ofRows === null) return block.place(rowInBlock, into);
    // All rows of the block are of one batch.
    const shared = block.own.filter((axis) => c.batch.includes(axis));
    const first = shared.length === 0 ? new Map<Axis, Expr>() : block.place(int(0), into).at;
    return {
      at: new Map([...first].filter(([axis]) => shared.includes(axis))),
      phase: noRows,
      inside: all([]),
    };
  };
  return {
    ...space,
    sides: [side('m', c.a), side('n', c.b)],
    fixed: (slice, into) => {
      const batches = domainSize(batch);
      const rowInBlock = body.let('block_row', apply('idiv', slice, int(batches)), into);
      const row = rowOf(rowInBlock, into);
      const inBatch = body.unflatten(body.let('batch', apply('mod', slice, int(batches)), into), batch, into);
      return { ...row, at: new Map([...row.at, ...inBatch]) };
    },
  };
}

/**
 * A contraction in register tiles. Where the block has several rows, and they are on one side of the products, a tile
 * may hold elements of several.
 */
function emitTiles(
  body: Body,
  loop: Loop,
  block: Block,
  [p, q]: readonly [number, number],
  into: Stmt[],
): void {
  const { m, n, slices, sides, fixed } = tiled(body, loop, block);
  const [down, across] = [Math.ceil(m / p), Math.ceil(n / q)];
  body.for('tile', block.first, int(slices * down * across), block.step, into, (tile, to) => {
    const slice = body.let('slice', apply('idiv', tile, int(down * across)), to);
    const common = fixed(slice, to);
    const top = body.let(
      'top',
      apply('mul', apply('mod', apply('idiv', tile, int(across)), int(down)), int(p)),
      to,
    );
    // Neighbouring invocations have neighbouring columns; one that computes alone has them all itself.
    const isAlone = block.step === 1;
    const left = body.let('left', apply('mul', apply('mod', tile, int(across)), int(isAlone ? q : 1)), to);
    emitTile(
      body,
      loop,
      common,
      [
        { ...sides[0], count: p, from: top, stride: 1 },
        { ...sides[1], count: q, from: left, stride: isAlone ? 1 : across },
      ],
      to,
      (at, phase, sum, inside) => body.writeOuts(loop, at, phase, [[sum]], inside),
    );
  });
}

/** A contraction in tiles that the workgroup computes together, one after the other. */
function emitStagedTiles(
  body: Body,
  loop: Loop,
  block: Block,
  schedule: StagedPhase,
  staged: Tensor,
  into: Stmt[],
): void {
  const { m, n, slices, sides, fixed } = tiled(body, loop, block);
  const [rows, columns] = tileExtents(schedule);
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / columns)];
  const tiles = slices * down * across;
  body.for('tile', int(0), int(tiles), 1, into, (tile, to) => {
    const common = fixed(body.let('slice', apply('idiv', tile, int(down * across)), to), to);
    const top = body.let(
      'top',
      apply('mul', apply('mod', apply('idiv', tile, int(across)), int(down)), int(rows)),
      to,
    );
    const left = body.let('left', apply('mul', apply('mod', tile, int(across)), int(columns)), to);
    emitStaged(
      body,
      loop,
      common,
      [
        { ...sides[0], from: top },
        { ...sides[1], from: left },
      ],
      schedule,
      staged,
      to,
      (at, phase, sums, inside) => body.writeOuts(loop, at, phase, sums, inside),
    );
    if (tiles > 1) to.push({ kind: 'barrier' });
  });
}

function without(axes: readonly Axis[], own: readonly Axis[]): Axis[] {
  return axes.filter((axis) => !own.includes(axis));
}
