import { type Axis, type Dim, domainSize } from '../loops/index.ts';
import type { GroupSchedule } from './schedule.ts';
import { TILE_COLUMNS, TILE_ROWS } from './tileSize.ts';

/** A schedule as plain data, for tables. */
export interface ScheduleSummary {
  readonly tasks: number;
  /** Rows of a task, of all rows. */
  readonly block: number;
  readonly rows: number;
  readonly loops: readonly (
    | { readonly kind: 'list' }
    | { readonly kind: 'nest'; readonly rows: readonly string[]; readonly lane: string | null }
    | {
        readonly kind: 'contract';
        /** How many products of matrices, and the size of each. */
        readonly shape: readonly [sets: number, rows: number, columns: number, steps: number];
        readonly tile: readonly [rows: number, columns: number];
        /** The side that tasks cut, and how much of it is computed at a time. */
        readonly cut: 'rows' | 'columns';
        readonly block: number;
        readonly packedBefore: boolean;
        readonly packedBytes: number;
        /** Parts of the reduction, one a task; 1 where tasks cut a side. */
        readonly parts: number;
      }
  )[];
}

/** Whether live extents tell how many tasks a step has. */
export function isBounded({ live, livePerBatch }: GroupSchedule): boolean {
  return typeof live !== 'number' || typeof livePerBatch !== 'number';
}

/** How many tasks a step has, as a formula of bounded sizes: `⌈batch · 64 / 16⌉`. */
export function tasksText(schedule: GroupSchedule): string {
  const { block, rows, perBatch, live, livePerBatch, tasks } = schedule;
  if (!isBounded(schedule)) return String(tasks);
  const text = (dim: Dim, by = 1): string =>
    typeof dim === 'number'
      ? String(dim / by)
      : `${dim.size.name}${dim.factor === by ? '' : ` · ${dim.factor / by}`}`;
  const blocks = `⌈${text(livePerBatch)} / ${block}⌉`;
  return perBatch === rows ? blocks : `${text(live, perBatch)} · ${blocks}`;
}

/** What a table says of a schedule. */
export function summaryOf({ tasks, block, rows, loops }: GroupSchedule): ScheduleSummary {
  const names = (axes: readonly Axis[]): string[] => axes.map((axis) => axis.name);
  return {
    tasks,
    block,
    rows,
    loops: loops.map((loop) => {
      if (loop.kind === 'list') return { kind: 'list' };
      if (loop.kind === 'nest')
        return { kind: 'nest', rows: names(loop.rows), lane: loop.lane?.name ?? null };
      const { sets, rows: own, columns } = loop.tiled;
      return {
        kind: 'contract',
        shape: [domainSize(sets), domainSize(own.axes), domainSize(columns.axes), loop.steps],
        tile: [TILE_ROWS, TILE_COLUMNS],
        cut: loop.cut.kind,
        block: loop.block,
        packedBefore: loop.packedBefore,
        packedBytes: loop.packedBytes * loop.packedSets,
        parts: loop.split?.parts ?? 1,
      };
    }),
  };
}
