import { type Axis, type Dim, domainSize, isMultipleOf, type Tensor } from '../loops/index.ts';
import { type Run, runsOf } from '../loops/runs.ts';
import { lineAligned } from '../runtime/wasm/program.ts';
import { ENOUGH_BLOCKS, MOST_POSITIONS } from '../schedule/taskPhases.ts';
import { driver } from './code.ts';
import type { PackFacts } from './packing.ts';
import { liveUnits, panelSets, positionsOf, type Side, type Tiled, unitsOf } from './sides.ts';
import { TILE_COLUMNS } from './tileSize.ts';
import { layOutWindow } from './window.ts';
import { copyBytes, rowTableBytes, type WindowBlock } from './windowKernel.ts';

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
  /** Bytes of one set of the other side's panels, or of a part's chunk, and how many sets there are. */
  readonly packedBytes: number;
  readonly packedSets: number;
  /** The copy of a block in place of the cut side's panels, where rows are windows. */
  readonly window: WindowBlock | null;
  /** Where the reduction itself is shared between tasks, each with all units; else null. */
  readonly split: Split | null;
  readonly cutFacts: PackFacts;
  readonly wholeFacts: PackFacts;
  /** Of a thread's scratch, while it runs: panels of the block, and its sums. */
  readonly cutBytes: number;
  readonly sumBytes: number;
  /** How the products are added up. */
  readonly runs: SumRuns;
}

/** The loops over calls of the tile: over chunks of the outermost reduction axis, and pieces of a chunk that is long. */
export interface SumRuns {
  readonly chunks: Axis;
  readonly pieces: Axis;
  readonly loops: readonly Run[];
  /** How many of them have sums of their own. */
  readonly levels: number;
}

/** Products that a tile adds up at most before it adds them to the rest. */
export const RUN = 64;

/** Steps of a piece, and from how many on a chunk is taken in pieces. */
const PIECE = 32 * RUN;

function sumRuns(extent: number, chunk: number, chunkSteps: number): SumRuns {
  const [chunks, pieces] = [driver('begin', extent), driver('piece', chunkSteps)];
  const isLong = chunkSteps > 2 * PIECE;
  const steps = new Map([
    [chunks, chunk],
    [pieces, PIECE],
  ]);
  const terms = Math.ceil((isLong ? PIECE : chunkSteps) / RUN);
  const loops = runsOf(isLong ? [chunks, pieces] : [chunks], steps, terms);
  return { chunks, pieces, loops, levels: loops.filter(({ isOwn }) => isOwn).length };
}

/** A reduction in parts: each task adds up one for all outputs, and tasks of a sweep after add up the parts, in order. */
export interface Split {
  readonly parts: number;
  /** Values of the outermost reduction axis in a part. */
  readonly perPart: number;
  /** Units whose parts one task adds up. */
  readonly units: number;
}

/**
 * The schedule of a contraction.
 *
 * @param cut the side that tasks cut
 * @param perSet rows of the group that make one set
 * @param perTask units of the cut side in a task; as many as are computed at a time by default
 */
export function contractOf(tiled: Tiled, cut: Side, perSet: number, perTask?: number): Contract {
  const whole = cut === tiled.rows ? tiled.columns : tiled.rows;
  const split = perTask === undefined && cut.kind === 'rows' ? splitOf(tiled) : null;
  const [first, ...inner] = tiled.reduce;
  const innerSteps = domainSize(inner);
  const extent = first?.extent ?? 1;
  const most = Math.floor((split === null ? CHUNK : PART_CHUNK) / innerSteps);
  const chunk = Math.max(1, Math.min(split?.perPart ?? extent, inner.length > 0 ? most : 4 * (most >> 2)));
  const block = split === null ? blockOf(cut, perTask ?? Infinity, tiled, chunk) : unitsOf(cut);
  const steps = domainSize(tiled.reduce);
  const window =
    cut.window === null ? null : windowBlock(cut, block, tiled, chunk, perTask, split?.perPart ?? extent);
  const last = inner[inner.length - 1] ?? first;
  const isWhole = last?.live === undefined && (last?.extent ?? 1) % 4 === 0;
  const isEven = (n: Dim): boolean => isMultipleOf(cut.width, n);
  const evenSteps = isWhole && (inner.length > 0 || (chunk % 4 === 0 && (split?.perPart ?? 4) % 4 === 0));
  const wholePositions = positionsOf(whole);
  const chunkSteps = chunk * innerSteps;
  return {
    tiled,
    perSet,
    cut,
    whole,
    steps,
    block,
    chunk,
    packedBytes: wholePositions * (split === null ? steps : chunkSteps) * 4,
    packedSets: panelSets(tiled, whole),
    window,
    split,
    cutFacts: {
      isEven: cut.outer.length === 0 && isEven(liveUnits(cut)) && isEven(block) && isEven(perTask ?? block),
      evenSteps,
    },
    wholeFacts: {
      isEven: whole.outer.length === 0 && isMultipleOf(whole.width, liveUnits(whole)),
      evenSteps: split === null ? isWhole : evenSteps,
    },
    cutBytes:
      window === null
        ? positionsOf(cut, block) * chunkSteps * 4
        : windowPlaces(window, positionsOf(cut, block), chunkSteps).end,
    sumBytes: positionsOf(cut, block) * wholePositions * 4,
    runs: sumRuns(split?.perPart ?? extent, chunk, chunkSteps),
  };
}

/** Steps for which a part of the reduction packs both sides at a time. */
const PART_CHUNK = 512;

/** Steps from which on a reduction is split, and sums up to which: adding up parts should cost next to nothing. */
const LEAST_STEPS = 2048;
const MOST_SUMS = 1 << 15;

/** Parts of a reduction: enough for threads to share, whatever their number is, for sums depend on it. */
const PARTS = 16;

/** The parts of a long reduction with few outputs; null where it is none, or where windows are cut along several axes. */
function splitOf({ sets, rows, columns, reduce }: Tiled): Split | null {
  const [first, ...inner] = reduce;
  if (first === undefined || domainSize(sets) > 1 || domainSize(reduce) < LEAST_STEPS) return null;
  if (positionsOf(rows) * positionsOf(columns) > MOST_SUMS || first.extent < PARTS / 2) return null;
  if (rows.window !== null && slidExtent(rows) !== unitsOf(rows)) return null;
  const each = Math.ceil(first.extent / PARTS);
  const perPart = inner.length > 0 ? each : 4 * Math.ceil(each / 4);
  const units = Math.ceil(unitsOf(rows) / ENOUGH_BLOCKS);
  return { parts: Math.ceil(first.extent / perPart), perPart, units };
}

/** Bytes of the copy of a block of windows, at most. */
const COPY_BYTES = 1 << 17;

/** Units of a side that are computed at a time. @param perTask units of a task */
function blockOf(cut: Side, perTask: number, tiled: Tiled, chunk: number): number {
  if (cut.window !== null) return windowUnits(cut, perTask, tiled, chunk);
  const units = Math.min(unitsOf(cut), perTask);
  const most = MOST_POSITIONS[cut.kind];
  if (cut.outer.length > 0) return Math.max(1, Math.min(units, Math.floor((2 * most) / cut.line)));
  const panels = Math.ceil(units / cut.width);
  const enough = Number.isFinite(perTask) ? panels : Math.ceil(panels / ENOUGH_BLOCKS);
  return cut.width * Math.max(1, Math.min(most / cut.width, enough));
}

/** The same where rows are windows: values of the last outer axis, about as many in each block. */
function windowUnits(cut: Side, perTask: number, tiled: Tiled, chunk: number): number {
  const extent = slidExtent(cut);
  const enough = Number.isFinite(perTask) ? perTask : Math.ceil(unitsOf(cut) / ENOUGH_BLOCKS);
  let most = Math.min(extent, enough, Math.max(1, Math.floor(MOST_POSITIONS.windows / cut.length)));
  while (most > 1 && copyBytes(windowBlock(cut, most, tiled, chunk)) > COPY_BYTES) most = Math.ceil(most / 2);
  return Math.ceil(extent / Math.ceil(extent / Math.max(1, most)));
}

/** Values of the axis along which a block of windows is cut: no block crosses where it begins again. */
export function slidExtent({ outer }: Side): number {
  return Math.max(1, outer[outer.length - 1]?.extent ?? 1);
}

function windowBlock(
  cut: Side,
  block: number,
  { reduce }: Tiled,
  chunk: number,
  perTask?: number,
  perPart = chunk,
): WindowBlock {
  const slid = cut.outer[cut.outer.length - 1];
  const [outermost] = reduce;
  const extentOf = (axis: Axis): number =>
    axis === slid ? block : axis === outermost ? chunk : cut.outer.includes(axis) ? 1 : axis.extent;
  const extent = slidExtent(cut);
  return {
    layout: layOutWindow(cut.window ?? [], extentOf),
    block,
    chunk,
    isWholeBlock:
      block === 1 ||
      (slid?.live === undefined && extent % block === 0 && (perTask === undefined || perTask % extent === 0)),
    isWholeChunk:
      outermost?.live === undefined && (outermost?.extent ?? 1) % perPart === 0 && perPart % chunk === 0,
  };
}

/** Where the parts of a block of windows lie, in bytes from where it begins: the copy, then its tables. */
export function windowPlaces(
  window: WindowBlock,
  positions: number,
  steps: number,
): { readonly rows: number; readonly steps: number; readonly end: number } {
  const rows = lineAligned(copyBytes(window));
  const stepsAt = rows + lineAligned(rowTableBytes(positions));
  return { rows, steps: stepsAt, end: stepsAt + 4 * steps };
}

/**
 * Bytes of packed columns that the second cache holds beside everything else: tasks go through all of them again and again
 * (measured, npm run bench -- --target wasm --kernels --workload w5: gradients of weights with 2 MiB take 3 to 7 % less
 * where tasks cut the columns).
 */
const CACHED_BYTES = 1 << 20;

/**
 * The side that tasks cut: rows, so that sums lie together; columns where there are few rows, or so many columns
 * that packing them all before would only move them through memory.
 */
export function cutSide(tiled: Tiled): Side {
  const { rows, columns, reduce } = tiled;
  if (rows.window !== null || splitOf(tiled) !== null) return rows;
  const blocks = (side: Side): number => Math.ceil(unitsOf(side) / blockOf(side, Infinity, tiled, 1));
  const bytes = (side: Side): number => positionsOf(side) * domainSize(reduce) * 4;
  if (blocks(rows) < ENOUGH_BLOCKS && blocks(columns) > blocks(rows)) return columns;
  return bytes(columns) > CACHED_BYTES && bytes(rows) < bytes(columns) ? columns : rows;
}

/** Units of the whole side that one task packs: some panels. */
export function packedUnits(contract: Contract): number {
  const { whole } = contract;
  const positions = 8 * TILE_COLUMNS;
  return whole.outer.length > 0 ? Math.max(1, Math.floor(positions / whole.line)) : positions;
}

/** The sums of units as a tensor, `[row, column]`, which the outputs' values read. */
export function sumsTensor({ cut, whole }: Contract, units: number): Tensor {
  const sizes = [positionsOf(cut, units), positionsOf(whole)];
  const shape = cut.kind === 'rows' ? sizes : sizes.reverse();
  return { name: 'sums', shape, dtype: 'f32', role: 'private' };
}
