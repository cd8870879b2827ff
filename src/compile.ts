import { markCompiledHere } from './compiledHere.ts';
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
import { type PlaceInArena, weakenBarriers } from './kernels/barriers.ts';
import { fitted, kernelOf, ownOf, scheduledGroups } from './kernels/build/packed.ts';
import { copied, copyOf, type StageShape, stageShapeOf } from './kernels/copies.ts';
import { hoistScalars } from './kernels/hoistScalars.ts';
import type { EvaluatedKernel, Kernel } from './kernels/kernel.ts';
import { orderEvaluation } from './kernels/orderEvaluation.ts';
import type { KernelSpan } from './kernels/spans.ts';
import { printKernels } from './kernels/text.ts';
import { verifyKernel } from './kernels/verifyKernel.ts';
import { verifyStores } from './kernels/verifyStores.ts';
import type { Loop, Tensor } from './loops/index.ts';
import { printLoops } from './loops/text.ts';
import { verifyLoops } from './loops/verify.ts';
import { type Machine, ownCopy } from './machine/index.ts';
import { requireIndexable } from './passes/indexable.ts';
import { declareStorage, lower, type Storage } from './passes/lower.ts';
import { type BufferLayout, planBuffers } from './plan/planBuffers.ts';
import { verifyLayout } from './plan/verify.ts';
import { requireBindable, requireUploadable } from './program/bindable.ts';
import { type EntryKernels, emitProgram } from './program/emitProgram.ts';
import { inputsOf } from './program/slots.ts';
import type { InputSlot, Program, ProgramBase } from './runtime/program.ts';
import type { Scheduled } from './schedule/best.ts';
import { loopsIn, singletons } from './schedule/group.ts';
import type { Schedule, WorkgroupSchedule } from './schedule/schedule.ts';
import { type Levels, type LevelTools, Trace } from './trace.ts';
import type { GroupSchedule } from './wasm/schedule.ts';

/** The passes that can be switched off, each by itself, to see and to test what it does. */
export const optionalPasses = [
  'alignAxes',
  'fusePointwise',
  'splitResidues',
  'listTerms',
  'partition',
  'splitReductions',
  'rematerialize',
  'packStages',
] as const;
export type OptionalPass = (typeof optionalPasses)[number];

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

/** An entry for WebGPU, with the kernel of each stage. */
export interface WebGpuEntry extends CompiledEntry, EntryKernels {}

export type WebGpuCompilation = Compilation<Program, WebGpuEntry>;

/** The inputs of a module as every program of it states them. */
export function inputSlots(module: Module): readonly InputSlot[] {
  return inputsOf(module, declareStorage(module));
}

/**
 * The whole road from a module to a program for WebGPU, the levels in order: graph, loops, groups, stages,
 * kernels, program. Needs no device; the same module and machine give the same program.
 *
 * @param given the machine whose numbers choose
 * @param without passes to leave out
 * @param target what the program says it runs on
 * @throws ScheduleError `limit` for a group whose every schedule needs more than the machine has; DeviceError `limit` for a
 *   state, an arena, or inputs, larger than a buffer that a kernel can see
 */
export function compileModule(
  module: Module,
  given: Machine,
  without: ReadonlySet<OptionalPass> = new Set(),
  target: string = given.name,
): WebGpuCompilation {
  const start = performance.now();
  const machine = ownCopy(given);
  const road = new Road(module, machine, without, kernelTools(machine));
  const fused = new Map(module.entries.map(({ name }) => [name, road.toFitted(name)] as const));
  const { storage, trace } = road;
  const layout = road.layout(fused, 1, (plan) => requireBindable(module, storage, plan, machine));
  const entries = new Map<string, WebGpuEntry>();
  for (const [name, entry] of fused)
    entries.set(name, { ...entry, ...road.toKernels(name, entry.stages, layout) });
  const { program, spans } = trace.timed(
    'print',
    () => {
      const made = emitProgram(module, storage, entries, layout, target);
      return { ...made, program: markCompiledHere(made.program) };
    },
    (made) => requireUploadable(made.program, machine),
  );
  return {
    module,
    machine,
    program,
    spans,
    entries,
    storage,
    layout,
    trace,
    milliseconds: performance.now() - start,
  };
}

/** The passes in their order, for the entries of one module. What is one target's alone it is given, or has at its end. */
export class Road {
  readonly storage: Storage;
  readonly trace: Trace;
  readonly #module: Module;
  readonly #machine: Machine;
  readonly #without: ReadonlySet<OptionalPass>;
  /** The first kernel of each shape of stages, and the tensors of its shape. */
  readonly #kernels = new Map<string, Pick<StageShape, 'tensors'> & { readonly kernel: Kernel }>();
  readonly #evaluated = new Map<Kernel, EvaluatedKernel>();

  /** @param tools those of levels that one target alone has */
  constructor(
    module: Module,
    machine: Machine,
    without: ReadonlySet<OptionalPass>,
    tools: Pick<LevelTools, TargetLevel>,
  ) {
    this.trace = new Trace({ ...commonTools, ...tools });
    this.#module = module;
    this.#machine = machine;
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

  /** An entry down to stages of which each is a dispatch. */
  toFitted(entry: string): Omit<CompiledEntry, 'scheduled' | 'names'> {
    const { stages: assigned, ...rest } = this.toStages(entry);
    const fit = (all: readonly Stage[]): Stage[] => all.flatMap((stage) => fitted(stage, this.#machine));
    return { ...rest, stages: this.pass(entry, 'fitStages', 'stages', 'stages', fit, assigned) };
  }

  /** The kernels of an entry's stages, over the plan of memory. */
  toKernels(
    entry: string,
    stages: readonly Stage[],
    { places }: BufferLayout,
  ): Pick<WebGpuEntry, 'kernels' | 'names' | 'scheduled'> {
    const machine = this.#machine;
    const scheduled: (readonly Scheduled<WorkgroupSchedule>[])[] = [];
    const placeOf: PlaceInArena = (tensor) => places.get(tensor);
    // Layers that are alike have kernels that are: the first of them is made and checked, others are copies of it.
    const schedule = (all: readonly Stage[]): Kernel[] =>
      all.map((stage, k) => {
        const groups = scheduledGroups(stage, machine);
        scheduled.push(groups);
        const name = kernelName(stage, k);
        const { key, tensors } = stageShapeOf(groups, placeOf);
        const known = this.#kernels.get(key);
        if (known !== undefined)
          return copied(known.kernel, paired(known.tensors, tensors), ownOf(stage, name));
        const { kernel } = kernelOf(stage, machine, name);
        verifyStores(stage, kernel);
        const hoisted = hoistScalars(kernel);
        this.#kernels.set(key, { kernel: hoisted, tensors });
        return hoisted;
      });
    const ordered = (all: readonly Kernel[]): EvaluatedKernel[] =>
      all.map((kernel) => {
        const copy = copyOf(kernel);
        const known = copy === undefined ? undefined : this.#evaluated.get(copy.of);
        if (copy !== undefined && known !== undefined) return copied(known, copy.tensors, kernel);
        const made = weakenBarriers(orderEvaluation(kernel), placeOf);
        this.#evaluated.set(kernel, made);
        return made;
      });
    const kernels = this.pass(
      entry,
      'orderEvaluation',
      'kernels',
      'evaluated',
      ordered,
      this.pass(entry, 'schedule', 'stages', 'kernels', schedule, stages),
    );
    const names = kernels.map((kernel) => kernel.name);
    return { kernels, names, scheduled };
  }

  /** An entry down to stages: what all targets share. */
  toStages(entry: string): Omit<CompiledEntry, 'scheduled' | 'names'> {
    const machine = this.#machine;
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

/** Of the tensors of two stages of one shape, that of the second in the place of each of the first. */
function paired(from: readonly Tensor[], to: readonly Tensor[]): Map<Tensor, Tensor> {
  return new Map(
    from.map((tensor, k) => {
      const other = to[k];
      if (other === undefined)
        throw new RangeError(`${tensor.name} has no counterpart in a stage of its shape`);
      return [tensor, other];
    }),
  );
}

/** What a stage's kernel is called: its groups' first and last loops. */
export function kernelName(stage: Stage, k: number): string {
  const names = stage.groups.flatMap((group) => group.loops.map((loop) => loop.name));
  const distinct = [...new Set(names.map((name) => name.replace(/'$/, '')))];
  if (distinct.length === 0) return `stage${k}`;
  return distinct.length <= 2 ? distinct.join('_') : `${distinct[0]}_to_${distinct[distinct.length - 1]}`;
}

/** The levels that one target has, and another has not. */
type TargetLevel = 'kernels' | 'evaluated' | 'functions';

const commonTools: Omit<LevelTools, TargetLevel> = {
  graph: { print: printModule, verify: verifyModule },
  loops: { print: printLoops, verify: (loops) => verifyLoops(loops) },
  groups: { print: printGroups, verify: verifyGroups },
  stages: { print: printStages, verify: verifyStages },
};

/** The tools of the levels that WebGPU has. */
function kernelTools(machine: Machine): Pick<LevelTools, TargetLevel> {
  const tools = {
    print: printKernels,
    verify: (kernels: readonly Kernel[]) => {
      // What holds for a kernel holds for its copies.
      for (const kernel of kernels) if (copyOf(kernel) === undefined) verifyKernel(kernel, machine);
    },
  };
  return { kernels: tools, evaluated: tools };
}
