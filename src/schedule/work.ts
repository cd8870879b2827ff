import { tensorsReduced } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  type Contraction,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
  monoidDef,
  type Tensor,
  walkOf,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { type Evaluation, evaluationOf, loopEvaluation } from './cost.ts';
import { orientedContraction } from './orient.ts';
import type { StagedTile } from './schedule.ts';
import { isAhead, loadsEach, tileExtents } from './staging.ts';

/** What one workgroup does in one phase: counted, not timed. */
export interface Work {
  /** Multiply-adds of an invocation, one after the other. */
  readonly serial: number;
  /** Invocations that do as much at once. */
  readonly active: number;
  /** Bytes between the workgroup and the cache, each element once. */
  readonly bytes: number;
  /** Loads that wait for one another. */
  readonly rounds: number;
  /** How often the invocations of the workgroup meet. */
  readonly barriers: number;
}

/** Whether a tensor is in no buffer, where a kernel holds it. */
export type IsInside = (tensor: Tensor) => boolean;

/** What an evaluation takes of an invocation's time, in multiply-adds. */
export function multiplyAdds({ arithmetic, loads }: Evaluation, machine: Machine): number {
  return arithmetic + loads * machine.load;
}

/** Multiply-adds of combining one part of a monoid: assumed, between a sum's and those of moments. */
export const COMBINE = 4;

/** Combining the parts that `split` invocations hold, in runs of sixteen. */
export function combination(
  loop: Pick<Loop, 'reductions'>,
  split: number,
): { serial: number; barriers: number } {
  if (split <= 1) return { serial: 0, barriers: 0 };
  const parts = loop.reductions.reduce((n, r) => n + monoidDef(r.monoid).parts(r.body.dtype).length, 0);
  const few = split <= 16;
  return { serial: parts * COMBINE * (few ? split : 16 + split / 16), barriers: few ? 1 : 3 };
}

/** Loads of a reduction that wait for one another: the compiler puts some before the first use. */
export function roundsOf(terms: number, loop: Loop, isInside: IsInside, machine: Machine): number {
  const fromMemory = [...tensorsReduced(loop)].some((tensor) => !isInside(tensor));
  // Where a list goes on is known when its position has been loaded.
  if (walkOf(loop) !== null) return Math.ceil(terms) + 2;
  return (fromMemory ? Math.ceil(terms / machine.overlap) : 0) + 1;
}

/** What of a contraction the work of its staged tiles depends on, whatever their form. */
export interface Staging {
  /** Multiply-adds that evaluating an operand of each side takes. */
  readonly operands: readonly [number, number];
  /** Whether operands of each side come from memory. */
  readonly isFromMemory: readonly [boolean, boolean];
  /** Steps of the reduction. */
  readonly steps: number;
  /** Sums beside the products. */
  readonly guests: number;
  /** Columns of the whole contraction. */
  readonly n: number;
  /** Multiply-adds that finishing an element takes. */
  readonly finish: number;
}

/** What of a contraction the work of its staged tiles depends on. */
export function stagingOf(loop: Loop, c: Contraction, isInside: IsInside, machine: Machine): Staging {
  const [a, b] = operandsOf(c);
  const isFromMemory = ({ tensors }: Operand): boolean => [...tensors].some((tensor) => !isInside(tensor));
  return {
    operands: [multiplyAdds(a.evaluation, machine), multiplyAdds(b.evaluation, machine)],
    isFromMemory: [isFromMemory(a), isFromMemory(b)],
    steps: domainSize(loop.reduceAxes),
    guests: loop.reductions.length - 1,
    n: domainSize(c.n),
    finish: finishOf(loop, machine),
  };
}

/** What a workgroup does for one staged tile. */
export function stagedWork(
  loop: Loop,
  { operands, isFromMemory, steps, guests, n, finish }: Staging,
  tile: StagedTile,
  machine: Machine,
): Pick<Work, 'serial' | 'rounds' | 'barriers'> {
  const { workgroup } = machine;
  const { perThread, split, depth } = tile;
  const [tm, tn] = perThread;
  const [rows, columns] = tileExtents(tile);
  const chunks = Math.ceil(steps / depth);
  // Sums of one side are their owners' alone: those of the first tile of the other side.
  const owned = (guests * (tm + tn)) / (2 * Math.ceil(n / columns));
  const products = (depth * (tm * tn + tm + tn + owned + 2)) / split;
  const staged = (depth * (rows * operands[0] + columns * operands[1])) / workgroup;
  const outputs = (rows * columns) / workgroup;
  return {
    serial: chunks * (products + staged) + split * tm * tn * 2 + outputs * finish,
    rounds: chunkRounds(loop, isFromMemory, tile, chunks, products + staged, machine) + 1,
    barriers: 2 * chunks + split,
  };
}

/**
 * Loads of all chunks that wait for one another. Where a chunk is loaded while another is multiplied, only as long as the
 * multiplying is shorter.
 *
 * @param serial multiply-adds of an invocation for a chunk
 */
function chunkRounds(
  loop: Loop,
  isFromMemory: readonly [boolean, boolean],
  tile: StagedTile,
  chunks: number,
  serial: number,
  machine: Machine,
): number {
  const each = loadsEach(tile, machine);
  const loads = (isFromMemory[0] ? each[0] : 0) + (isFromMemory[1] ? each[1] : 0);
  if (loads === 0) return 0;
  if (!isAhead(loop, tile, machine)) return chunks * Math.ceil(loads / machine.overlap);
  const { workgroup, lanes, clock, latency } = machine;
  const micros = (serial * Math.max(1, workgroup / lanes)) / clock;
  return 1 + (chunks - 1) * Math.max(0, 1 - micros / latency);
}

/** Multiply-adds that finishing and storing an element of each output takes. */
export function finishOf(loop: Loop, machine: Machine): number {
  const stores = loop.outs.length * machine.load;
  return multiplyAdds(loopEvaluation(loop).element, machine) + stores + machine.element;
}

/** A term of a loop's reductions, where neighbours may load what lies apart. */
export function termCost(loop: Loop, own: readonly Axis[], term: Evaluation, machine: Machine): number {
  if (machine.features.has('barriers') || own.length === 0) return multiplyAdds(term, machine);
  const apart = termLoads(loop).filter((at) => liesApart(at, own)).length;
  return multiplyAdds(term, machine) + apart * (machine.scattered - machine.load);
}

/** The axes of the index of each load. */
type LoadAxes = readonly ReadonlySet<Axis>[];

/** Where invocations compute alone, those of one instruction are neighbours along their own rows, which lie apart. */
function liesApart(axes: ReadonlySet<Axis>, own: readonly Axis[]): boolean {
  return own.some((axis) => axes.has(axis));
}

function loadAxes(exprs: readonly Expr[]): LoadAxes {
  return loadsIn(...exprs).map(({ at }) => axesIn(...at));
}

const termLoads = memoized((loop: Loop): LoadAxes => loadAxes(loop.reductions.map((r) => r.body)));

/** One operand of a contraction, as schedules see it. */
interface Operand {
  readonly evaluation: Evaluation;
  readonly loads: LoadAxes;
  readonly tensors: ReadonlySet<Tensor>;
}

const operandsOf = memoized((c: Contraction): readonly [Operand, Operand] => {
  const operand = (factors: readonly Expr[]): Operand => ({
    evaluation: evaluationOf(...factors),
    loads: loadAxes(factors),
    tensors: new Set(loadsIn(...factors).map((l) => l.tensor)),
  });
  return [operand(c.a), operand(c.b)];
});

/**
 * What both operands of a product take to evaluate, in multiply-adds.
 *
 * @param own axes along which invocations that compute alone lie apart
 */
export function operandCosts(
  c: Contraction,
  own: readonly Axis[],
  machine: Machine,
): readonly [number, number] {
  const cost = ({ evaluation, loads }: Operand): number => {
    const apart = machine.features.has('barriers') ? 0 : loads.filter((at) => liesApart(at, own)).length;
    return multiplyAdds(evaluation, machine) + apart * (machine.scattered - machine.load);
  };
  const [a, b] = operandsOf(c);
  return [cost(a), cost(b)];
}

/** The contraction that a loop with tiles is. @throws RangeError where it is none */
export function requireContraction(loop: Loop): Contraction {
  const c = orientedContraction(loop);
  if (c === null) throw new RangeError(`${loop.name} is not a contraction`);
  return c;
}
