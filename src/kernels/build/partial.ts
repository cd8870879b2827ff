import { type Axis, apply, axisEnd, type Expr, int } from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import type { Stmt } from '../kernel.ts';
import { accumulate, combineInto, combineLanes, scratchFor } from './accumulate.ts';
import { all, type Body, noRows } from './body.ts';

/**
 * Partial reductions of what a kernel makes: each invocation adds up its own elements; then those of a
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
    const bounded = [...axes].filter(([axis]) => axis.live !== undefined);
    const isLive = all(bounded.map(([axis, at]) => apply('lt', at, axisEnd(axis))));
    if (this.#partials.length === 0) return;
    this.#body.if(isLive, into, (inner) => {
      for (const [k, partial] of this.#partials.entries()) {
        const value = this.#body.instantiate(partial.body, axes, noRows, acc);
        combineInto(this.#body, partial, this.#acc[k] ?? [], value, int(0), inner);
      }
    });
  }

  /** Writes the partial results; holds barriers where a workgroup works together. */
  finish(into: Stmt[]): void {
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
      body.if(apply('eq', body.lid, int(0)), into, (inner) => this.#store(body.wg, sums, inner));
    } else {
      this.#store(apply('add', apply('mul', body.wg, int(workgroup)), body.lid), this.#acc, into);
    }
  }

  #store(at: Expr, sums: readonly (readonly Expr[])[], into: Stmt[]): void {
    for (const [k, { tensor }] of this.#partials.entries()) {
      const value = sums[k]?.[0];
      if (value !== undefined) into.push({ kind: 'store', tensor, at: [this.#body.simplify(at)], value });
    }
  }
}
