/** How a group's loops are laid over workgroups and invocations, or over tasks: plain data. */
export type Schedule = MapSchedule | ReduceSchedule | ContractSchedule | RowsSchedule | TasksSchedule;

/** Schedules of workgroups: all but those of tasks. */
export type WorkgroupSchedule = Exclude<Schedule, TasksSchedule>;

/** Each invocation computes `perThread` elements, `workgroup` apart. */
export interface MapSchedule {
  readonly kind: 'map';
  readonly perThread: number;
  readonly workgroups: number;
}

/** `split` invocations share each output's reduction and combine by a tree; one computes alone. */
export interface ReduceSchedule {
  readonly kind: 'reduce';
  readonly split: number;
  readonly workgroups: number;
}

/**
 * A tile of `threads[0]·perThread[0]` by `threads[1]·perThread[1]` outputs a workgroup; `split` invocations
 * share each output's reduction; operands are staged `depth` reduction steps at a time. Where invocations
 * compute alone, `threads` and `split` are one and each invocation has a tile.
 */
export interface ContractSchedule {
  readonly kind: 'contract';
  readonly threads: readonly [number, number];
  readonly perThread: readonly [number, number];
  readonly split: number;
  readonly depth: number;
  readonly workgroups: number;
}

/**
 * A workgroup runs all phases for `block` rows; where invocations compute alone, each of the first `lanes` of a
 * workgroup runs them for one row.
 */
export interface RowsSchedule {
  readonly kind: 'rows';
  readonly block: number;
  readonly lanes: number;
  readonly phases: readonly PhaseSchedule[];
  readonly workgroups: number;
}

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

/** Threads take `tasks` of `block` rows each, one by one; of each loop whether its products run in tiles. */
export interface TasksSchedule {
  readonly kind: 'tasks';
  readonly block: number;
  readonly workgroups: number;
  readonly tiled: readonly boolean[];
}
