import {
  type Axis,
  apply,
  axisEnd,
  type Dtype,
  domainSize,
  type Expr,
  int,
  type Loop,
  lifted,
  liveDomain,
  load,
  mapChildren,
  type Reduction,
  type Tensor,
  type Walk,
  walkOf,
} from '../../loops/index.ts';
import { type Run, runsOf } from '../../loops/runs.ts';
import type { Stmt } from '../kernel.ts';
import { all, type Body, definition, identities, type Phase } from './body.ts';

/** One element's whole reduction by one invocation. @returns the final parts of each reduction */
export function reduceAlone(
  body: Body,
  loop: Loop,
  axes: ReadonlyMap<Axis, Expr>,
  phase: Phase,
  into: Stmt[],
): Expr[][] {
  const walk = walkOf(loop);
  if (walk !== null) return reduceListed(body, walk, axes, phase, into);
  const reductions = loop.reductions.map((r) => ({ ...r, body: body.hoist(r.body, axes, phase, into) }));
  return inRuns(body, runsOf(loop.reduceAxes), axes, into, {
    make: (to) => accumulate(body, reductions, to),
    visit: (acc, at, to) => addElement(body, reductions, acc, at, rowMajor(loop.reduceAxes, at), phase, to),
    join: (total, run, to) => joinRun(body, reductions, total, run, to),
  });
}

/** One element's reduction over the terms that its list names, in their order. */
function reduceListed(
  body: Body,
  { loop, position, first, count, next }: Walk,
  axes: ReadonlyMap<Axis, Expr>,
  phase: Phase,
  into: Stmt[],
): Expr[][] {
  const reductions = loop.reductions.map((r) => ({ ...r, body: body.hoist(r.body, axes, phase, into) }));
  const turn: Axis = { name: 'turn', extent: position.extent };
  const end = body.let(
    'count',
    apply('min', body.instantiate(count, axes, phase), int(position.extent)),
    into,
  );
  const here = body.variable('here', body.instantiate(first, axes, phase), into);
  return inRuns(body, runsOf([turn]), axes, into, {
    make: (to) => accumulate(body, reductions, to),
    visit: (acc, at, to) => {
      const inside = apply('min', apply('max', here, int(0)), int(position.extent - 1));
      const place = body.let(position.name, inside, to);
      const there = new Map([...at, [position, place] as const]);
      addElement(body, reductions, acc, there, at.get(turn) ?? int(0), phase, to);
      if (here.kind === 'var')
        to.push({ kind: 'assign', name: here.name, value: body.instantiate(next, there, phase) });
    },
    join: (total, run, to) => joinRun(body, reductions, total, run, to),
    end,
  });
}

/** Arrays in which the invocations of a workgroup combine the parts of some reductions: one element each. */
export function scratchFor(body: Body, reductions: readonly Reduction[]): Tensor[][] {
  const used = new Map<Dtype, number>();
  return reductions.map((r) =>
    definition(r)
      .parts(r.body.dtype)
      .map((dtype) => {
        const k = used.get(dtype) ?? 0;
        used.set(dtype, k + 1);
        return body.scratch(dtype, k);
      }),
  );
}

/**
 * One element's reduction by `split` neighbouring invocations: each takes every `split`-th element, then
 * they combine by a tree of fixed shape. Holds barriers: all invocations must come here.
 *
 * @param lane which of the `split` invocations this is
 * @returns the final parts, right where `lane` is 0
 */
export function reduceTogether(
  body: Body,
  reductions: readonly Reduction[],
  reduceAxes: readonly Axis[],
  axes: ReadonlyMap<Axis, Expr>,
  phase: Phase,
  lane: Expr,
  split: number,
  scratch: readonly (readonly Tensor[])[],
  into: Stmt[],
): Expr[][] {
  const wide = reduceAxes.filter((axis) => axis.extent !== 1);
  const flat = flattened(wide);
  const unit = new Map<Axis, Expr>([
    ...axes,
    ...reduceAxes.filter((axis) => axis.extent === 1).map((axis) => [axis, int(0)] as const),
  ]);
  const hoisted = reductions.map((r) => ({ ...r, body: body.hoist(r.body, unit, phase, into) }));
  const live = liveInside(wide);
  const visit = (acc: Expr[][], place: ReadonlyMap<Axis, Expr>, inner: Stmt[]): void => {
    const r = place.get(flat) ?? int(0);
    const at = new Map([...unit, ...body.unflatten(r, wide, inner)]);
    body.if(all(live.map((axis) => apply('lt', at.get(axis) ?? int(0), axisEnd(axis)))), inner, (element) =>
      addElement(body, hoisted, acc, at, r, phase, element),
    );
  };
  const runs = runsOf([flat], new Map([[flat, split]]));
  const acc = inRuns(body, runs, new Map(), into, {
    make: (to) => accumulate(body, reductions, to),
    visit,
    join: (total, run, to) => joinRun(body, reductions, total, run, to),
    first: lane,
  });
  return combineLanes(body, reductions, acc, lane, split, scratch, into);
}

/** Most parts that one invocation adds up in a row; more are added up in two turns. */
const IN_A_ROW = 16;

/**
 * Combines the parts that `split` neighbouring invocations hold, in the order of the invocations: each adds
 * up all of them, or, where they are many, first those of a run of `IN_A_ROW` and then the runs' sums.
 * Holds barriers. @returns the parts, in every one of the invocations
 */
export function combineLanes(
  body: Body,
  reductions: readonly Reduction[],
  acc: readonly (readonly Expr[])[],
  lane: Expr,
  split: number,
  scratch: readonly (readonly Tensor[])[],
  into: Stmt[],
): Expr[][] {
  // Quotients and remainders are what drivers know ranges of, unlike differences and the lesser of two.
  const first = body.let('first', apply('mul', apply('idiv', body.lid, int(split)), int(split)), into);
  const put = (values: readonly (readonly Expr[])[], at: Expr, to: Stmt[]): void => {
    for (const [k, arrays] of scratch.entries()) {
      for (const [p, array] of arrays.entries()) {
        const value = values[k]?.[p];
        if (value !== undefined) to.push({ kind: 'store', tensor: array, at: [body.simplify(at)], value });
      }
    }
  };
  const addUp = (from: Expr, count: number): Expr[][] => {
    const sums = accumulate(body, reductions, into);
    body.for('q', int(0), int(count), 1, into, (q, inner) => {
      const at = body.simplify(apply('add', from, q));
      for (const [k, reduction] of reductions.entries()) {
        const parts = (scratch[k] ?? []).map((array) => body.let('part', load(array, [at]), inner));
        assignCombined(body, reduction, sums[k] ?? [], parts, inner);
      }
    });
    return sums;
  };
  put(acc, body.lid, into);
  into.push({ kind: 'barrier' });
  if (split <= IN_A_ROW) return addUp(first, split);
  const runs = split / IN_A_ROW;
  const run = apply('mod', lane, int(runs));
  const sums = addUp(body.let('run', apply('add', first, apply('mul', run, int(IN_A_ROW))), into), IN_A_ROW);
  into.push({ kind: 'barrier' });
  body.if(apply('lt', lane, int(runs)), into, (inner) => put(sums, body.lid, inner));
  into.push({ kind: 'barrier' });
  return addUp(first, runs);
}

/** Variables for the parts of each reduction, at their neutral values. */
export function accumulate(body: Body, reductions: readonly Reduction[], into: Stmt[]): Expr[][] {
  return identities(reductions).map((parts) => parts.map((value) => body.variable('acc', value, into)));
}

/** All axes of a reduction as one, row-major; with what is live of it, as far as its outermost one says that. */
export function flattened(axes: readonly Axis[]): Axis {
  const live = liveDomain(axes);
  return { name: 'r', extent: domainSize(axes), ...(typeof live === 'number' ? {} : { live }) };
}

/** Those of a reduction's axes whose live extents `flattened` does not say. */
export function liveInside(axes: readonly Axis[]): Axis[] {
  const [, ...inner] = axes.filter((axis) => axis.extent !== 1);
  return inner.filter((axis) => axis.live !== undefined);
}

/** How the elements of a reduction are added up in runs. */
export interface InRuns<A> {
  /** Makes accumulators at their neutral values. */
  readonly make: (into: Stmt[]) => A;
  /** Adds what stands at values of the axes. */
  readonly visit: (acc: A, at: Map<Axis, Expr>, into: Stmt[]) => void;
  /** Adds a run's accumulators to those around it. */
  readonly join: (total: A, run: A, into: Stmt[]) => void;
  /** The first element that is taken of a run, where invocations share it. */
  readonly first?: Expr;
  /** Where the loops end, in place of their axes' ends. */
  readonly end?: Expr;
}

/**
 * Writes the loops of a reduction.
 *
 * @param runs the loops, of `runsOf`
 * @param at values of other axes
 * @returns the total's accumulators
 */
export function inRuns<A>(
  body: Body,
  runs: readonly Run[],
  at: ReadonlyMap<Axis, Expr>,
  into: Stmt[],
  { make, visit, join, first = int(0), end: bound }: InRuns<A>,
): A {
  const loops = (k: number, acc: A, here: Map<Axis, Expr>, to: Stmt[]): void => {
    const run = runs[k];
    if (run === undefined) {
      visit(acc, here, to);
      return;
    }
    const { axis, step, isOwn } = run;
    const around = runs[k - 1]?.axis === axis ? runs[k - 1] : undefined;
    const isElements = runs[k + 1]?.axis !== axis;
    const begin = around === undefined ? int(0) : (here.get(axis) ?? int(0));
    const end = bound ?? axisEnd(axis);
    const stop = around === undefined ? end : apply('min', apply('add', begin, int(around.step)), end);
    const from = isElements ? apply('add', begin, first) : begin;
    body.for(isElements ? axis.name : 'run', from, stop, step, to, (index, inner) => {
      const own = isOwn ? make(inner) : acc;
      loops(k + 1, own, new Map([...here, [axis, index]]), inner);
      if (isOwn) join(acc, own, inner);
    });
  };
  const total = make(into);
  loops(0, total, new Map(at), into);
  return total;
}

/** Adds the parts that a run has reduced to those around it. */
function joinRun(
  body: Body,
  reductions: readonly Reduction[],
  total: readonly (readonly Expr[])[],
  run: readonly (readonly Expr[])[],
  into: Stmt[],
): void {
  for (const [k, r] of reductions.entries()) assignCombined(body, r, total[k] ?? [], run[k] ?? [], into);
}

/** Combines one element into the accumulators. */
function addElement(
  body: Body,
  reductions: readonly Reduction[],
  acc: readonly (readonly Expr[])[],
  at: ReadonlyMap<Axis, Expr>,
  index: Expr,
  phase: Phase,
  into: Stmt[],
): void {
  for (const [k, reduction] of reductions.entries()) {
    combineInto(body, reduction, acc[k] ?? [], body.instantiate(reduction.body, at, phase), index, into);
  }
}

/** `acc = combine(acc, lift(value))`, part by part. @param element of the reduction, or parts */
export function combineInto(
  body: Body,
  reduction: Reduction,
  acc: readonly Expr[],
  element: Expr,
  index: Expr,
  into: Stmt[],
): void {
  const named = (expr: Expr): Expr => (acc.length === 1 ? expr : body.let('value', expr, into));
  const value = element.kind === 'parts' ? mapChildren(element, named) : named(element);
  assignCombined(body, reduction, acc, lifted(reduction.monoid, value, index), into);
}

/** `acc = combine(acc, parts)`, part by part. */
export function assignCombined(
  body: Body,
  reduction: Reduction,
  acc: readonly Expr[],
  parts: readonly Expr[],
  into: Stmt[],
): void {
  const combined = definition(reduction).combine(acc, parts);
  // Several parts read one another's old values: all are computed before any is assigned.
  const values =
    acc.length === 1 ? combined.map((e) => body.simplify(e)) : body.letAll('part', combined, into);
  for (const [p, part] of acc.entries()) {
    const next = values[p];
    if (part.kind === 'var' && next !== undefined)
      into.push({ kind: 'assign', name: part.name, value: next });
  }
}

/** Position of an element in its reduction. */
function rowMajor(axes: readonly Axis[], at: ReadonlyMap<Axis, Expr>): Expr {
  return axes.reduce<Expr>(
    (flat, axis) => apply('add', apply('mul', flat, int(axis.extent)), at.get(axis) ?? int(0)),
    int(0),
  );
}
