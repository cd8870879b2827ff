import type { Step } from './program.ts';

/** Most workgroups that WebGPU takes in one dimension on every adapter. */
export const MAX_WORKGROUPS_PER_DIMENSION = 65535;

/**
 * The two-dimensional grid that holds `workgroups` linear ones, `[x, y]` with `x * y >= workgroups`: one row
 * while it fits, else the fewest rows, of equal length. Kernels number themselves `x + y * columns`, and those
 * of more than one row leave out what lies beyond.
 *
 * @param workgroups linear count, up to 65,535²
 */
export function foldGrid(workgroups: number): readonly [x: number, y: number] {
  const rows = Math.ceil(workgroups / MAX_WORKGROUPS_PER_DIMENSION) || 1;
  return [Math.ceil(workgroups / rows), rows];
}

/** The workgroups of a step, by its record. */
export function workgroupsOf({ workgroups, live }: Step, record: ArrayLike<number>, start: number): number {
  return live
    ? live.parts.reduce((n, [times, per]) => Math.ceil((n * times) / per), record[start + live.field] ?? 0) +
        live.from
    : workgroups;
}
