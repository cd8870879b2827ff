import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  type Contraction,
  contractionOf,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
  termsOf,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Machine } from '../machine/index.ts';
import { changedShare } from './changedShare.ts';
import { type Evaluation, evaluationOf, loopEvaluation } from './cost.ts';
import { finishOf, multiplyAdds } from './work.ts';

/** Rows and columns of the tile that multiplies panels: what fits into the vector registers beside its operands. */
export const TILE = { rows: 4, columns: 8 } as const;

/** Below this many products a contraction is a loop like any other: its tiles would be mostly padding. */
const LEAST_PRODUCTS = 2048;

/** Whether the products of a loop by itself run in tiles, where tasks compute it. */
export function isTiled(loop: Loop): boolean {
  const products = domainSize([...loop.axes, ...loop.reduceAxes]);
  const isContraction = contractionOf(loop) !== null && loop.reductions.length === 1;
  return isContraction && products >= LEAST_PRODUCTS && domainSize(loop.reduceAxes) >= 4;
}

/** Work of a loop element by element, four at a time. */
export function nestWork(loop: Loop, outputs: number, machine: Machine): number {
  const { term } = loopEvaluation(loop);
  const terms = loop.reductions.length === 0 ? 0 : outputs * termsOf(loop) * multiplyAdds(term, machine);
  return vectors(machine) * (terms + changedShare(loop).share * outputs * finishOf(loop, machine));
}

/** Vectors that a core could multiply in the time in which it evaluates one outside of tiles. */
export function vectors(machine: Machine): number {
  return machine.lanes / machine.neighbours;
}

export function padded(extent: number, width: number): number {
  return Math.ceil(extent / width) * width;
}

/**
 * How much of a side's panels its operand reads: less than all where windows overlap, which are copied once and read where
 * they lie. The other side of a program's cut is packed whole.
 */
export function overlapOf(loop: Loop, factors: Contraction['a'], side: readonly Axis[]): number {
  let found = overlaps.get(factors);
  if (found === undefined) {
    found = shareRead(loop, factors, side);
    overlaps.set(factors, found);
  }
  return found;
}

// A loop's contraction is immutable, and every block of rows asks again.
const overlaps = new WeakMap<Contraction['a'], number>();

function shareRead(loop: Loop, factors: Contraction['a'], side: readonly Axis[]): number {
  const panels = domainSize([...side, ...loop.reduceAxes]);
  const slides = (index: Expr): boolean => {
    const axes = axesIn(index);
    return index.kind !== 'axis' && side.some((a) => axes.has(a)) && loop.reduceAxes.some((a) => axes.has(a));
  };
  const windows = loadsIn(...factors).filter(({ at }) => at.some(slides));
  if (windows.length === 0) return 1;
  const read = windows.reduce((n, { tensor }) => n + tensorSize(tensor), 0);
  return Math.min(1, read / Math.max(1, panels));
}

/** What evaluating an operand once and storing it in its panel takes. */
export function packing(factors: Contraction['a'], machine: Machine): number {
  return multiplyAdds(factorsEvaluation(factors), machine) + machine.load;
}

const factorsEvaluation = memoized((factors: Contraction['a']): Evaluation => evaluationOf(...factors));
