import {
  type Axis,
  apply,
  axesIn,
  axisRef,
  changedWhere,
  childrenOf,
  constant,
  type Dtype,
  type Expr,
  int,
  type Load,
  type Loop,
  load,
  loadedDtype,
  loadsIn,
  type MonoidDef,
  mapExpr,
  monoidDef,
  type Out,
  type Reduction,
  subexpressions,
  type Tensor,
  ValueNumbers,
  varRef,
  withChildren,
  withoutLists,
} from '../../loops/index.ts';
import { type Range, Ranges } from '../../loops/interval.ts';
import { simplifier } from '../../loops/simplify.ts';
import type { Machine } from '../../machine/index.ts';
import { LOCAL_ID, type Stmt } from '../kernel.ts';
import type { Names } from '../names.ts';

/** Where the elements of a tensor lie inside a kernel, if not in its buffer alone. */
export interface Local {
  readonly array: Tensor;
  /** Index in the array of element `at`, in the terms of the phase that is being written. */
  readonly index: (at: readonly Expr[], phase: Phase) => Expr;
  /** Whether the element is also stored in the tensor's buffer. */
  readonly alsoStored: boolean;
}

/** What the index of a local depends on: the row within the block. */
export interface Phase {
  readonly rowInBlock: Expr;
}

export const noRows: Phase = { rowInBlock: int(0) };

/** Statements of one kernel under construction: fresh names, known ranges, arrays, locals. */
export class Body {
  readonly machine: Machine;
  readonly wg: Expr;
  readonly lid: Expr = varRef(LOCAL_ID, 'i32');
  readonly arrays: Tensor[] = [];
  readonly locals = new Map<Tensor, Local>();
  readonly #alive: Expr | null;
  readonly #scratch = new Map<string, Tensor>();
  readonly #names: Names;
  readonly #ranges: Map<string, Range>;
  /** What is known of expressions: names stand for one value, whose range is known before they are used. */
  readonly #known = new Ranges((leaf) => (leaf.kind === 'var' ? this.#ranges.get(leaf.name) : undefined));
  readonly #simplifier = simplifier({ ranges: this.#known });

  /**
   * @param wg the group's own workgroup number, from 0
   * @param ranges known ranges of variables, shared by the bodies of one kernel
   * @param alive how many of the group's workgroups something live needs, where all run: partial results of the others are neutral
   */
  constructor(
    machine: Machine,
    wg: Expr,
    names: Names,
    ranges: Map<string, Range>,
    alive: Expr | null = null,
  ) {
    this.machine = machine;
    this.wg = wg;
    this.#alive = alive;
    this.#names = names;
    this.#ranges = ranges;
    ranges.set(LOCAL_ID, { low: 0, high: machine.workgroup - 1 });
  }

  /** What makes elements: workgroups of dead ones leave it out, all of their invocations alike. */
  whereAlive(into: Stmt[], write: (inner: Stmt[]) => void): void {
    if (this.#alive === null) write(into);
    else this.if(apply('lt', this.wg, this.#alive), into, write);
  }

  /** A name that the kernel does not have yet. */
  fresh(base: string): string {
    return this.#names.fresh(base);
  }

  /** A workgroup or private array of `length` elements. */
  array(base: string, dtype: Dtype, length: number, role: 'workgroup' | 'private'): Tensor {
    const tensor: Tensor = { name: this.fresh(base), shape: [length], dtype: loadedDtype(dtype), role };
    this.arrays.push(tensor);
    return tensor;
  }

  /**
   * Workgroup array `k` of a type, an element for each invocation: the same one whenever it is asked for.
   * Between two uses stands a barrier.
   */
  scratch(dtype: Dtype, k: number): Tensor {
    const key = `${dtype} ${k}`;
    const known = this.#scratch.get(key);
    if (known !== undefined) return known;
    const made = this.array('parts', dtype, this.machine.workgroup, 'workgroup');
    this.#scratch.set(key, made);
    return made;
  }

  /** Simplified with what is known of the variables. */
  simplify(expr: Expr): Expr {
    return this.#simplifier(expr);
  }

  /** `let base = value`, unless the value is a name or a constant already. */
  let(base: string, value: Expr, into: Stmt[]): Expr {
    const simple = this.simplify(value);
    if (simple.kind === 'var' || simple.kind === 'const') return simple;
    const name = this.fresh(base);
    into.push({ kind: 'let', name, value: simple });
    if (simple.dtype === 'i32') this.know(name, this.range(simple));
    return varRef(name, simple.dtype);
  }

  /**
   * Names for several values at once: what more than one of them computes is computed once. Only expressions
   * without loads are shared: a load may stand under a guard.
   */
  letAll(base: string, values: readonly Expr[], into: Stmt[]): Expr[] {
    const numbers = new ValueNumbers();
    const simple = values.map((value) => this.simplify(value));
    const users = new Map<number, Set<number>>();
    for (const [k, root] of simple.entries()) {
      for (const e of subexpressions(root)) {
        const known = users.get(numbers.of(e)) ?? new Set<number>();
        users.set(numbers.of(e), known.add(k));
      }
    }
    const named = new Map<number, Expr>();
    const name = (e: Expr): Expr => {
      const known = named.get(numbers.of(e));
      if (known !== undefined) return known;
      const shared = (users.get(numbers.of(e))?.size ?? 0) > 1;
      if (e.kind !== 'apply' || !shared || loadsIn(e).length > 0)
        return withChildren(e, childrenOf(e).map(name));
      const made = this.let('joint', e, into);
      named.set(numbers.of(e), made);
      return made;
    };
    return simple.map(name).map((value) => this.let(base, value, into));
  }

  /** A mutable variable with its first value. */
  variable(base: string, value: Expr, into: Stmt[]): Expr {
    const name = this.fresh(base);
    into.push({ kind: 'var', name, value: this.simplify(value) });
    return varRef(name, value.dtype);
  }

  /**
   * `for (index = from; index < to; index += step)` around what `body` writes, as a counted loop: the index is computed
   * from the number of the turn, and a `break` leaves a loop whose turns are not known before it runs.
   */
  for(
    base: string,
    from: Expr,
    to: Expr,
    step: number,
    into: Stmt[],
    body: (index: Expr, into: Stmt[]) => void,
  ): void {
    const [first, end] = [this.simplify(from), this.simplify(to)];
    const ends = leastOf(end);
    const lengths = ends.map((one) => this.range(this.simplify(apply('sub', one, first))));
    const turns = Math.ceil(Math.min(...lengths.map(({ high }) => high)) / step);
    if (turns <= 0) return;
    if (turns === 1) {
      // No loop, and no test where the turn always takes place.
      this.if(apply('lt', first, end), into, (inner) => body(first, inner));
      return;
    }
    // What the last turn always keeps below needs no test.
    const tested = ends
      .filter((_, k) => (lengths[k]?.low ?? 0) <= (turns - 1) * step)
      .map((one) => (one.kind === 'live' ? one : this.let(`${base}_end`, one, into)));
    const { low, high } = this.range(first);
    const below = Math.min(...ends.map((one) => this.range(one).high));
    const isPlain = first.kind === 'const' && step === 1;
    const inner: Stmt[] = [];
    const name = this.fresh(base);
    this.know(name, { low, high: Math.max(low, Math.min(high + (turns - 1) * step, below - 1)) });
    const index = varRef(name, 'i32');
    const turn = isPlain ? name : this.fresh('turn');
    if (!isPlain) {
      this.know(turn, { low: 0, high: turns - 1 });
      const value = apply('add', first, apply('mul', varRef(turn, 'i32'), int(step)));
      inner.push({ kind: 'let', name, value: this.simplify(value) });
    }
    for (const one of tested) inner.push({ kind: 'break', condition: apply('le', one, index) });
    const before = inner.length;
    body(index, inner);
    const start = isPlain ? low : 0;
    if (inner.length > before)
      into.push({ kind: 'for', name: turn, from: start, to: start + turns, body: inner });
  }

  /** `if (condition)` around what `body` writes; without the test where it always holds. */
  if(condition: Expr, into: Stmt[], body: (into: Stmt[]) => void): void {
    const test = this.simplify(condition);
    if (test.kind === 'const') {
      if (test.value !== 0) body(into);
      return;
    }
    const inner: Stmt[] = [];
    body(inner);
    if (inner.length > 0) into.push({ kind: 'if', condition: test, body: inner, otherwise: [] });
  }

  /** Values of the axes at a row-major index over them, named after the axes. */
  unflatten(index: Expr, axes: readonly Axis[], into: Stmt[]): Map<Axis, Expr> {
    const values = new Map<Axis, Expr>();
    let stride = axes.reduce((n, axis) => n * axis.extent, 1);
    for (const axis of axes) {
      const above = stride;
      stride = axis.extent === 0 ? 0 : stride / axis.extent;
      if (axis.extent <= 1) {
        values.set(axis, int(0));
        continue;
      }
      const quotient = stride === 1 ? index : apply('idiv', index, int(stride));
      const total = axes.reduce((n, a) => n * a.extent, 1);
      values.set(
        axis,
        this.let(axis.name, above === total ? quotient : apply('mod', quotient, int(axis.extent)), into),
      );
    }
    return values;
  }

  /** A loop's expression with values for its axes and accumulators, and loads of locals redirected. */
  instantiate(
    expr: Expr,
    axes: ReadonlyMap<Axis, Expr>,
    phase: Phase,
    acc: readonly (readonly Expr[])[] = [],
  ): Expr {
    const rule = (e: Expr): Expr => {
      if (e.kind === 'axis') return axes.get(e.axis) ?? e;
      if (e.kind === 'acc') return acc[e.reduction]?.[e.part] ?? e;
      // What walks no list asks the condition.
      if (e.kind === 'apply' && e.op === 'listed') return e.args[0] ?? e;
      return e.kind === 'load' ? this.redirect(e, phase) : e;
    };
    return this.simplify(mapExpr(expr, rule));
  }

  /**
   * A loop's expression with what does not depend on unbound axes (those of a reduction, say) computed
   * before: every such load becomes a name. Operands of a select stay where they are, since only the chosen
   * one may be evaluated.
   */
  hoist(expr: Expr, axes: ReadonlyMap<Axis, Expr>, phase: Phase, into: Stmt[]): Expr {
    const visit = (e: Expr): Expr => {
      if (e.kind === 'load' && [...axesIn(e)].every((axis) => axes.has(axis))) {
        return this.let(e.tensor.name, this.instantiate(e, axes, phase), into);
      }
      const children = childrenOf(e);
      const guarded = e.kind === 'apply' && e.op === 'select';
      return withChildren(
        e,
        children.map((child, k) => (guarded && k > 0 ? child : visit(child))),
      );
    };
    return visit(withoutLists(expr));
  }

  /** Stores an element: into the tensor's array, its buffer, or both. */
  store(tensor: Tensor, at: readonly Expr[], value: Expr, phase: Phase, into: Stmt[]): void {
    const local = this.locals.get(tensor);
    if (local !== undefined) {
      into.push({ kind: 'store', tensor: local.array, at: [this.simplify(local.index(at, phase))], value });
    }
    if (local === undefined || local.alsoStored)
      into.push({ kind: 'store', tensor, at: at.map((e) => this.simplify(e)), value });
  }

  /**
   * A loop's outputs at one element: every value first, then every store, so that a state is read before it
   * is written over; a value that an earlier output has is not computed again. Outputs that lack some axes
   * are computed and stored by their owner alone.
   */
  writeOuts(
    loop: Loop,
    axes: ReadonlyMap<Axis, Expr>,
    phase: Phase,
    acc: readonly (readonly Expr[])[],
    into: Stmt[],
  ): void {
    const owners = new Map<string, Out[]>();
    for (const out of loop.outs) {
      const lacks = loop.axes.map((axis) => Number(axis.extent > 1 && !out.at.includes(axis))).join('');
      owners.set(lacks, [...(owners.get(lacks) ?? []), out]);
    }
    for (const outs of owners.values()) {
      const [first] = outs;
      if (first === undefined) continue;
      this.if(ownerOf(loop, first, axes), into, (inner) => this.#writeOwn(outs, axes, phase, acc, inner));
    }
  }

  #writeOwn(
    outs: readonly Out[],
    axes: ReadonlyMap<Axis, Expr>,
    phase: Phase,
    acc: readonly (readonly Expr[])[],
    into: Stmt[],
  ): void {
    const numbers = new ValueNumbers();
    const known = new Map<number, Expr>();
    const values = outs.map((out) => {
      const value = this.instantiate(out.value, axes, phase, acc);
      const name = this.let(
        out.tensor.name,
        mapExpr(value, (e) => known.get(numbers.of(e)) ?? e),
        into,
      );
      if (value.kind === 'apply' || value.kind === 'load') known.set(numbers.of(value), name);
      return name;
    });
    for (const [k, out] of outs.entries()) {
      const value = values[k];
      const at = out.at.map((axis) => axes.get(axis) ?? int(0));
      if (value !== undefined) this.store(out.tensor, at, value, phase, into);
    }
  }

  /**
   * What `write` writes for an element: where the loop changes states under a condition alone, only under it.
   *
   * @param only whether nothing but its outputs is made of the element
   */
  whereChanged(
    loop: Loop,
    axes: ReadonlyMap<Axis, Expr>,
    only: boolean,
    into: Stmt[],
    write: (loop: Loop, into: Stmt[]) => void,
  ): void {
    const changed = only ? changedWhere(loop) : null;
    if (changed === null) write(loop, into);
    else
      this.if(this.instantiate(changed.condition, axes, noRows), into, (inner) => write(changed.loop, inner));
  }

  /** Known range of an integer expression. */
  range(expr: Expr): Range {
    return this.#known.of(expr);
  }

  /** Records what values a variable takes. */
  know(name: string, range: Range): void {
    this.#ranges.set(name, range);
  }

  private redirect(l: Load, phase: Phase): Expr {
    const local = this.locals.get(l.tensor);
    return local === undefined ? l : load(local.array, [this.simplify(local.index(l.at, phase))]);
  }
}

/** What an expression is the least of. */
function leastOf(expr: Expr): Expr[] {
  return expr.kind === 'apply' && expr.op === 'min' ? expr.args.flatMap(leastOf) : [expr];
}

/** Whether this element of the loop's domain is the one that writes an output: index 0 of the axes it lacks. */
function ownerOf(loop: Loop, out: Out, axes: ReadonlyMap<Axis, Expr>): Expr {
  return all(
    loop.axes
      .filter((axis) => axis.extent > 1 && !out.at.includes(axis))
      .map((axis) => apply('eq', axes.get(axis) ?? axisRef(axis), int(0))),
  );
}

/** Conjunction; true of none. */
export function all(conditions: readonly Expr[]): Expr {
  return conditions.reduce<Expr>(
    (a, b) => (a.kind === 'const' && a.value !== 0 ? b : apply('and', a, b)),
    constant(1, 'bool'),
  );
}

/** The neutral parts of each reduction. */
export function identities(reductions: readonly Reduction[]): Expr[][] {
  return reductions.map((r) => [...definition(r).identity(r.body.dtype)]);
}

/** The row of a reduction's monoid. */
export function definition(reduction: Reduction): MonoidDef {
  return monoidDef(reduction.monoid);
}
