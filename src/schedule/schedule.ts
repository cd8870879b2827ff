/** How a group's loops are laid over workgroups and invocations, or over tasks: plain data. */
export type Schedule =
  | MapSchedule
  | ReduceSchedule
  | ListSchedule
  | ContractSchedule
  | RowsSchedule
  | TasksSchedule;

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

/** One workgroup goes through all positions and makes the lists of a key. */
export interface ListSchedule {
  readonly kind: 'list';
  readonly workgroups: 1;
}

/**
 * A tile of `threads[0]·perThread[0]` by `threads[1]·perThread[1]` elements of a contraction, which a workgroup computes:
 * operands are staged in workgroup memory `depth` reduction steps at a time; `split` invocations share each element's
 * reduction.
 */
export interface StagedTile {
  readonly threads: readonly [number, number];
  readonly perThread: readonly [number, number];
  readonly split: number;
  readonly depth: number;
}

/**
 * A staged tile of outputs a workgroup. Where invocations compute alone, `threads`, `split` and `depth` are one and each
 * invocation has a tile.
 */
export interface ContractSchedule extends StagedTile {
  readonly kind: 'contract';
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

/** How the elements of a phase of a row program are shared by the invocations of a workgroup. */
export type PhaseSchedule = ElementsPhase | TilesPhase | StagedPhase;

/** One element at a time, whose reduction `split` invocations share. */
export interface ElementsPhase {
  readonly kind: 'elements';
  readonly split: number;
}

/** An invocation computes a tile of `perThread` rows and columns of a contraction; it loads its operands itself. */
export interface TilesPhase {
  readonly kind: 'tiles';
  readonly perThread: readonly [number, number];
}

/** The workgroup computes one staged tile of a contraction after the other. */
export interface StagedPhase extends StagedTile {
  readonly kind: 'staged';
}

/** One element at a time, by one invocation. */
export const plainPhase: PhaseSchedule = { kind: 'elements', split: 1 };

/** Threads take `tasks` of `block` rows each, one by one; of each loop whether its products run in tiles. */
export interface TasksSchedule {
  readonly kind: 'tasks';
  readonly block: number;
  readonly workgroups: number;
  readonly tiled: readonly boolean[];
}
