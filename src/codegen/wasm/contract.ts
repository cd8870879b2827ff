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
import { lineAligned } from '../../runtime/wasm/program.ts';
import { constantOf, driver, i32, minus, plus, times } from './code.ts';
import type { Evaluator } from './evaluate.ts';
import { emitNest, endOf, rowValues } from './nest.ts';
import type { PackFacts } from './packing.ts';
import { panelSets, positionExpr, positionsOf, type Side, type Tiled, unitAxes, unitsOf } from './sides.ts';
import { TILE_COLUMNS } from './tile.ts';
import { layOutWindow } from './window.ts';
import {
  copyBytes,
  emitWindowTables,
  rowTableBytes,
  type TableTexts,
  type WindowBlock,
} from './windowKernel.ts';

/** Products that a tile adds up at most before it adds them to the rest. */
const RUN = 64;

/** Runs of so many products that they are all about as long: a short one costs as much as a long one. */
function runOf(products: number | null): number {
  return products === null ? RUN : Math.ceil(products / Math.max(1, Math.ceil(products / RUN)));
}

/** Steps of the reduction for which a task packs its own side at a time: its panels stay in the cache. */
const CHUNK = 1024;

/** How one contraction runs: over blocks of one side, each with all of the other. */
export interface Contract {
  readonly tiled: Tiled;
  /** Rows of the group that make one set. */
  readonly perSet: number;
  /** The side that tasks cut and pack for themselves. */
  readonly cut: Side;
  /** The other one, of which all panels are packed before. */
  readonly whole: Side;
  /** Products that each output sums. */
  readonly steps: number;
  /** Units of the cut side that are computed at a time. */
  readonly block: number;
  /** Values of the outermost reduction axis for which they are packed at a time. */
  readonly chunk: number;
  /** Bytes of one set of the other side's panels, and how many sets there are. */
  readonly packedBytes: number;
  readonly packedSets: number;
  /** The copy of a block in place of the cut side's panels, where rows are windows. */
  readonly window: WindowBlock | null;
  readonly cutFacts: PackFacts;
  readonly wholeFacts: PackFacts;
  /** Of a thread's scratch, while it runs: panels of the block, and its sums. */
  readonly cutBytes: number;
  readonly sumBytes: number;
}

/**
 * The schedule of a contraction.
 *
 * @param cut the side that tasks cut
 * @param perSet rows of the group that make one set
 * @param perTask units of the cut side in a task; as many as are computed at a time by default
 */
export function contractOf(loop: Loop, tiled: Tiled, cut: Side, perSet: number, perTask?: number): Contract {
  const whole = cut === tiled.rows ? tiled.columns : tiled.rows;
  const [first, ...inner] = loop.reduceAxes;
  const innerSteps = domainSize(inner);
  const chunk = Math.min(first?.extent ?? 1, Math.max(1, Math.floor(CHUNK / innerSteps)));
  const block = blockOf(cut, perTask ?? Infinity, loop, chunk);
  const steps = domainSize(loop.reduceAxes);
  const window = cut.window === null ? null : windowBlock(cut, block, loop, chunk, perTask);
  const last = inner[inner.length - 1] ?? first;
  const isWhole = last?.live === undefined && (last?.extent ?? 1) % 4 === 0;
  const isEven = (n: number): boolean => n % cut.width === 0;
  const units = unitsOf(cut);
  const wholePositions = positionsOf(whole);
  return {
    tiled,
    perSet,
    cut,
    whole,
    steps,
    block,
    chunk,
    packedBytes: wholePositions * steps * 4,
    packedSets: panelSets(tiled, whole),
    window,
    cutFacts: {
      isEven: cut.outer.length === 0 && isEven(units) && isEven(block) && isEven(perTask ?? block),
      evenSteps: isWhole && (inner.length > 0 || chunk % 4 === 0),
    },
    wholeFacts: { isEven: whole.outer.length === 0 && whole.length % whole.width === 0, evenSteps: isWhole },
    cutBytes:
      window === null
        ? positionsOf(cut, block) * chunk * innerSteps * 4
        : windowPlaces(window, positionsOf(cut, block), chunk * innerSteps).end,
    sumBytes: positionsOf(cut, block) * wholePositions * 4,
  };
}

/** Positions of a block: rows so that a panel of columns serves four panels, columns so that sums stay in the cache. */
export const MOST_POSITIONS = { rows: 16, columns: 64 };

/** Blocks that a side should have at least, so that threads share them evenly. */
const ENOUGH_BLOCKS = 8;

/** Positions of a block of windows, and bytes of its copy, at most. */
export const WINDOW_POSITIONS = 256;
const COPY_BYTES = 1 << 17;

/** Units of a side that are computed at a time. @param perTask units of a task */
function blockOf(cut: Side, perTask: number, loop: Loop, chunk: number): number {
  if (cut.window !== null) return windowUnits(cut, perTask, loop, chunk);
  const units = Math.min(unitsOf(cut), perTask);
  const most = MOST_POSITIONS[cut.kind];
  if (cut.outer.length > 0) return Math.max(1, Math.min(units, Math.floor((2 * most) / cut.line)));
  const panels = Math.ceil(units / cut.width);
  const enough = Number.isFinite(perTask) ? panels : Math.ceil(panels / ENOUGH_BLOCKS);
  return cut.width * Math.max(1, Math.min(most / cut.width, enough));
}

/** The same where rows are windows: values of the last outer axis, about as many in each block. */
function windowUnits(cut: Side, perTask: number, loop: Loop, chunk: number): number {
  const extent = slidExtent(cut);
  const enough = Number.isFinite(perTask) ? perTask : Math.ceil(unitsOf(cut) / ENOUGH_BLOCKS);
  let most = Math.min(extent, enough, Math.max(1, Math.floor(WINDOW_POSITIONS / cut.length)));
  while (most > 1 && copyBytes(windowBlock(cut, most, loop, chunk)) > COPY_BYTES) most = Math.ceil(most / 2);
  return Math.ceil(extent / Math.ceil(extent / Math.max(1, most)));
}

/** Values of the axis along which a block of windows is cut: no block crosses where it begins again. */
export function slidExtent({ outer }: Side): number {
  return Math.max(1, outer[outer.length - 1]?.extent ?? 1);
}

function windowBlock(cut: Side, block: number, loop: Loop, chunk: number, perTask?: number): WindowBlock {
  const slid = cut.outer[cut.outer.length - 1];
  const [outermost] = loop.reduceAxes;
  const extentOf = (axis: Axis): number =>
    axis === slid ? block : axis === outermost ? chunk : cut.outer.includes(axis) ? 1 : axis.extent;
  const extent = slidExtent(cut);
  return {
    layout: layOutWindow(cut.window ?? [], extentOf),
    block,
    chunk,
    isWholeBlock: block === 1 || (extent % block === 0 && (perTask === undefined || perTask % extent === 0)),
    isWholeChunk: outermost?.live === undefined && chunk >= (outermost?.extent ?? 1),
  };
}

/** Where the parts of a block of windows lie, in bytes from where it begins: the copy, then its tables. */
function windowPlaces(
  window: WindowBlock,
  positions: number,
  steps: number,
): { readonly rows: number; readonly steps: number; readonly end: number } {
  const rows = lineAligned(copyBytes(window));
  const stepsAt = rows + lineAligned(rowTableBytes(positions));
  return { rows, steps: stepsAt, end: stepsAt + 4 * steps };
}

/** Bytes of packed columns that caches hold beside everything else. */
const CACHED_BYTES = 1 << 22;

/**
 * The side that tasks cut: rows, so that sums lie together; columns where there are few rows, or so many columns
 * that packing them all before would only move them through memory.
 */
export function cutSide(loop: Loop, { rows, columns }: Tiled): Side {
  if (rows.window !== null) return rows;
  const blocks = (side: Side): number => Math.ceil(unitsOf(side) / blockOf(side, Infinity, loop, 1));
  const bytes = (side: Side): number => positionsOf(side) * domainSize(loop.reduceAxes) * 4;
  if (blocks(rows) < ENOUGH_BLOCKS && blocks(columns) > blocks(rows)) return columns;
  return bytes(columns) > CACHED_BYTES && bytes(rows) < bytes(columns) ? columns : rows;
}

/** Units of the whole side that one task packs: some panels. */
export function packedUnits(contract: Contract): number {
  const { whole } = contract;
  const positions = 8 * TILE_COLUMNS;
  return whole.outer.length > 0 ? Math.max(1, Math.floor(positions / whole.line)) : positions;
}

/** The sums of a block as a tensor, `[row, column]`, which the outputs' values read. */
export function sumsTensor({ cut, whole, block }: Contract): Tensor {
  const sizes = [positionsOf(cut, block), positionsOf(whole)];
  const shape = cut.kind === 'rows' ? sizes : sizes.reverse();
  return { name: 'sums', shape, dtype: 'f32', role: 'private' };
}

/** Addresses and functions that a contraction's code uses, as texts. */
export interface ContractTexts {
  readonly set: string;
  /** Units of the cut side, within their set. */
  readonly from: string;
  readonly to: string;
  /** Where the panels of the cut side and the sums lie. */
  readonly panels: string;
  readonly sums: string;
  /** Where the panels of the whole side lie, of the set. */
  readonly whole: string;
  /** The call that packs the cut side: of a part of the outermost reduction axis, panels so many bytes apart. */
  readonly pack: (part: readonly [from: string, to: string], panelBytes: string) => string;
}

/**
 * Writes a contraction for units `[from, to)`, at most a block and of one set: packs them, adds up the tiles,
 * then computes the outputs from the sums.
 *
 * @param sums tensor that the outputs' values read, `sumsTensor`
 */
export function emitContract(
  evaluator: Evaluator,
  loop: Loop,
  contract: Contract,
  texts: ContractTexts,
  sums: Tensor,
): void {
  const { code } = evaluator;
  const { cut, whole } = contract;
  const { from, to } = texts;
  const pitch = 4 * Number(sums.shape[1]);
  const count = minus(to, from);
  const positions = cut.outer.length > 0 ? times(count, i32(cut.line)) : count;
  const isWhole = cut.outer.length > 0 && cut.line % cut.width === 0;
  const upwards = isWhole ? positions : plus(positions, i32(cut.width - 1));
  const cutPanels = code.let('panels', 'i32', `(i32.div_u ${upwards} ${i32(cut.width)})`);
  const wholePanels = i32(positionsOf(whole) / whole.width);
  const [rowPanels, columnPanels] = cut.kind === 'rows' ? [cutPanels, wholePanels] : [wholePanels, cutPanels];
  const [outer, ...inner] = loop.reduceAxes;
  if (outer === undefined) throw new RangeError(`${loop.name}: a contraction without a reduction`);
  const steps = inner.map((axis) => endOf(evaluator, axis)).reduce((a, b) => times(a, b), i32(1));
  const end = endOf(evaluator, outer);
  const tables = windowTables(loop, contract, texts, count);
  if (tables !== null && contract.window !== null)
    emitWindowTables(evaluator, loop, cut, contract.window, tables);
  const tiles = (begin: string, stop: string, isAdded: string): void => {
    const number = times(minus(stop, begin), steps);
    const k = constantOf(number) === null ? code.let('k', 'i32', number) : number;
    const run = i32(runOf(constantOf(k)));
    const cutBytes = times(k, i32(4 * cut.width));
    code.line(texts.pack([begin, stop], cutBytes));
    const own = { at: texts.panels, bytes: cutBytes };
    const other = {
      at: plus(texts.whole, times(times(begin, steps), i32(4 * whole.width))),
      bytes: i32(4 * contract.steps * whole.width),
    };
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
  if (contract.chunk >= outer.extent) tiles(i32(0), end, i32(0));
  else {
    // The first chunk is taken where there is nothing to sum too: it sets the sums to zero.
    const last =
      outer.live === undefined ? end : `(select ${end} (i32.const 1) (i32.gt_s ${end} (i32.const 0)))`;
    code.loop('begin', i32(0), last, contract.chunk, (begin) => {
      const next = plus(begin, i32(contract.chunk));
      tiles(begin, code.let('stop', 'i32', `(select ${next} ${end} (i32.lt_s ${next} ${end}))`), begin);
    });
  }
  emitOutputs(evaluator, loop, contract, texts, sums);
}

/** Where the tables of a block of windows lie; null where rows are packed. */
function windowTables(
  loop: Loop,
  { window, cut, block, chunk }: Contract,
  { panels }: ContractTexts,
  count: string,
): TableTexts | null {
  if (window === null) return null;
  const steps = chunk * domainSize(loop.reduceAxes.slice(1));
  const places = windowPlaces(window, positionsOf(cut, block), steps);
  return {
    count,
    copy: panels,
    rows: plus(panels, i32(places.rows)),
    steps: plus(panels, i32(places.steps)),
  };
}

/** What remains is a loop without a reduction, over the block's units and all of the other side. */
function emitOutputs(
  evaluator: Evaluator,
  loop: Loop,
  { cut, whole, tiled }: Contract,
  texts: ContractTexts,
  sums: Tensor,
): void {
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
  const lane = laneAxis(tiled.columns, units);
  const fixed = rowValues(tiled.sets, set);
  emitNest(
    evaluator,
    outputs,
    { rows: units, lane, evenRows: false },
    { from: texts.from, to: texts.to, row: unit, fixed },
  );
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
