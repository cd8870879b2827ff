import {
  type Axis,
  axesIn,
  type Dim,
  domainSize,
  float,
  isMultipleOf,
  type Load,
  type Loop,
  listingOf,
  liveDomain,
  loadsIn,
  mapExpr,
  substituteAxes,
  type Tensor,
  termsOf,
  walkOf,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Evaluation, loopEvaluation } from '../schedule/cost.ts';
import type { Group } from '../schedule/group.ts';
import { liveRows } from '../schedule/rows.ts';
import { programBlock, TASK_WORK } from '../schedule/taskPhases.ts';
import { type Contract, contractOf, cutSide, slidExtent } from './contract.ts';
import type { Evaluator } from './evaluate.ts';
import { type Nest, rowLane, rowValues } from './nest.ts';
import { isIndependent, outerSets, type Side, type Tiled, tiledOf, unitAxes, unitsOf } from './sides.ts';

/** How one loop of a group runs for a block of the group's rows. */
export type LoopSchedule =
  | ({ readonly kind: 'nest' } & Nest)
  /** One task makes the lists of a key. */
  | { readonly kind: 'list' }
  | ({
      readonly kind: 'contract';
      /** Whether the whole side is packed before, by all threads together; else each task packs it for itself. */
      readonly packedBefore: boolean;
    } & Contract);

/** How a group runs: `tasks` blocks of rows, which threads take one by one. */
export interface GroupSchedule {
  /** How many rows there are: of a row program, of a loop, units of one side of a contraction, or parts of its reduction. */
  readonly rows: number;
  /** Rows of a task. */
  readonly block: number;
  /** Rows that no block may cross: those of one batch. */
  readonly perBatch: number;
  /** How many of the rows, and of those of a batch, are live: the first ones. */
  readonly live: Dim;
  readonly livePerBatch: Dim;
  /** Tasks, where all rows are live. */
  readonly tasks: number;
  readonly loops: readonly LoopSchedule[];
}

/** Rows of a task along which vectors lie are a multiple of so many. */
const LANE_ROWS = 16;

/** The schedule of a group. @param evaluator any, asked how loads move */
export function scheduleGroup(group: Group, evaluator: Evaluator, machine: Machine): GroupSchedule {
  const [loop, ...more] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  return more.length === 0 && group.rows[0]?.length === 0
    ? scheduleLoop(loop, evaluator)
    : scheduleRows(group, evaluator, machine);
}

function scheduleLoop(loop: Loop, evaluator: Evaluator): GroupSchedule {
  if (listingOf(loop) !== null)
    return {
      rows: 1,
      block: 1,
      perBatch: 1,
      live: 1,
      livePerBatch: 1,
      tasks: 1,
      loops: [{ kind: 'list' }],
    };
  const tiled = tiledOf(loop, null, evaluator);
  if (tiled !== null) {
    const cut = cutSide(tiled);
    const units = unitsOf(cut);
    const contract = contractOf(tiled, cut, units);
    if (contract.split !== null) {
      const { parts } = contract.split;
      const schedule = { kind: 'contract' as const, packedBefore: false, ...contract };
      const all = { rows: parts, perBatch: parts, live: parts, livePerBatch: parts, tasks: parts };
      return { ...all, block: 1, loops: [schedule] };
    }
    const rows = domainSize(tiled.sets) * units;
    const perBatch = cut.window === null ? units : slidExtent(cut);
    const tasks = (rows / perBatch) * Math.ceil(perBatch / contract.block);
    const schedule = { kind: 'contract' as const, packedBefore: true, ...contract };
    const live = liveDomain([...tiled.sets, ...unitAxes(cut)]);
    const livePerBatch = liveDomain(cut.window === null ? unitAxes(cut) : cut.outer.slice(-1));
    return { rows, block: contract.block, perBatch, live, livePerBatch, tasks, loops: [schedule] };
  }
  const best = laneOf(loop, [], evaluator);
  const wide = loop.axes.filter((axis) => axis.extent !== 1);
  const isNumbered = (best === null || best.extent < LANE_ROWS) && isGapless(loop, wide, evaluator);
  const lane = isNumbered ? null : best;
  // Vectors along the innermost axis: rows are the others; where there is no other, the axis itself is cut.
  const others = wide.filter((axis) => axis !== lane);
  const rowAxes = others.length === 0 ? wide : others;
  const rows = domainSize(rowAxes);
  const work = rows === 0 ? 1 : loopCost(loop) / rows;
  let block = Math.max(1, Math.min(rows, Math.ceil(TASK_WORK / Math.max(1, work))));
  // Whole cache lines: threads do not read, or write, parts of one.
  if (isNumbered || (rowAxes.length === 1 && rowAxes[0] === lane))
    block = Math.ceil(block / LANE_ROWS) * LANE_ROWS;
  const live = liveDomain(rowAxes);
  const evenRows = isMultipleOf(4, live) && block % 4 === 0;
  const numbered = isNumbered ? { isNumbered: true as const } : {};
  const nest = { kind: 'nest' as const, rows: rowAxes, lane, evenRows, ...numbered };
  const tasks = Math.max(1, Math.ceil(rows / block));
  return { rows, block, perBatch: rows, live, livePerBatch: live, tasks, loops: [nest] };
}

/**
 * Whether all that a map reads and writes moves by one element, or not at all, with one number over its axes: then it
 * runs along that, however short the axes are.
 */
function isGapless(loop: Loop, wide: readonly Axis[], evaluator: Evaluator): boolean {
  if (loop.reductions.length > 0 || wide.length < 2) return false;
  const row = evaluator.driver('row', domainSize(wide));
  const values = loop.outs.map(({ value }) => substituteAxes(value, rowValues(wide, row)));
  const isNear = ({ tensor, at }: Load): boolean => {
    const stride = evaluator.addresses.stride(tensor, at, row);
    return stride === 0 || stride === (tensor.dtype === 'u8' ? 1 : 4);
  };
  const isWhole = loop.outs.every(({ at }) => {
    const own = at.filter((axis) => axis.extent !== 1);
    return own.length === wide.length && own.every((axis, k) => axis === wide[k]);
  });
  // Numbers of axes are quotients and remainders of the number: only as indices do they add up to it again.
  const beside = values.map((value) => mapExpr(value, (e) => (e.kind === 'load' ? float(0) : e)));
  return isWhole && axesIn(...beside).size === 0 && loadsIn(...values).every(isNear);
}

function scheduleRows(group: Group, evaluator: Evaluator, machine: Machine): GroupSchedule {
  const rows = domainSize(group.rows[0] ?? []);
  const written = new Set<Tensor>(group.loops.flatMap((loop) => loop.outs.map((out) => out.tensor)));
  const tiled = group.loops.map((loop, k) => tiledOf(loop, group.rows[k] ?? [], evaluator));
  const rowAxes = group.rows[0] ?? [];
  const batch = Math.max(0, ...tiled.map((t) => (t === null ? 0 : outerSets(t).length)));
  const perBatch = domainSize(rowAxes.slice(batch));
  const live = liveRows(group, rowAxes);
  const livePerBatch = liveRows(group, rowAxes.slice(batch));
  const block = Math.min(programBlock(group, machine), perBatch);
  const loops = group.loops.map((loop, k): LoopSchedule => {
    const own = group.rows[k] ?? [];
    const contraction = tiled[k];
    if (contraction !== null && contraction !== undefined) {
      const { side, perSet } = cutOf(contraction, own);
      const perTask = block * (unitsOf(side) / Math.max(1, perSet));
      const contract = contractOf(contraction, side, perSet, perTask);
      return { kind: 'contract', packedBefore: isIndependent(contract.whole, written), ...contract };
    }
    const evenRows = block % 4 === 0 && isMultipleOf(4, live) && isMultipleOf(4, livePerBatch);
    return { kind: 'nest', rows: own, lane: laneOf(loop, own, evaluator), evenRows };
  });
  const tasks = (rows / perBatch) * Math.ceil(perBatch / block);
  return { rows, block, perBatch, live, livePerBatch, tasks: Math.max(1, tasks), loops };
}

/** The side of a contraction that the rows of a program cut, and how many of these make one set. */
function cutOf(tiled: Tiled, rows: readonly Axis[]): { readonly side: Side; readonly perSet: number } {
  const program = rows.slice(outerSets(tiled).length);
  const isRows = program.every((axis) => tiled.rows.axes.includes(axis));
  return { side: isRows ? tiled.rows : tiled.columns, perSet: domainSize(program) };
}

/** Elementary operations of a loop, roughly: arithmetic, loads and stores. */
export function loopCost(loop: Loop): number {
  const { term, element } = loopEvaluation(loop);
  const operations = ({ arithmetic, loads }: Evaluation): number => arithmetic + loads;
  const listing = listingOf(loop);
  if (listing !== null) return 2 * listing.rows + 8 * listing.position.extent;
  const terms = loop.reductions.length === 0 ? 0 : termsOf(loop) * operations(term);
  return domainSize(loop.axes) * (terms + operations(element) + loop.outs.length);
}

/**
 * The axis along which a loop runs four elements at a time: the one along which its loads and stores cost
 * least. Null where no axis has four.
 *
 * @param rows axes that are rows: the last of them may be the lane
 */
function laneOf(loop: Loop, rows: readonly Axis[], evaluator: Evaluator): Axis | null {
  const lastRow = rows.findLast((axis) => axis.extent > 1);
  // Four elements walk one list: vectors lie along what the list does not depend on.
  const walk = walkOf(loop);
  const listed = walk === null ? new Set<Axis>() : axesIn(walk.first, walk.count);
  const parallel = loop.axes.filter(
    (axis) => axis.extent >= 4 && !listed.has(axis) && (!rows.includes(axis) || axis === lastRow),
  );
  const reduce = walk === null ? loop.reduceAxes.filter((axis) => axis.extent >= 4) : [];
  let best: Axis | null = null;
  let least = laneCost(loop, null, rows, evaluator);
  for (const axis of [...parallel.reverse(), ...reduce]) {
    const cost = laneCost(loop, axis, rows, evaluator);
    if (cost >= least) continue;
    least = cost;
    best = axis;
  }
  return best;
}

/**
 * Instructions of a loop as it would be written: vectors do four elements at once, but must collect what lies apart. The model of
 * time does not ask along which axis vectors run; what it says of a loop holds for the best one.
 */
function laneCost(loop: Loop, lane: Axis | null, rows: readonly Axis[], evaluator: Evaluator): number {
  const [domain, reduced] = [domainSize(loop.axes), termsOf(loop)];
  const alongReduction = lane !== null && loop.reduceAxes.includes(lane);
  const { values, lane: own } = rowLane(rows, lane, evaluator.driver('row', domainSize(rows)));
  const cost = (exprs: readonly Loop['outs'][number]['value'][], vector: boolean): number => {
    const bound = exprs.map((e) => substituteAxes(e, values));
    return evaluator.cost(bound, vector ? own : null);
  };
  const bodies =
    cost(
      loop.reductions.map((r) => r.body),
      lane !== null,
    ) +
    2 * loop.reductions.length;
  const outs =
    cost(
      loop.outs.map((out) => out.value),
      lane !== null && !alongReduction,
    ) + storeCost(loop, alongReduction ? null : lane);
  const inner = domain * reduced * (lane === null ? 1 : 0.25) * bodies;
  const outer = domain * (lane === null || alongReduction ? 1 : 0.25) * outs;
  const combining = alongReduction ? domain * COMBINE * loop.reductions.length : 0;
  return inner + outer + combining;
}

/** Instructions that combine the four lanes of a reduction: two shuffles, and their additions, for a sum and its rest. Assumed. */
const COMBINE = 12;

/**
 * Cost of the stores of four neighbours, twice that of loads that lie apart: each reaches a line that has left the cache
 * when the next element of it is written.
 */
const SCATTER = 8;

function storeCost(loop: Loop, lane: Axis | null): number {
  return loop.outs.reduce((n, out) => n + (lane === null || out.at.at(-1) === lane ? 1 : SCATTER), 0);
}
