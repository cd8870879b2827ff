import {
  type Axis,
  axesIn,
  type Contraction,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
} from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import { evaluationCost } from './cost.ts';
import { orientedContraction } from './orient.ts';

/**
 * How the elements of a phase of a row program are shared: an invocation computes a tile of `perThread` rows and columns
 * of a contraction, or one element at a time, whose reduction `split` invocations share.
 */
export interface PhaseSchedule {
  readonly perThread: readonly [number, number];
  readonly split: number;
}

/** One element at a time, by one invocation. */
export const plainPhase: PhaseSchedule = { perThread: [1, 1], split: 1 };

/**
 * The schedule of a loop in a row program.
 *
 * @param own the loop's axes that are rows
 * @param block rows of a block
 */
export function choosePhase(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  profile: Profile,
): PhaseSchedule {
  const elements = block * domainSize(loop.axes.filter((axis) => !own.includes(axis)));
  const split =
    profile.cooperative && loop.reductions.length > 0 ? splitOf(loop, own, elements, profile.workgroup) : 1;
  const plain: PhaseSchedule = { perThread: [1, 1], split };
  const c = orientedContraction(loop);
  // Sums beside the products (a bias's gradient, say) have no place in a tile.
  if (c === null || loop.reductions.length > 1) return plain;
  const phase: ContractionPhase = {
    ...tileSpace(c, own, block),
    reduced: domainSize(loop.reduceAxes),
    cost: [operandCost(c.a, own, profile), operandCost(c.b, own, profile)],
    invocations: profile.cooperative ? profile.workgroup : 1,
  };
  let [best, least] = [plain, phaseTime(plain, phase)];
  for (const p of EXTENTS) {
    for (const q of EXTENTS) {
      if (p * q === 1 || p * q > MOST_SUMS || p > phase.m || q > phase.n) continue;
      const schedule: PhaseSchedule = { perThread: [p, q], split: 1 };
      const time = phaseTime(schedule, phase);
      if (time < least) [best, least] = [schedule, time];
    }
  }
  return best;
}

/** Rows and columns of which a tile may have so many. */
const EXTENTS = [1, 2, 3, 4, 5, 6, 7, 8, 16];

/** Sums that an invocation can hold in registers on every machine. */
const MOST_SUMS = 32;

/** The elements of a contraction in a block of rows, as the tiles see them. */
interface TileSpace {
  /** The side on which the block's rows are; null where there is one row, or batches are rows too. */
  readonly ofRows: 'm' | 'n' | null;
  readonly m: number;
  readonly n: number;
  /** How many `m` × `n` there are. */
  readonly slices: number;
}

/** How rows and columns of a block lie: the block's rows are part of the side that they are on. */
export function tileSpace(c: Contraction, own: readonly Axis[], rows: number): TileSpace {
  const on = (axes: readonly Axis[]): boolean => rows > 1 && own.every((axis) => axes.includes(axis));
  const ofRows = on(c.m) ? 'm' : on(c.n) ? 'n' : null;
  const [m, n, batch] = [c.m, c.n, c.batch].map((axes) =>
    domainSize(axes.filter((axis) => !own.includes(axis))),
  );
  if (m === undefined || n === undefined || batch === undefined) throw new RangeError('three kinds of axes');
  return {
    ofRows,
    m: ofRows === 'm' ? m * rows : m,
    n: ofRows === 'n' ? n * rows : n,
    slices: ofRows === null ? batch * rows : batch,
  };
}

interface ContractionPhase extends TileSpace {
  readonly reduced: number;
  /** Of the operand of a row, and of a column. */
  readonly cost: readonly [number, number];
  /** How many invocations share the phase. */
  readonly invocations: number;
}

/** What an element of a tile costs beside its products: its sum goes through memory to where outputs are computed. */
const FINISH = 8;

/** What invocations that share a sum wait for one another. */
const MEET = 60;

/**
 * Time of a contraction in a row program in units of one multiply-add: turns of all invocations, each the loads and
 * products of a tile for every step of the reduction.
 */
function phaseTime({ perThread: [p, q], split }: PhaseSchedule, phase: ContractionPhase): number {
  const tiles = phase.slices * Math.ceil(phase.m / p) * Math.ceil(phase.n / q);
  const turns = Math.ceil((tiles * split) / phase.invocations);
  const step = p * phase.cost[0] + q * phase.cost[1] + p * q;
  const after = p * q > 1 ? FINISH * p * q : split > 1 ? MEET : 0;
  return turns * (Math.ceil(phase.reduced / split) * step + after);
}

/** What a load costs, in multiply-adds. */
const LOAD = 8;

/** What a load costs on a software driver that its neighbours do not make beside it: one after the other. */
const APART = 24;

/**
 * What one operand of a product costs to evaluate, in multiply-adds.
 *
 * @param own axes along which invocations that compute alone lie apart
 */
export function operandCost(factors: readonly Expr[], own: readonly Axis[], profile: Profile): number {
  const apart = (at: readonly Expr[]): boolean =>
    !profile.cooperative && [...axesIn(...at)].some((axis) => own.includes(axis));
  const loads = loadsIn(...factors);
  return loads.reduce((n, { at }) => n + (apart(at) ? APART : LOAD) - 1, evaluationCost(...factors));
}

/**
 * How many invocations share an element's reduction: as many as there are to spare; at least eight, where
 * the reduction runs along a contraction's contiguous operand, so that neighbours load neighbours.
 */
function splitOf(loop: Loop, own: readonly Axis[], elements: number, workgroup: number): number {
  const reduced = domainSize(loop.reduceAxes);
  let split = 1;
  while (split < workgroup && elements * split * 2 <= workgroup && split * 2 <= reduced) split *= 2;
  const long = orientedContraction(loop) !== null && reduced >= 64 && own.length > 0;
  return long ? Math.max(split, 8) : split;
}
