import { alignAxes } from './fuse/alignAxes.ts';
import {
  assignStages,
  cutReductions,
  Decisions,
  fillMachine,
  fusePointwise,
  type Group,
  mergeCounters,
  partition,
  rematerialize,
  type Stage,
  splitReductions,
} from './fuse/index.ts';
import { listTerms } from './fuse/listTerms.ts';
import { splitResidues } from './fuse/splitResidues.ts';
import { printGroups, printStages } from './fuse/text.ts';
import { verifyGroups, verifyStages } from './fuse/verify.ts';
import { type Module, printModule, verifyModule } from './graph/index.ts';
import type { KernelSpan } from './kernels/spans.ts';
import type { Loop } from './loops/index.ts';
import { printLoops } from './loops/text.ts';
import { verifyLoops } from './loops/verify.ts';
import type { Machine } from './machine/index.ts';
import type { OptionalPass } from './optionalPasses.ts';
import { requireIndexable } from './passes/indexable.ts';
import { declareStorage, lower, type Storage } from './passes/lower.ts';
import { type BufferLayout, planBuffers } from './plan/planBuffers.ts';
import { verifyLayout } from './plan/verify.ts';
import type { ProgramBase } from './runtime/program.ts';
import { loopsIn, singletons } from './schedule/group.ts';
import type { Schedule } from './schedule/schedule.ts';
import { type Levels, type LevelTools, Trace } from './trace.ts';
import type { GroupSchedule } from './wasm/schedule.ts';

/** Everything that compiling a module made, level by level, whatever the target. */
export interface Compilation<P extends ProgramBase = ProgramBase, E extends CompiledEntry = CompiledEntry> {
  readonly module: Module;
  /** The one that was given, by its numbers. */
  readonly machine: Machine;
  readonly program: P;
  /** For each kernel of the program which lines of its text compute which loop. */
  readonly spans: readonly (readonly KernelSpan[])[];
  readonly entries: ReadonlyMap<string, E>;
  readonly storage: Storage;
  readonly layout: BufferLayout;
  readonly trace: Trace;
  /** Milliseconds of the whole compilation. */
  readonly milliseconds: number;
}

/** One entry: its stages, how each of their groups runs, and why they are what they are. */
export interface CompiledEntry {
  readonly loops: readonly Loop[];
  readonly stages: readonly Stage[];
  /** For each stage the name of its kernel. */
  readonly names: readonly string[];
  /** For each stage its groups, in the order in which its kernel has them, with their schedules. */
  readonly scheduled: readonly (readonly ScheduledGroup[])[];
  readonly decisions: Decisions;
}

/** A group with its schedule, plain data of the target's. */
export interface ScheduledGroup {
  readonly group: Group;
  readonly schedule: Schedule | GroupSchedule;
}

/** The passes in their order, for the entries of one module, down to stages: what targets share. */
export class Road {
  readonly storage: Storage;
  readonly trace: Trace;
  readonly #module: Module;
  readonly machine: Machine;
  readonly #without: ReadonlySet<OptionalPass>;

  /** @param tools those of levels that one target alone has */
  constructor(
    module: Module,
    machine: Machine,
    without: ReadonlySet<OptionalPass>,
    tools: Pick<LevelTools, TargetLevel>,
  ) {
    this.trace = new Trace({ ...commonTools, ...tools });
    this.#module = module;
    this.machine = machine;
    this.#without = without;
    this.storage = this.trace.timed(
      'declareStorage',
      () => declareStorage(module),
      () => verifyModule(module),
    );
  }

  /**
   * The plan of memory.
   *
   * @param alignment elements of which every place is a multiple
   * @param require throws where the target cannot have the plan
   */
  layout(
    entries: ReadonlyMap<string, { readonly stages: readonly Stage[] }>,
    alignment: number,
    require: (layout: BufferLayout) => void = () => {},
  ): BufferLayout {
    const persistent = [...this.storage.states.values(), ...this.storage.literals.values()];
    const stages = new Map([...entries].map(([name, entry]) => [name, entry.stages]));
    return this.trace.timed(
      'planBuffers',
      () => planBuffers(persistent, stages, alignment),
      (layout) => {
        verifyLayout(stages, layout);
        require(layout);
      },
    );
  }

  /** An entry down to stages: what all targets share. */
  toStages(entry: string): Omit<CompiledEntry, 'scheduled' | 'names'> {
    const machine = this.machine;
    const decisions = new Decisions();
    const on = (name: OptionalPass): boolean => !this.#without.has(name);
    const lowered = (m: Module): Loop[] => lower(m, entry, this.storage);
    let loops = this.pass(entry, 'lower', 'graph', 'loops', lowered, this.#module);
    if (on('alignAxes')) {
      const align = (l: readonly Loop[]): Loop[] => alignAxes(l, decisions);
      loops = this.pass(entry, 'alignAxes', 'loops', 'loops', align, loops);
    }
    if (on('fusePointwise')) {
      const fuse = (l: readonly Loop[]): Loop[] =>
        mergeCounters(fusePointwise(l, machine, decisions), decisions);
      loops = this.pass(entry, 'fusePointwise', 'loops', 'loops', fuse, loops);
    }
    if (on('splitResidues')) {
      const split = (l: readonly Loop[]): Loop[] => splitResidues(l, decisions);
      loops = this.pass(entry, 'splitResidues', 'loops', 'loops', split, loops);
    }
    if (on('listTerms')) {
      const list = (l: readonly Loop[]): Loop[] => listTerms(l, machine, decisions);
      loops = this.pass(entry, 'listTerms', 'loops', 'loops', list, loops);
    }
    requireIndexable(loops);
    const cut = (l: readonly Loop[]): Loop[] =>
      on('splitReductions') && machine.features.has('partials')
        ? loopsIn(fillMachine(singletons(l), machine, decisions))
        : [...l];
    loops = this.pass(entry, 'fillMachine', 'loops', 'loops', cut, loops);
    const join = (l: readonly Loop[]): Group[] =>
      on('partition') ? partition(l, machine, decisions) : singletons(l);
    let groups = this.pass(entry, 'partition', 'loops', 'groups', join, loops);
    if (on('splitReductions')) {
      const split = (g: readonly Group[]): Group[] => splitFor(machine, g, decisions, on('partition'));
      groups = this.pass(entry, 'splitReductions', 'groups', 'groups', split, groups);
    }
    if (on('rematerialize')) {
      const remake = (g: readonly Group[]): Group[] => rematerialize(g, machine, decisions);
      groups = this.pass(entry, 'rematerialize', 'groups', 'groups', remake, groups);
    }
    const assign = (g: readonly Group[]): Stage[] => assignStages(g, machine, decisions, on('packStages'));
    const stages = this.pass(entry, 'assignStages', 'groups', 'stages', assign, groups);
    return { loops, stages, decisions };
  }

  /** Runs a pass over an entry, verifies what it gives, and keeps its text and time. */
  pass<From extends keyof Levels, To extends keyof Levels>(
    entry: string,
    name: string,
    from: From,
    to: To,
    run: (input: Levels[From]) => Levels[To],
    input: Levels[From],
  ): Levels[To] {
    return this.trace.apply(entry, { name, from, to, run }, input);
  }
}

/** Reductions to one element, split as suits a machine: into parts of what makes their operands, or into a loop of parts. */
function splitFor(machine: Machine, groups: readonly Group[], decisions: Decisions, join: boolean): Group[] {
  return machine.features.has('partials')
    ? splitReductions(groups, machine, decisions, join)
    : cutReductions(groups, decisions);
}

/** What a stage's kernel is called: its groups' first and last loops. */
export function kernelName(stage: Stage, k: number): string {
  const names = stage.groups.flatMap((group) => group.loops.map((loop) => loop.name));
  const distinct = [...new Set(names.map((name) => name.replace(/'$/, '')))];
  if (distinct.length === 0) return `stage${k}`;
  return distinct.length <= 2 ? distinct.join('_') : `${distinct[0]}_to_${distinct[distinct.length - 1]}`;
}

/** The levels that one target has, and another has not. */
export type TargetLevel = 'kernels' | 'evaluated' | 'functions';

const commonTools: Omit<LevelTools, TargetLevel> = {
  graph: { print: printModule, verify: verifyModule },
  loops: { print: printLoops, verify: (loops) => verifyLoops(loops) },
  groups: { print: printGroups, verify: verifyGroups },
  stages: { print: printStages, verify: verifyStages },
};
