import { tensorsReduced } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  type Contraction,
  domainSize,
  type Expr,
  type Loop,
  loadsIn,
  monoidDef,
  type Tensor,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Evaluation, evaluationOf, loopEvaluation } from './cost.ts';
import type { Group } from './group.ts';
import { orientedContraction } from './orient.ts';
import {
  type ContractSchedule,
  type PhaseSchedule,
  plainPhase,
  type StagedTile,
  type WorkgroupSchedule,
} from './schedule.ts';
import { isAhead, loadsEach, tileExtents } from './staging.ts';
import { type TileSpace, tileSpace, tilesIn } from './tileSpace.ts';
import { consecutive, touchedBytes } from './touched.ts';

/** What one workgroup does in one phase: counted, not timed. */
export interface Work {
  /** Multiply-adds of an invocation, one after the other. */
  readonly serial: number;
  /** Invocations that do as much at once. */
  readonly active: number;
  /** Bytes between the workgroup and the cache, each element once. */
  readonly bytes: number;
  /** Loads that wait for one another. */
  readonly rounds: number;
  /** How often the invocations of the workgroup meet. */
  readonly barriers: number;
}

type IsInside = (tensor: Tensor) => boolean;

/** What an evaluation takes of an invocation's time, in multiply-adds. */
export function multiplyAdds({ arithmetic, loads }: Evaluation, machine: Machine): number {
  return arithmetic + loads * machine.load;
}

/** The phases of one workgroup of a group, its prologue first. */
export function workOf(group: Group, schedule: WorkgroupSchedule, machine: Machine): Work[] {
  const inside = new Set([
    ...group.locals,
    ...group.prologue.flatMap((loop) => loop.outs.map((out) => out.tensor)),
  ]);
  const isInside: IsInside = (tensor) => inside.has(tensor);
  const prologue = group.prologue.map((loop) =>
    phaseWork(loop, [], 1, plainOr(loop, machine), isInside, machine),
  );
  const [loop] = group.loops;
  if (loop === undefined) return prologue;
  const own = ((): Work[] => {
    switch (schedule.kind) {
      case 'map':
        return [mapWork(loop, schedule.perThread, isInside, machine)];
      case 'reduce':
        return [reduceWork(loop, schedule.split, isInside, machine)];
      case 'contract':
        return [contractWork(loop, schedule, isInside, machine)];
      case 'rows':
        return group.loops.map((each, k) =>
          phaseWork(
            each,
            group.rows[k] ?? [],
            schedule.block,
            schedule.phases[k] ?? plainPhase,
            isInside,
            machine,
            schedule.lanes,
          ),
        );
      default:
        return schedule satisfies never;
    }
  })();
  const meet = machine.features.has('barriers') ? 1 : 0;
  const phases = own.map((work, k) => (k > 0 ? { ...work, barriers: work.barriers + meet } : work));
  return [...prologue, ...phases, ...partialWork(group, machine)];
}

/** A loop of the prologue runs as its elements are many: shared by the workgroup, or by one invocation. */
function plainOr(loop: Loop, machine: Machine): PhaseSchedule {
  if (!machine.features.has('barriers')) return plainPhase;
  let split = 1;
  while (split < machine.workgroup && split * 4 <= domainSize(loop.reduceAxes)) split *= 2;
  return { kind: 'elements', split };
}

/** Writing parts of what a kernel makes: the invocations' own sums meet. */
function partialWork({ partials }: Group, machine: Machine): Work[] {
  if (partials.length === 0) return [];
  const together = machine.features.has('barriers');
  const serial = partials.length * (together ? 2 * Math.sqrt(machine.workgroup) : machine.load);
  const bytes = partials.length * 4 * (together ? 1 : machine.workgroup);
  return [{ serial, active: machine.workgroup, bytes, rounds: 1, barriers: together ? 3 : 0 }];
}

function mapWork(loop: Loop, perThread: number, isInside: IsInside, machine: Machine): Work {
  const elements = Math.min(domainSize(loop.axes), machine.workgroup * perThread);
  return {
    serial: perThread * finishOf(loop, machine),
    active: Math.min(machine.workgroup, elements),
    bytes: touchedBytes(loop, consecutive(loop.axes, elements), isInside),
    rounds: loopEvaluation(loop).depth,
    barriers: 0,
  };
}

/** Combining the parts that `split` invocations hold, in runs of sixteen. */
function combination(loop: Pick<Loop, 'reductions'>, split: number): { serial: number; barriers: number } {
  if (split <= 1) return { serial: 0, barriers: 0 };
  const parts = loop.reductions.reduce((n, r) => n + monoidDef(r.monoid).parts(r.body.dtype).length, 0);
  const few = split <= 16;
  return { serial: parts * 4 * (few ? split : 16 + split / 16), barriers: few ? 1 : 3 };
}

function reduceWork(loop: Loop, split: number, isInside: IsInside, machine: Machine): Work {
  const { term } = loopEvaluation(loop);
  const outputs = Math.min(domainSize(loop.axes), Math.max(1, machine.workgroup / split));
  const terms = Math.ceil(domainSize(loop.reduceAxes) / split);
  const met = combination(loop, split);
  return {
    serial: terms * multiplyAdds(term, machine) + met.serial + finishOf(loop, machine),
    active: Math.min(machine.workgroup, outputs * split),
    bytes: touchedBytes(loop, consecutive(loop.axes, outputs), isInside),
    rounds: roundsOf(terms, loop, isInside, machine),
    barriers: met.barriers,
  };
}

/** Loads of a reduction that wait for one another: the compiler puts some before the first use. */
function roundsOf(terms: number, loop: Loop, isInside: IsInside, machine: Machine): number {
  const fromMemory = [...tensorsReduced(loop)].some((tensor) => !isInside(tensor));
  return (fromMemory ? Math.ceil(terms / machine.overlap) : 0) + 1;
}

/**
 * A contraction by itself. Where invocations meet, operands go through workgroup memory, `depth` steps at a time; else
 * each invocation has a tile, whose operands it loads.
 */
function contractWork(loop: Loop, schedule: ContractSchedule, isInside: IsInside, machine: Machine): Work {
  const c = requireContraction(loop);
  if (!machine.features.has('barriers')) {
    const [tm, tn] = schedule.perThread;
    const steps = domainSize(loop.reduceAxes);
    const finish = finishOf(loop, machine);
    const [a, b] = operandCosts(loop, c, [], machine);
    const tiles = Math.ceil(domainSize(c.m) / tm) * Math.ceil(domainSize(c.n) / tn) * domainSize(c.batch);
    const busy = Math.min(machine.workgroup, tiles);
    return {
      serial: steps * (tm * a + tn * b + tm * tn) + tm * tn * finish,
      active: busy,
      bytes: tileBytes(loop, c, tm, tn * busy, isInside),
      rounds: Math.ceil(steps / machine.overlap) + 1,
      barriers: 0,
    };
  }
  const [rows, columns] = tileExtents(schedule);
  return {
    ...stagedWork(loop, stagingOf(loop, c, isInside, machine), schedule, machine),
    active: machine.workgroup,
    bytes: tileBytes(loop, c, rows, columns, isInside),
  };
}

/** What of a contraction the work of its staged tiles depends on, whatever their form. */
export interface Staging {
  /** Multiply-adds that evaluating an operand of each side takes. */
  readonly operands: readonly [number, number];
  /** Whether operands of each side come from memory. */
  readonly isFromMemory: readonly [boolean, boolean];
  /** Steps of the reduction. */
  readonly steps: number;
  /** Sums beside the products. */
  readonly guests: number;
  /** Columns of the whole contraction. */
  readonly n: number;
  /** Multiply-adds that finishing an element takes. */
  readonly finish: number;
}

/** What of a contraction the work of its staged tiles depends on. */
export function stagingOf(loop: Loop, c: Contraction, isInside: IsInside, machine: Machine): Staging {
  const [a, b] = operandsOf(loop, c);
  const isFromMemory = ({ tensors }: Operand): boolean => [...tensors].some((tensor) => !isInside(tensor));
  return {
    operands: [multiplyAdds(a.evaluation, machine), multiplyAdds(b.evaluation, machine)],
    isFromMemory: [isFromMemory(a), isFromMemory(b)],
    steps: domainSize(loop.reduceAxes),
    guests: loop.reductions.length - 1,
    n: domainSize(c.n),
    finish: finishOf(loop, machine),
  };
}

/** What a workgroup does for one staged tile. */
export function stagedWork(
  loop: Loop,
  { operands, isFromMemory, steps, guests, n, finish }: Staging,
  tile: StagedTile,
  machine: Machine,
): Pick<Work, 'serial' | 'rounds' | 'barriers'> {
  const { workgroup } = machine;
  const { perThread, split, depth } = tile;
  const [tm, tn] = perThread;
  const [rows, columns] = tileExtents(tile);
  const chunks = Math.ceil(steps / depth);
  // Sums of one side are their owners' alone: those of the first tile of the other side.
  const owned = (guests * (tm + tn)) / (2 * Math.ceil(n / columns));
  const products = (depth * (tm * tn + tm + tn + owned + 2)) / split;
  const staged = (depth * (rows * operands[0] + columns * operands[1])) / workgroup;
  const outputs = (rows * columns) / workgroup;
  return {
    serial: chunks * (products + staged) + split * tm * tn * 2 + outputs * finish,
    rounds: chunkRounds(loop, isFromMemory, tile, chunks, products + staged, machine) + 1,
    barriers: 2 * chunks + split,
  };
}

/**
 * Loads of all chunks that wait for one another. Where a chunk is loaded while another is multiplied, only as long as the
 * multiplying is shorter.
 *
 * @param serial multiply-adds of an invocation for a chunk
 */
function chunkRounds(
  loop: Loop,
  isFromMemory: readonly [boolean, boolean],
  tile: StagedTile,
  chunks: number,
  serial: number,
  machine: Machine,
): number {
  const each = loadsEach(tile, machine);
  const loads = (isFromMemory[0] ? each[0] : 0) + (isFromMemory[1] ? each[1] : 0);
  if (loads === 0) return 0;
  if (!isAhead(loop, tile, machine)) return chunks * Math.ceil(loads / machine.overlap);
  const { workgroup, lanes, clock, latency } = machine;
  const micros = (serial * Math.max(1, workgroup / lanes)) / clock;
  return 1 + (chunks - 1) * Math.max(0, 1 - micros / latency);
}

/** Multiply-adds that finishing and storing an element of each output takes. */
export function finishOf(loop: Loop, machine: Machine): number {
  const stores = loop.outs.length * machine.load;
  return multiplyAdds(loopEvaluation(loop).element, machine) + stores + machine.element;
}

// Schedules that differ in depth and shares alone touch the same.
const tilesKnown = new WeakMap<Loop, Map<string, number>>();

/** Bytes that a workgroup touches whose tile has so many rows and columns. */
function tileBytes(loop: Loop, c: Contraction, rows: number, columns: number, isInside: IsInside): number {
  const ofLoop = tilesKnown.get(loop) ?? new Map<string, number>();
  tilesKnown.set(loop, ofLoop);
  const key = `${rows} ${columns}`;
  let found = ofLoop.get(key);
  if (found === undefined) {
    const cover = [...consecutive(c.m, rows), ...consecutive(c.n, columns), ...consecutive(c.batch, 1)];
    found = touchedBytes(loop, cover, isInside);
    ofLoop.set(key, found);
  }
  return found;
}

/**
 * One loop of a row program: for a block of rows, or, where invocations compute alone, for a row of each of `lanes`.
 */
export function phaseWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  schedule: PhaseSchedule,
  isInside: IsInside,
  machine: Machine,
  lanes = 1,
): Work {
  const together = machine.features.has('barriers');
  const bytes = touchedBytes(loop, consecutive(own, together ? block : lanes), isInside);
  switch (schedule.kind) {
    case 'elements':
      return { ...elementsWork(loop, own, block, schedule.split, isInside, machine, lanes), bytes };
    case 'tiles':
      return { ...tilesWork(loop, own, block, schedule.perThread, isInside, machine, lanes), bytes };
    case 'staged': {
      const c = requireContraction(loop);
      const staging = stagingOf(loop, c, isInside, machine);
      return { ...stagedPhaseWork(loop, staging, tileSpace(c, own, block), schedule, machine), bytes };
    }
    default:
      return schedule satisfies never;
  }
}

function elementsWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  split: number,
  isInside: IsInside,
  machine: Machine,
  lanes: number,
): Omit<Work, 'bytes'> {
  const together = machine.features.has('barriers');
  const { term } = loopEvaluation(loop);
  const elements = block * domainSize(loop.axes.filter((axis) => !own.includes(axis)));
  const turns = Math.ceil((elements * split) / (together ? machine.workgroup : 1));
  const terms = Math.ceil(domainSize(loop.reduceAxes) / split);
  const met = combination(loop, split);
  const isReduction = loop.reductions.length > 0;
  const reduced = isReduction ? terms * termCost(loop, own, term, machine) : 0;
  return {
    serial: turns * (reduced + met.serial + finishOf(loop, machine)),
    active: together ? Math.min(machine.workgroup, elements * split) : lanes,
    rounds: turns * (isReduction ? roundsOf(terms, loop, isInside, machine) : loopEvaluation(loop).depth),
    barriers: turns * (met.barriers + (split > 1 && turns > 1 ? 1 : 0)),
  };
}

function tilesWork(
  loop: Loop,
  own: readonly Axis[],
  block: number,
  [p, q]: readonly [number, number],
  isInside: IsInside,
  machine: Machine,
  lanes: number,
): Omit<Work, 'bytes'> {
  const together = machine.features.has('barriers');
  const c = requireContraction(loop);
  const tiles = tilesIn(tileSpace(c, own, block), p, q);
  const turns = Math.ceil(tiles / (together ? machine.workgroup : 1));
  const reduced = domainSize(loop.reduceAxes);
  const [a, b] = operandCosts(loop, c, own, machine);
  const step = p * a + q * b + p * q;
  return {
    serial: turns * (reduced * step + p * q * finishOf(loop, machine)),
    active: together ? Math.min(machine.workgroup, tiles) : lanes,
    rounds: turns * roundsOf(reduced, loop, isInside, machine),
    barriers: 0,
  };
}

/** A contraction of a block of rows in staged tiles, which the workgroup computes one after the other. */
export function stagedPhaseWork(
  loop: Loop,
  staging: Staging,
  space: TileSpace,
  tile: StagedTile,
  machine: Machine,
): Omit<Work, 'bytes'> {
  const tiles = tilesIn(space, ...tileExtents(tile));
  const { serial, rounds, barriers } = stagedWork(loop, staging, tile, machine);
  return {
    serial: tiles * serial,
    active: machine.workgroup,
    rounds: tiles * rounds,
    barriers: tiles * barriers + tiles - 1,
  };
}

/** A term of a loop's reductions, where neighbours may load what lies apart. */
function termCost(loop: Loop, own: readonly Axis[], term: Evaluation, machine: Machine): number {
  if (machine.features.has('barriers') || own.length === 0) return multiplyAdds(term, machine);
  const apart = termLoads(loop).filter((at) => liesApart(at, own)).length;
  return multiplyAdds(term, machine) + apart * (machine.scattered - machine.load);
}

/** The axes of the index of each load. */
type LoadAxes = readonly ReadonlySet<Axis>[];

/** Where invocations compute alone, those of one instruction are neighbours along their own rows, which lie apart. */
function liesApart(axes: ReadonlySet<Axis>, own: readonly Axis[]): boolean {
  return own.some((axis) => axes.has(axis));
}

function loadAxes(exprs: readonly Expr[]): LoadAxes {
  return loadsIn(...exprs).map(({ at }) => axesIn(...at));
}

// Loops are immutable, and every candidate asks again.
const termsKnown = new WeakMap<Loop, LoadAxes>();
const operandsKnown = new WeakMap<Loop, readonly [Operand, Operand]>();

function termLoads(loop: Loop): LoadAxes {
  let found = termsKnown.get(loop);
  if (found === undefined) {
    found = loadAxes(loop.reductions.map((r) => r.body));
    termsKnown.set(loop, found);
  }
  return found;
}

/** One operand of a contraction, as schedules see it. */
interface Operand {
  readonly evaluation: Evaluation;
  readonly loads: LoadAxes;
  readonly tensors: ReadonlySet<Tensor>;
}

function operandsOf(loop: Loop, c: Contraction): readonly [Operand, Operand] {
  let found = operandsKnown.get(loop);
  if (found === undefined) {
    const operand = (factors: readonly Expr[]): Operand => ({
      evaluation: evaluationOf(...factors),
      loads: loadAxes(factors),
      tensors: new Set(loadsIn(...factors).map((l) => l.tensor)),
    });
    found = [operand(c.a), operand(c.b)];
    operandsKnown.set(loop, found);
  }
  return found;
}

/**
 * What both operands of a product take to evaluate, in multiply-adds.
 *
 * @param own axes along which invocations that compute alone lie apart
 */
function operandCosts(
  loop: Loop,
  c: Contraction,
  own: readonly Axis[],
  machine: Machine,
): readonly [number, number] {
  const cost = ({ evaluation, loads }: Operand): number => {
    const apart = machine.features.has('barriers') ? 0 : loads.filter((at) => liesApart(at, own)).length;
    return multiplyAdds(evaluation, machine) + apart * (machine.scattered - machine.load);
  };
  const [a, b] = operandsOf(loop, c);
  return [cost(a), cost(b)];
}

function requireContraction(loop: Loop): Contraction {
  const c = orientedContraction(loop);
  if (c === null) throw new RangeError(`${loop.name} is not a contraction`);
  return c;
}
