import { type Axis, apply, axisEnd, type Expr, int, load } from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import { sharing } from '../../schedule/partials.ts';
import type { StagedTile } from '../../schedule/schedule.ts';
import { tileExtents } from '../../schedule/staging.ts';
import type { Stmt } from '../kernel.ts';
import { accumulate, assignCombined, combineInto, combineLanes, scratchFor } from './accumulate.ts';
import { all, type Body, noRows } from './body.ts';
import type { FinishAt } from './staged.ts';

/**
 * Partial reductions of all that a kernel makes: each invocation adds up its own elements; then those of a
 * workgroup are added by a tree, or, where invocations compute alone, each writes its own.
 */
export class PartialSums {
  readonly #body: Body;
  readonly #partials: readonly Partial[];
  readonly #acc: Expr[][];

  constructor(body: Body, partials: readonly Partial[], into: Stmt[]) {
    this.#body = body;
    this.#partials = partials;
    this.#acc = accumulate(body, partials, into);
  }

  /**
   * Adds the element at these axes, made of these accumulators, if it is a live one; call it before the
   * element is stored.
   */
  add(axes: ReadonlyMap<Axis, Expr>, acc: readonly (readonly Expr[])[], into: Stmt[]): void {
    if (this.#partials.length === 0) return;
    ifLive(this.#body, axes, into, (inner) => {
      for (const [k, partial] of this.#partials.entries()) {
        const value = this.#body.instantiate(partial.body, axes, noRows, acc);
        combineInto(this.#body, partial, this.#acc[k] ?? [], value, int(0), inner);
      }
    });
  }

  /**
   * Writes the partial results; holds barriers where a workgroup works together.
   *
   * @param place where the workgroup's value of a partial result lies
   */
  finish(into: Stmt[], place: (partial: Partial) => readonly Expr[] = () => [this.#body.wg]): void {
    const body = this.#body;
    if (this.#partials.length === 0) return;
    const { workgroup } = body.machine;
    if (body.machine.features.has('barriers')) {
      const sums = combineLanes(
        body,
        this.#partials,
        this.#acc,
        body.lid,
        workgroup,
        scratchFor(body, this.#partials),
        into,
      );
      body.if(apply('eq', body.lid, int(0)), into, (inner) => {
        for (const [k, partial] of this.#partials.entries())
          storeParts(body, partial, place(partial), sums[k] ?? [], inner);
      });
    } else {
      const own = apply('add', apply('mul', body.wg, int(workgroup)), body.lid);
      for (const [k, partial] of this.#partials.entries())
        storeParts(body, partial, [own], this.#acc[k] ?? [], into);
    }
  }
}

/** Around what counts elements: what lies beyond the live ones is storage without meaning. */
function ifLive(
  body: Body,
  axes: ReadonlyMap<Axis, Expr>,
  into: Stmt[],
  write: (inner: Stmt[]) => void,
): void {
  const bounded = [...axes].filter(([axis]) => axis.live !== undefined);
  body.if(all(bounded.map(([axis, at]) => apply('lt', at, axisEnd(axis)))), into, write);
}

/** Stores the parts of one value; those of a monoid of several lie along the tensor's last dimension. */
function storeParts(
  body: Body,
  { tensor }: Partial,
  place: readonly Expr[],
  parts: readonly Expr[],
  into: Stmt[],
): void {
  for (const [p, value] of parts.entries()) {
    const at = parts.length === 1 ? place : [...place, int(p)];
    into.push({ kind: 'store', tensor, at: at.map((e) => body.simplify(e)), value });
  }
}

/** A staged tile whose rows, or columns, are reduced. */
export interface ReducedTile {
  readonly tile: StagedTile;
  /** The side of which each row, or column, is one value. */
  readonly side: 'm' | 'n';
  /** Writes something of an element of the tile. */
  readonly finishAt: FinishAt;
  /** Values of the axes along the kept side at one of its rows or columns of the tile, and whether it exists. */
  readonly keptAt: (index: Expr, into: Stmt[]) => { at: ReadonlyMap<Axis, Expr>; exists: Expr };
  /** The number of the part of a partial result that this tile makes. */
  readonly partOf: (partial: Partial) => Expr;
}

/**
 * Partial results of each row, or each column, of a staged tile. Invocations share one: each adds up some of its elements
 * out of the tile's sums; the first then adds up what the others have. Neighbours take neighbouring columns, as they lie in
 * memory. Holds barriers: all invocations must come here; what follows may use scratch only after one more.
 */
export function emitTilePartials(
  body: Body,
  partials: readonly Partial[],
  { tile, side, finishAt, keptAt, partOf }: ReducedTile,
  into: Stmt[],
): void {
  const { workgroup } = body.machine;
  const [rows, columns] = tileExtents(tile);
  const [kept, others] = side === 'm' ? [rows, columns] : [columns, rows];
  const { width, lanes } = sharing(kept, others, workgroup);
  const scratch = scratchFor(body, partials);
  const member = (own: Expr, lane: Expr): Expr =>
    side === 'm'
      ? apply('add', apply('mul', own, int(lanes)), lane)
      : apply('add', apply('mul', lane, int(width)), own);
  const [own, lane] =
    side === 'm'
      ? [apply('idiv', body.lid, int(lanes)), apply('mod', body.lid, int(lanes))]
      : [apply('mod', body.lid, int(width)), apply('idiv', body.lid, int(width))];
  body.for('from', int(0), int(kept), width, into, (from, turn) => {
    const acc = accumulate(body, partials, turn);
    const index = body.let('own', apply('add', from, own), turn);
    const isMember = all([apply('lt', body.lid, int(width * lanes)), apply('lt', index, int(kept))]);
    body.if(isMember, turn, (member) => {
      body.for('other', body.let('lane', lane, member), int(others), lanes, member, (other, element) => {
        const [row, column] = side === 'm' ? [index, other] : [other, index];
        finishAt(row, column, element, (at, phase, sums, inside) => {
          ifLive(body, at, inside, (live) => {
            for (const [k, partial] of partials.entries()) {
              const value = body.instantiate(partial.body, at, phase, sums);
              combineInto(body, partial, acc[k] ?? [], value, int(0), live);
            }
          });
        });
      });
    });
    for (const [k, arrays] of scratch.entries()) {
      for (const [p, array] of arrays.entries()) {
        const value = acc[k]?.[p];
        if (value !== undefined) turn.push({ kind: 'store', tensor: array, at: [body.lid], value });
      }
    }
    turn.push({ kind: 'barrier' });
    const mine = body.let('mine', apply('add', from, body.lid), turn);
    body.if(all([apply('lt', body.lid, int(width)), apply('lt', mine, int(kept))]), turn, (first) => {
      const { at, exists } = keptAt(mine, first);
      body.if(exists, first, (inner) => {
        const totals = accumulate(body, partials, inner);
        body.for('q', int(0), int(lanes), 1, inner, (q, each) => {
          const slot = [body.simplify(member(body.lid, q))];
          for (const [k, partial] of partials.entries()) {
            const parts = (scratch[k] ?? []).map((array) => body.let('part', load(array, slot), each));
            assignCombined(body, partial, totals[k] ?? [], parts, each);
          }
        });
        for (const [k, partial] of partials.entries()) {
          const place = [partOf(partial), ...partial.at.map((axis) => at.get(axis) ?? int(0))];
          storeParts(body, partial, place, totals[k] ?? [], inner);
        }
      });
    });
    if (width < kept) turn.push({ kind: 'barrier' });
  });
}
