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
} from '../../loops/index.ts';
import { constantOf, driver, i32, minus, plus, times } from './code.ts';
import { type Contract, windowPlaces } from './contract.ts';
import type { Evaluator } from './evaluate.ts';
import { emitNest, endOf, rowValues } from './nest.ts';
import { positionExpr, positionsOf, type Side, unitAxes } from './sides.ts';
import { emitTurnedOutputs, turnedOf } from './turnedOutputs.ts';
import { emitWindowTables, type TableTexts } from './windowKernel.ts';

/** Products that a tile adds up at most before it adds them to the rest. */
const RUN = 64;

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
  /** Where the panels of the whole side lie, of the set. */
  readonly whole: string;
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
  const wholePanels = i32(positionsOf(whole) / whole.width);
  const [rowPanels, columnPanels] = cut.kind === 'rows' ? [cutPanels, wholePanels] : [wholePanels, cutPanels];
  const tables = windowTables(contract, texts, count);
  if (tables !== null && contract.window !== null)
    emitWindowTables(evaluator, tiled, cut, contract.window, tables);
  const [outer, ...inner] = tiled.reduce;
  const steps = inner.map((axis) => endOf(evaluator, axis)).reduce((a, b) => times(a, b), i32(1));
  const tiles = (chunk: PartTexts, isAdded: string): void => {
    const [begin, stop] = chunk;
    const number = times(minus(stop, begin), steps);
    const k = constantOf(number) === null ? code.let('k', 'i32', number) : number;
    const run = i32(runOf(constantOf(k)));
    const cutBytes = times(k, i32(4 * cut.width));
    const own = { at: texts.panels, bytes: cutBytes };
    const other =
      texts.packWhole === undefined
        ? {
            at: plus(texts.whole, times(times(begin, steps), i32(4 * whole.width))),
            bytes: i32(4 * contract.steps * whole.width),
          }
        : { at: texts.whole, bytes: times(k, i32(4 * whole.width)) };
    code.line(texts.pack(chunk, cutBytes));
    if (texts.packWhole !== undefined) code.line(texts.packWhole(chunk, other.bytes));
    const sumTexts = `${k} ${run} ${texts.sums} ${i32(pitch)} ${isAdded}`;
    if (tables !== null) {
      const rows = `${tables.rows} ${rowPanels} ${tables.steps}`;
      code.line(`(call $tiles_at ${rows} ${other.at} ${columnPanels} ${other.bytes} ${sumTexts})`);
      return;
    }
    const [rows, columns] = cut.kind === 'rows' ? [own, other] : [other, own];
    code.line(
      `(call $tiles ${rows.at} ${rowPanels} ${rows.bytes} ${columns.at} ${columnPanels} ${columns.bytes} ${sumTexts})`,
    );
  };
  const [first, end] = texts.part;
  const most = contract.split?.perPart ?? outer?.extent ?? 1;
  if (contract.chunk >= most) {
    tiles([first, end], i32(0));
    return;
  }
  // The first chunk is taken where there is nothing to sum too: it sets the sums to zero.
  const next = plus(first, i32(1));
  const last =
    constantOf(end) === null
      ? code.let('last', 'i32', `(select ${end} ${next} (i32.gt_s ${end} ${first}))`)
      : end;
  code.loop('begin', first, last, contract.chunk, (begin) => {
    const after = plus(begin, i32(contract.chunk));
    const stop = code.let('stop', 'i32', `(select ${after} ${end} (i32.lt_s ${after} ${end}))`);
    tiles([begin, stop], minus(begin, first));
  });
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
  const unit = driver('unit', Math.max(2, domainSize(units)));
  const first = driver('block', Math.max(2, domainSize(units)));
  evaluator.code.scope.axes.set(first, texts.from);
  const set = driver('set', domainSize(tiled.sets));
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
    emitTurnedOutputs(evaluator, outputs, sum, units, turned, range);
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
