import { domainSize, type Loop } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { guestSides } from './orient.ts';
import type { StagedTile } from './schedule.ts';

/** Rows and columns of a staged tile. */
export function tileExtents({ threads, perThread }: StagedTile): readonly [number, number] {
  return [threads[0] * perThread[0], threads[1] * perThread[1]];
}

/** Where the parts of a staged tile lie in its workgroup array, in f32 words. */
export interface StagingLayout {
  /** `[depth][rows + 1]`: the odd stride spreads what neighbours load over memory banks. */
  readonly a: number;
  /** `[depth][columns + 1]`. */
  readonly b: number;
  /** `[rows][columns]`. It lies over the operands: sums meet when all products are added. */
  readonly sums: number;
  /** Of each further sum beside the products `[rows]` or `[columns]`. */
  readonly guests: readonly number[];
  /** Words of the whole array. */
  readonly words: number;
}

/** The layout of a loop's staged tile. */
export function stagingLayout(loop: Loop, tile: StagedTile): StagingLayout {
  const [rows, columns] = tileExtents(tile);
  let end = rows * columns;
  const guests = guestSides(loop).map((side) => {
    const from = end;
    end += side === 'a' ? rows : columns;
    return from;
  });
  return { a: 0, b: tile.depth * (rows + 1), sums: 0, guests, words: stagedWords(loop, tile) };
}

/** Words of the array in which a loop's tile is staged: its operands, or its sums after them. */
export function stagedWords(loop: Loop, { threads, perThread, depth }: StagedTile): number {
  const rows = threads[0] * perThread[0];
  const columns = threads[1] * perThread[1];
  let sums = rows * columns;
  for (const side of guestSides(loop)) sums += side === 'a' ? rows : columns;
  return Math.max(depth * (rows + 1) + depth * (columns + 1), sums);
}

/** Operands of each side that an invocation loads for a chunk of `depth` steps. */
export function loadsEach(
  tile: StagedTile,
  { workgroup }: Pick<Machine, 'workgroup'>,
): readonly [number, number] {
  const [rows, columns] = tileExtents(tile);
  return [Math.ceil((tile.depth * rows) / workgroup), Math.ceil((tile.depth * columns) / workgroup)];
}

/** Values that an invocation holds in registers: its sums, and the next chunk's operands where they are loaded ahead. */
export function heldValues(loop: Loop, tile: StagedTile, machine: Machine): number {
  const sums = sumsOf(loop, tile);
  const [a, b] = loadsEach(tile, machine);
  return isAhead(loop, tile, machine) ? sums + a + b : sums;
}

/**
 * Whether an invocation loads its operands of the next chunk before it multiplies those of this one, so that it does not
 * wait for them: it does where its registers hold them beside its sums.
 */
export function isAhead(loop: Loop, tile: StagedTile, machine: Machine): boolean {
  const [a, b] = loadsEach(tile, machine);
  return tile.depth < domainSize(loop.reduceAxes) && sumsOf(loop, tile) + a + b <= machine.sums;
}

function sumsOf(loop: Loop, { perThread }: StagedTile): number {
  let sums = perThread[0] * perThread[1];
  for (const side of guestSides(loop)) sums += perThread[side === 'a' ? 0 : 1];
  return sums;
}
