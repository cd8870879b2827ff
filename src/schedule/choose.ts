import { contractionOf, domainSize, type Loop } from '../loops/index.ts';
import type { Profile } from '../machine/profile.ts';
import { choosePhase, operandCost, type PhaseSchedule } from './choosePhase.ts';
import type { Group } from './group.ts';
import { orientedContraction } from './orient.ts';
import { fixedBytes, localBytes, rowCount, rowLanes, rowsPerBlock, streamedBytes } from './rowResources.ts';

/** How a group's loops are laid over workgroups and invocations: plain data. */
export type Schedule = MapSchedule | ReduceSchedule | ContractSchedule | RowsSchedule;

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

/** The schedule of a group for a profile. */
export function choose(group: Group, profile: Profile): Schedule {
  const [loop, ...more] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  if (more.length > 0) return chooseRows(group, profile);
  if (contractionOf(loop) !== null) return chooseContract(loop, profile);
  return loop.reductions.length > 0 ? chooseReduce(loop, profile) : chooseMap(loop, profile);
}

/** How many elements each of a group's partial results has: one a workgroup, or one an invocation. */
export function partialCount(group: Group, profile: Profile): number {
  const { workgroups } = choose(group, profile);
  return profile.cooperative ? workgroups : workgroups * profile.workgroup;
}

function chooseMap(loop: Loop, profile: Profile): MapSchedule {
  const total = domainSize(loop.axes);
  // Alone, an invocation costs more to start than an element to compute.
  const most = profile.cooperative ? 4 : 16;
  let perThread = 1;
  while (perThread < most && total > 4 * profile.parallelWorkgroups * profile.workgroup * perThread)
    perThread *= 2;
  if (!profile.cooperative)
    perThread = Math.min(most, Math.max(1, Math.ceil(total / (16 * profile.workgroup))));
  return { kind: 'map', perThread, workgroups: Math.ceil(total / (profile.workgroup * perThread)) };
}

function chooseReduce(loop: Loop, profile: Profile): ReduceSchedule {
  const outputs = domainSize(loop.axes);
  const reduced = domainSize(loop.reduceAxes);
  let split = 1;
  if (profile.cooperative) {
    while (
      split < profile.workgroup &&
      split * 4 <= reduced &&
      outputs * split < 2 * profile.parallelWorkgroups * profile.workgroup
    )
      split *= 2;
  }
  return { kind: 'reduce', split, workgroups: Math.ceil((outputs * split) / profile.workgroup) };
}

function chooseRows(group: Group, profile: Profile): RowsSchedule {
  const rows = rowCount(group);
  const phases = (block: number): PhaseSchedule[] =>
    group.loops.map((loop, k) => choosePhase(loop, group.rows[k] ?? [], block, profile));
  if (!profile.cooperative) {
    const lanes = rowLanes(rows, profile);
    return { kind: 'rows', block: 1, lanes, phases: phases(1), workgroups: Math.ceil(rows / lanes) };
  }
  const free = profile.workgroupMemory - fixedBytes(group, profile);
  const bytes = localBytes(group.locals, rows);
  let block = rowsPerBlock(rows, streamedBytes(group), profile);
  while (block > 1 && bytes * block > free) block /= 2;
  return {
    kind: 'rows',
    block,
    lanes: profile.workgroup,
    phases: phases(block),
    workgroups: Math.ceil(rows / block),
  };
}

/** Thread grids, outputs a thread, and reduction splits that tiles are chosen from; each fills 256 invocations. */
const tiles: readonly (readonly [
  threads: readonly [number, number],
  perThread: readonly [number, number],
  split: number,
])[] = [
  [[8, 8], [4, 4], 4],
  [[16, 16], [2, 2], 1],
  [[8, 8], [2, 4], 4],
  [[8, 8], [2, 2], 4],
  [[4, 8], [4, 2], 8],
  [[4, 8], [2, 2], 8],
  [[4, 4], [4, 4], 16],
  [[4, 4], [2, 2], 16],
  [[2, 4], [2, 2], 32],
  [[4, 4], [1, 1], 16],
];

function chooseContract(loop: Loop, profile: Profile): ContractSchedule {
  const contraction = orientedContraction(loop);
  if (contraction === null) throw new RangeError(`${loop.name} is no contraction`);
  const [m, n, batch] = [domainSize(contraction.m), domainSize(contraction.n), domainSize(contraction.batch)];
  const k = domainSize(loop.reduceAxes);
  if (!profile.cooperative) {
    const cost = [operandCost(contraction.a, [], profile), operandCost(contraction.b, [], profile)] as const;
    return loneTile([m, n, batch], cost, profile);
  }
  let best: ContractSchedule | undefined;
  let least = Infinity;
  for (const [threads, perThread, split] of tiles) {
    const [rows, columns] = [threads[0] * perThread[0], threads[1] * perThread[1]];
    const workgroups = Math.ceil(m / rows) * Math.ceil(n / columns) * batch;
    const depth = Math.max(split, rows + columns > 48 ? 16 : 32);
    const time = contractTime({ kind: 'contract', threads, perThread, split, depth, workgroups }, k, profile);
    if (time >= least) continue;
    least = time;
    best = { kind: 'contract', threads, perThread, split, depth, workgroups };
  }
  if (best === undefined) throw new RangeError('no tile');
  return best;
}

/** Tiles that a lone invocation's is chosen from. */
const loneTiles = [
  [4, 8],
  [8, 4],
  [2, 16],
  [16, 2],
] as const;

/** Cores that a software driver has to share workgroups among, at least. */
const CORES = 2;

/**
 * The tile of invocations that compute alone: the one that takes the least time for a product.
 *
 * @param cost of the operand of a row and of a column, in multiply-adds
 */
function loneTile(
  [m, n, batch]: readonly [number, number, number],
  cost: readonly [number, number],
  { workgroup }: Profile,
): ContractSchedule {
  const schedules = loneTiles.map((most): ContractSchedule => {
    const perThread = [tileOf(m, most[0]), tileOf(n, most[1])] as const;
    const invocations = Math.ceil(m / perThread[0]) * Math.ceil(n / perThread[1]) * batch;
    const workgroups = Math.ceil(invocations / workgroup);
    return { kind: 'contract', threads: [1, 1], perThread, split: 1, depth: 1, workgroups };
  });
  const time = ({ perThread: [p, q], workgroups }: ContractSchedule): number =>
    (1 + cost[0] / q + cost[1] / p) / Math.min(CORES, workgroups);
  return schedules.reduce((best, other) => (time(other) < time(best) ? other : best));
}

/** Outputs a lone invocation computes along an axis: up to `most`, fewer where that would leave few invocations. */
function tileOf(extent: number, most: number): number {
  let tile = 1;
  while (tile < most && (tile < 4 || extent >= 16 * tile) && tile * 2 <= extent) tile *= 2;
  return tile;
}

/**
 * Time of a tiled contraction in units of one multiply-add an invocation. Named terms:
 *
 * - `multiply`: products, and the loads from workgroup memory that feed them
 * - `stage`: loads from memory into workgroup memory, each worth about eight products
 * - `wait`: two barriers a chunk, one a split when the splits are added up
 * - `waves`: how often the machine must be filled
 */
export function contractTime(s: ContractSchedule, k: number, profile: Profile): number {
  const [rows, columns] = [s.threads[0] * s.perThread[0], s.threads[1] * s.perThread[1]];
  const [tm, tn] = s.perThread;
  const chunks = Math.ceil(k / s.depth);
  const multiply = (chunks * s.depth * (tm * tn + tm + tn + 2)) / s.split;
  const stage = (chunks * s.depth * (rows + columns) * 8) / profile.workgroup;
  const wait = chunks * 40 + s.split * 20 + (rows * columns * 16) / profile.workgroup;
  const waves = Math.max(1, s.workgroups / profile.parallelWorkgroups);
  return (multiply + stage + wait) * waves;
}
