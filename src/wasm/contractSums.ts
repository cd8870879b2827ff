import {
  type Axis,
  axisRef,
  domainSize,
  type Expr,
  int,
  type Loop,
  load,
  mapExpr,
  type Tensor,
} from '../loops/index.ts';
import { type Code, constantOf, i32, minus, plus, times } from './code.ts';
import { type Contract, RUN, windowPlaces } from './contract.ts';
import type { Evaluator } from './evaluate.ts';
import { emitNest, endOf, rowValues } from './nest.ts';
import { positionExpr, positionsOf, type Side, unitAxes } from './sides.ts';
import { emitTurnedOutputs, turnedOf } from './turnedOutputs.ts';
import { emitWindowTables, type TableTexts } from './windowKernel.ts';

/** Runs of so many products that they are all about as long: a short one costs as much as a long one. */
function runOf(products: number | null): number {
  return products === null ? RUN : Math.ceil(products / Math.max(1, Math.ceil(products / RUN)));
}

/** A part of the outermost reduction axis, as texts. */
export type PartTexts = readonly [from: string, to: string];

/** Units of a set, as texts. */
export interface UnitTexts {
  readonly set: string;
  readonly from: string;
  readonly to: string;
}

/** Addresses and functions that adding up uses, as texts. */
export interface SumTexts extends UnitTexts {
  /** Where the panels of the cut side, or its copy and tables, and the sums lie. */
  readonly panels: string;
  readonly sums: string;
  /** Where the sums of runs lie that join these: as many bytes for each level. */
  readonly runSums: (level: number) => string;
  /** Where the panels of the whole side lie, of the set, and how many hold something live. */
  readonly whole: string;
  readonly wholePanels: string;
  /** The call that packs the cut side: of a part of the outermost reduction axis, panels so many bytes apart. */
  readonly pack: (part: PartTexts, panelBytes: string) => string;
  /** The same for the whole side, where it is packed for each chunk; else it is packed before. */
  readonly packWhole?: (part: PartTexts, panelBytes: string) => string;
  /** The part that is added up. */
  readonly part: PartTexts;
}

/**
 * Writes the adding up of a part of the reduction for units `[from, to)`, at most a block and of one set, chunk by chunk:
 * packs them, then adds up tiles.
 */
export function emitSums(evaluator: Evaluator, contract: Contract, texts: SumTexts): void {
  const { code } = evaluator;
  const { cut, whole, tiled } = contract;
  const { from, to } = texts;
  const pitch = 4 * (cut.kind === 'rows' ? positionsOf(whole) : positionsOf(cut, contract.block));
  const count = minus(to, from);
  const positions = cut.outer.length > 0 ? times(count, i32(cut.line)) : count;
  const isWhole = cut.outer.length > 0 && cut.line % cut.width === 0;
  const upwards = isWhole ? positions : plus(positions, i32(cut.width - 1));
  const cutPanels = code.let('panels', 'i32', `(i32.div_u ${upwards} ${i32(cut.width)})`);
  const { wholePanels } = texts;
  const [rowPanels, columnPanels] = cut.kind === 'rows' ? [cutPanels, wholePanels] : [wholePanels, cutPanels];
  const tables = windowTables(contract, texts, count);
  if (tables !== null && contract.window !== null)
    emitWindowTables(evaluator, tiled, cut, contract.window, tables);
  const [, ...inner] = tiled.reduce;
  const steps = inner.map((axis) => endOf(evaluator, axis)).reduce((a, b) => times(a, b), i32(1));
  /** Packs a chunk. @returns its steps, and what adds up a piece of it */
  const packed = ([begin, stop]: PartTexts): { k: string; tiles: AddPiece } => {
    const number = times(minus(stop, begin), steps);
    const k = constantOf(number) === null ? code.let('k', 'i32', number) : number;
    const cutBytes = times(k, i32(4 * cut.width));
    const own = { at: texts.panels, bytes: cutBytes, width: cut.width };
    const other =
      texts.packWhole === undefined
        ? {
            at: plus(texts.whole, times(times(begin, steps), i32(4 * whole.width))),
            bytes: i32(4 * contract.steps * whole.width),
            width: whole.width,
          }
        : { at: texts.whole, bytes: times(k, i32(4 * whole.width)), width: whole.width };
    code.line(texts.pack([begin, stop], cutBytes));
    if (texts.packWhole !== undefined) code.line(texts.packWhole([begin, stop], other.bytes));
    const tiles: AddPiece = (from, count, sums, isAdded) => {
      const at = (side: typeof own): string => plus(side.at, times(from, i32(4 * side.width)));
      const sumTexts = `${count} ${i32(runOf(constantOf(count)))} ${sums} ${i32(pitch)} ${isAdded}`;
      if (tables !== null) {
        const rows = `${tables.rows} ${rowPanels} ${plus(tables.steps, times(from, i32(4)))}`;
        code.line(`(call $tiles_at ${rows} ${at(other)} ${columnPanels} ${other.bytes} ${sumTexts})`);
        return;
      }
      const [rows, columns] = cut.kind === 'rows' ? [own, other] : [other, own];
      code.line(
        `(call $tiles ${at(rows)} ${rowPanels} ${rows.bytes} ${at(columns)} ${columnPanels} ${columns.bytes} ${sumTexts})`,
      );
    };
    return { k, tiles };
  };
  const [first, end] = texts.part;
  const { loops, chunks, pieces } = contract.runs;
  if (contract.chunk >= chunks.extent && loops.length === 1) {
    const { k, tiles } = packed([first, end]);
    tiles(i32(0), k, texts.sums, i32(0));
    return;
  }
  /** At least one turn: where there is nothing to add up it sets the sums to zero. */
  const atLeastOne = (to: string, from: string): string => {
    const next = plus(from, i32(1));
    return constantOf(to) === null || constantOf(from) === null
      ? code.let('last', 'i32', `(select ${to} ${next} (i32.gt_s ${to} ${from}))`)
      : to;
  };
  const least = (a: string, b: string): string =>
    code.let('stop', 'i32', `(select ${a} ${b} (i32.lt_s ${a} ${b}))`);
  /** Sums, and a local that says whether they hold something. */
  const sumsAt = (at: string): Sums => {
    const added = code.local('added', 'i32');
    code.line(`(local.set ${added} (i32.const 0))`);
    return { at, added };
  };
  let level = 0;
  const visit = (n: number, sums: Sums, turn: PartTexts, chunk: ReturnType<typeof packed> | null): void => {
    const loop = loops[n];
    if (loop === undefined) {
      const [from, to] = turn;
      const { k, tiles } = chunk ?? packed([from, least(to, end)]);
      if (chunk === null) tiles(i32(0), k, sums.at, `(local.get ${sums.added})`);
      else tiles(from, minus(least(to, k), from), sums.at, `(local.get ${sums.added})`);
      code.line(`(local.set ${sums.added} (i32.const 1))`);
      return;
    }
    const { axis, step, isOwn } = loop;
    const own = isOwn ? texts.runSums(level++) : null;
    code.loop(axis.name, turn[0], turn[1], step, (at) => {
      const inner = own === null ? sums : sumsAt(own);
      const next: PartTexts = [at, plus(at, i32(step))];
      const following = loops[n + 1]?.axis;
      if (following === axis) visit(n + 1, inner, [at, least(next[1], turn[1])], chunk);
      else if (following === pieces) {
        const made = packed([at, least(next[1], end)]);
        visit(n + 1, inner, [i32(0), atLeastOne(made.k, i32(0))], made);
      } else visit(n + 1, inner, next, chunk);
      if (own !== null) emitJoin(code, sums, inner, contract.sumBytes);
    });
  };
  visit(0, sumsAt(texts.sums), [first, atLeastOne(end, first)], null);
}

/** Adds up `count` steps of a chunk from one on. @param isAdded whether to what the sums hold */
type AddPiece = (from: string, count: string, sums: string, isAdded: string) => void;

/** Where sums lie, and the local that says whether they hold something. */
interface Sums {
  readonly at: string;
  readonly added: string;
}

/** Adds the sums of a run to those around it. */
function emitJoin(code: Code, total: Sums, run: Sums, bytes: number): void {
  const [to, from] = [code.local('to', 'i32'), code.local('from', 'i32')];
  code.line(`(if (local.get ${total.added}) (then`);
  code.line(`  (local.set ${to} ${total.at})`);
  code.line(`  (local.set ${from} ${run.at})`);
  code.line(`  (loop $next_sum`);
  code.line(
    `    (v128.store (local.get ${to}) (f32x4.add (v128.load (local.get ${to})) (v128.load (local.get ${from}))))`,
  );
  code.line(`    (local.set ${from} (i32.add (local.get ${from}) (i32.const 16)))`);
  code.line(`    (local.set ${to} (i32.add (local.get ${to}) (i32.const 16)))`);
  code.line(`    (br_if $next_sum (i32.lt_u (local.get ${from}) ${plus(run.at, i32(bytes))})))`);
  code.line(`) (else (memory.copy ${total.at} ${run.at} ${i32(bytes)})))`);
  code.line(`(local.set ${total.added} (i32.const 1))`);
}

/** Where the tables of a block of windows lie; null where rows are packed. */
function windowTables(
  { window, cut, block, chunk, tiled }: Contract,
  { panels }: SumTexts,
  count: string,
): TableTexts | null {
  if (window === null) return null;
  const steps = chunk * domainSize(tiled.reduce.slice(1));
  const places = windowPlaces(window, positionsOf(cut, block), steps);
  return {
    count,
    copy: panels,
    rows: plus(panels, i32(places.rows)),
    steps: plus(panels, i32(places.steps)),
  };
}

/**
 * Writes what remains: a loop without a reduction, over units and all of the other side.
 *
 * @param sums tensor that the outputs' values read, `sumsTensor`
 */
export function emitOutputs(
  evaluator: Evaluator,
  loop: Loop,
  contract: Contract,
  texts: UnitTexts,
  sums: Tensor,
): void {
  const { cut, whole, tiled } = contract;
  const units = unitAxes(cut);
  const unit = evaluator.driver('unit', Math.max(2, domainSize(units)));
  const first = evaluator.driver('block', Math.max(2, domainSize(units)));
  evaluator.code.scope.axes.set(first, texts.from);
  const set = evaluator.driver('set', domainSize(tiled.sets));
  evaluator.code.scope.axes.set(set, texts.set);
  const own = positionExpr(cut, axisRef(first));
  const other = positionExpr(whole, int(0));
  const sum = load(sums, cut.kind === 'rows' ? [own, other] : [other, own]);
  const isSum = (e: Expr): boolean => e.kind === 'acc' && e.reduction === 0 && e.part === 0;
  const outputs: Loop = {
    ...loop,
    axes: [...units, ...loop.axes.filter((axis) => !units.includes(axis) && !tiled.sets.includes(axis))],
    reduceAxes: [],
    reductions: [],
    outs: loop.outs.map((out) => ({ ...out, value: mapExpr(out.value, (e) => (isSum(e) ? sum : e)) })),
  };
  const range = { from: texts.from, to: texts.to, row: unit, fixed: rowValues(tiled.sets, set) };
  const turned = turnedOf(loop, contract);
  if (turned !== null) {
    emitTurnedOutputs(evaluator, outputs, sum, units, turned, cut.outer.length > 0 ? cut.line : 1, range);
    return;
  }
  const lane = laneAxis(tiled.columns, units);
  emitNest(evaluator, outputs, { rows: units, lane, evenRows: false }, range);
}

/** The axis along which sums lie side by side, and outputs with them as far as a side was chosen for that. */
function laneAxis(columns: Side, units: readonly Axis[]): Axis | null {
  const wide = columns.inner.filter((axis) => axis.extent > 1);
  const last = wide[wide.length - 1];
  if (last === undefined || columns.length < 4) return null;
  // Four neighbours of a line of several axes: only where its elements follow one another.
  if (units.includes(last) && wide.length > 1) return columns.alongReduction ? null : last;
  return last.extent < 4 ? null : last;
}
