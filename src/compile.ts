import { type EntryKernels, emitProgram } from './codegen/emitProgram.ts';
import { type Kernel, statementsIn } from './codegen/kernel.ts';
import { partialCount } from './codegen/schedule/choose.ts';
import { fits, fitted, kernelOf, type Scheduled } from './codegen/schedule/packed.ts';
import { printKernels } from './codegen/text.ts';
import { KernelError, verifyKernel } from './codegen/verifyKernel.ts';
import { type Module, printModule, verifyModule } from './graph/index.ts';
import type { Loop } from './loops/index.ts';
import { printLoops } from './loops/text.ts';
import { verifyLoops } from './loops/verify.ts';
import { loopsIn, singletons } from './passes/fuse/group.ts';
import {
  assignStages,
  Decisions,
  fusePointwise,
  type Group,
  groupName,
  groupRows,
  mergeSiblings,
  type Stage,
  splitReductions,
  tensorsWritten,
} from './passes/fuse/index.ts';
import { printGroups, printStages } from './passes/fuse/text.ts';
import { declareStorage, lower, type Storage } from './passes/lower.ts';
import { type BufferLayout, planBuffers } from './passes/planBuffers.ts';
import type { Profile } from './passes/profile.ts';
import type { Program } from './runtime/program.ts';
import { type Levels, type LevelTools, Trace } from './trace.ts';

/** The passes that can be switched off, each by itself, to see and to test what it does. */
export const optionalPasses = [
  'fusePointwise',
  'mergeSiblings',
  'groupRows',
  'splitReductions',
  'packStages',
] as const;
export type OptionalPass = (typeof optionalPasses)[number];

/** Everything that compiling a module made, level by level. */
export interface Compilation {
  readonly module: Module;
  readonly profile: Profile;
  readonly program: Program;
  readonly entries: ReadonlyMap<string, CompiledEntry>;
  readonly storage: Storage;
  readonly layout: BufferLayout;
  readonly trace: Trace;
  /** Milliseconds of the whole compilation. */
  readonly milliseconds: number;
}

/** One entry: its stages, the kernel of each, and why they are what they are. */
export interface CompiledEntry extends EntryKernels {
  readonly loops: readonly Loop[];
  readonly scheduled: readonly (readonly Scheduled[])[];
  readonly decisions: Decisions;
}

/**
 * The whole road from a module to a program, the levels in order: graph, loops, groups, stages, kernels,
 * program. Needs no device; the same module and profile give the same program.
 *
 * @param without passes to leave out
 */
export function compileModule(
  module: Module,
  profile: Profile,
  without: ReadonlySet<OptionalPass> = new Set(),
): Compilation {
  const start = performance.now();
  const tools = toolsFor(profile);
  tools.graph.verify(module);
  const trace = new Trace(tools);
  const storage = declareStorage(module);
  const entries = new Map<string, CompiledEntry>();
  for (const { name } of module.entries)
    entries.set(name, compileEntry(module, name, storage, profile, without, trace));
  const persistent = [...storage.states.values(), ...storage.literals.values()];
  const layout = planBuffers(persistent, new Map([...entries].map(([name, { stages }]) => [name, stages])));
  const program = emitProgram(module, storage, entries, layout, profile);
  return {
    module,
    profile,
    program,
    entries,
    storage,
    layout,
    trace,
    milliseconds: performance.now() - start,
  };
}

function compileEntry(
  module: Module,
  entry: string,
  storage: Storage,
  profile: Profile,
  without: ReadonlySet<OptionalPass>,
  trace: Trace,
): CompiledEntry {
  const decisions = new Decisions();
  const on = (name: OptionalPass): boolean => !without.has(name);
  const pass = <From extends keyof Levels, To extends keyof Levels>(
    name: string,
    from: From,
    to: To,
    run: (input: Levels[From]) => Levels[To],
    input: Levels[From],
  ): Levels[To] => trace.apply(entry, { name, from, to, run }, input);

  let loops = pass('lower', 'graph', 'loops', (m) => lower(m, entry, storage), module);
  if (on('fusePointwise'))
    loops = pass('fusePointwise', 'loops', 'loops', (l) => fusePointwise(l, decisions), loops);
  if (on('mergeSiblings')) {
    loops = pass('mergeSiblings', 'loops', 'loops', (l) => mergeSiblings(l, profile, decisions), loops);
  }
  const join = (l: readonly Loop[]): Group[] =>
    on('groupRows') ? groupRows(l, profile, decisions) : singletons(l);
  let groups = pass('groupRows', 'loops', 'groups', join, loops);
  if (on('splitReductions')) {
    const target = {
      workgroupsOf: (group: Group) => partialCount(group, profile),
      fits: (group: Group) => fits({ groups: [group] }, profile),
    };
    groups = pass(
      'splitReductions',
      'groups',
      'groups',
      (g) => splitReductions(g, target, decisions),
      groups,
    );
  }
  const assign = (g: readonly Group[]): Stage[] => assignStages(g, decisions, on('packStages'));
  let stages = pass('assignStages', 'groups', 'stages', assign, groups);
  stages = pass(
    'fitStages',
    'stages',
    'stages',
    (all) => all.flatMap((stage) => fitted(stage, profile)),
    stages,
  );
  const scheduled: (readonly Scheduled[])[] = [];
  const schedule = (all: readonly Stage[]): Kernel[] =>
    all.map((stage, k) => {
      const { kernel, groups: own } = kernelOf(stage, profile, kernelName(stage, k));
      verifyStores(stage, kernel);
      scheduled.push(own);
      return kernel;
    });
  const kernels = pass('schedule', 'stages', 'kernels', schedule, stages);
  return { loops, stages, kernels, scheduled, decisions };
}

/** What a stage's kernel is called: its groups' first and last loops. */
function kernelName(stage: Stage, k: number): string {
  const names = stage.groups.flatMap((group) => group.loops.map((loop) => loop.name));
  const distinct = [...new Set(names.map((name) => name.replace(/'$/, '')))];
  if (distinct.length === 0) return `stage${k}`;
  return distinct.length <= 2 ? distinct.join('_') : `${distinct[0]}_to_${distinct[distinct.length - 1]}`;
}

function toolsFor(profile: Profile): LevelTools {
  return {
    graph: { print: printModule, verify: verifyModule },
    loops: { print: printLoops, verify: (loops) => verifyLoops(loops) },
    groups: { print: printGroups, verify: verifyGroups },
    stages: {
      print: printStages,
      verify: (stages) => verifyGroups(stages.flatMap((s) => s.groups)),
    },
    kernels: {
      print: printKernels,
      verify: (kernels) => {
        for (const kernel of kernels)
          verifyKernel(kernel, { workgroup: profile.workgroup, workgroupMemory: profile.workgroupMemory });
      },
    },
  };
}

/** The loops of groups, together; partial results are written by tiles, which are no loops. */
function verifyGroups(groups: readonly Group[]): void {
  verifyLoops(
    loopsIn(groups),
    groups.flatMap((group) => group.partials.map((partial) => partial.tensor)),
  );
}

/** Throws unless a stage's kernel stores everything that its groups are to write. */
function verifyStores(stage: Stage, kernel: Kernel): void {
  const stored = new Set(
    [...statementsIn(kernel.body)].flatMap((s) => (s.kind === 'store' ? [s.tensor] : [])),
  );
  for (const group of stage.groups) {
    const missing = tensorsWritten(group).find(
      (tensor) => !group.locals.includes(tensor) && !stored.has(tensor),
    );
    if (missing !== undefined) {
      throw new KernelError(
        'store',
        kernel.name,
        `nothing stores ${missing.name}, which ${groupName(group)} writes`,
      );
    }
  }
}
