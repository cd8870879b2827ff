import { domainSize, type Loop } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { StagedTile } from './schedule.ts';
import { stagedWords } from './staging.ts';

/** Outputs of an invocation in a staged tile, rows by columns. */
const STAGED_TILES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 4],
  [4, 1],
  [2, 2],
  [2, 4],
  [4, 2],
  [4, 4],
  [4, 8],
  [8, 4],
];

/** Shares of a staged tile's reduction: more leave each invocation hardly a step between barriers. */
const SHARES = [1, 4, 16, 32];

/** Steps of the reduction that are staged at a time, at least: of a shorter one some are empty. */
export const LEAST_DEPTH = 16;

/** Steps of the reduction that are staged at a time. */
const DEPTHS = [LEAST_DEPTH, 32, 64];

/** How much longer than wide a grid of invocations may be: what is longer loads more than it multiplies. */
const LONGEST_GRID = 4;

/**
 * Tiles of a contraction whose operands are staged in workgroup memory.
 *
 * @param m rows that there are for a tile, and `n` columns
 * @param inPhase whether it is for a block of a row program: as long as the block's rows ask for, but not empty
 */
export function stagedTiles(
  loop: Loop,
  m: number,
  n: number,
  machine: Machine,
  inPhase = false,
): StagedTile[] {
  const longest = inPhase ? machine.workgroup : LONGEST_GRID;
  const steps = domainSize(loop.reduceAxes);
  const found: StagedTile[] = [];
  for (const split of SHARES) {
    const threads = machine.workgroup / split;
    for (const down of powers(threads)) {
      const across = threads / down;
      if (down > longest * across || across > longest * down) continue;
      for (const [tm, tn] of STAGED_TILES) {
        const [rows, columns] = [down * tm, across * tn];
        // Half of a tile is not empty, except for the smallest.
        if (tm * tn > 1 && ((rows >= 2 * m && tm > 1) || (columns >= 2 * n && tn > 1))) continue;
        if (inPhase && (rows >= 2 * m || columns >= 2 * n)) continue;
        if (tm * tn > machine.sums) continue;
        for (const depth of DEPTHS) {
          if (depth < split || (depth > LEAST_DEPTH && depth >= 2 * steps)) continue;
          const tile = { threads: [down, across], perThread: [tm, tn], split, depth } as const;
          if (4 * stagedWords(loop, tile) <= machine.workgroupMemory) found.push(tile);
        }
      }
    }
  }
  return found;
}

/** How many invocations may share one reduction: each has four terms at least. */
export function splitsOf(loop: Loop, machine: Machine): number[] {
  const most = Math.min(machine.workgroup, domainSize(loop.reduceAxes) / 4);
  return powers(Math.max(1, most));
}

/** 1, 2, 4, … up to a number. */
export function powers(most: number): number[] {
  const found: number[] = [];
  for (let n = 1; n <= most; n *= 2) found.push(n);
  return found;
}
