import { type EntryKernels, emitProgram } from './codegen/emitProgram.ts';
import type { Kernel } from './codegen/kernel.ts';
import { partialCount } from './codegen/schedule/choose.ts';
import { kernelOf, type Scheduled } from './codegen/schedule/packed.ts';
import { printKernels } from './codegen/text.ts';
import { verifyKernel } from './codegen/verifyKernel.ts';
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
  groupRows,
  mergeSiblings,
  type Stage,
  splitReductions,
} from './passes/fuse/index.ts';
import { printGroups, printStages } from './passes/fuse/text.ts';
import { declareStorage, lower, type Storage } from './passes/lower.ts';
import { type BufferLayout, planBuffers } from './passes/planBuffers.ts';
import type { Profile } from './passes/profile.ts';
import type { Program } from './runtime/program.ts';
import { type LevelTools, Trace } from './trace.ts';

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
  const trace = new Trace(toolsFor(profile));
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
  const on = (pass: OptionalPass): boolean => !without.has(pass);

  const lowered = trace.apply(
    entry,
    { name: 'lower', from: 'graph', to: 'loops', run: (m: Module) => lower(m, entry, storage) },
    module,
  );
  const fused = on('fusePointwise')
    ? trace.apply(
        entry,
        {
          name: 'fusePointwise',
          from: 'loops',
          to: 'loops',
          run: (loops: readonly Loop[]) => fusePointwise(loops, decisions),
        },
        lowered,
      )
    : lowered;
  const merged = on('mergeSiblings')
    ? trace.apply(
        entry,
        {
          name: 'mergeSiblings',
          from: 'loops',
          to: 'loops',
          run: (loops: readonly Loop[]) => mergeSiblings(loops, profile, decisions),
        },
        fused,
      )
    : fused;
  const rows = trace.apply(
    entry,
    {
      name: 'groupRows',
      from: 'loops',
      to: 'groups',
      run: (loops: readonly Loop[]) =>
        on('groupRows') ? groupRows(loops, profile, decisions) : singletons(loops),
    },
    merged,
  );
  const split = on('splitReductions')
    ? trace.apply(
        entry,
        {
          name: 'splitReductions',
          from: 'groups',
          to: 'groups',
          run: (groups: readonly Group[]) =>
            splitReductions(groups, (g) => partialCount(g, profile), decisions),
        },
        rows,
      )
    : rows;
  const stages = trace.apply(
    entry,
    {
      name: 'assignStages',
      from: 'groups',
      to: 'stages',
      run: (groups: readonly Group[]) => assignStages(groups, decisions, on('packStages')),
    },
    split,
  );
  const scheduled: Scheduled[][] = [];
  const kernels = trace.apply(
    entry,
    {
      name: 'schedule',
      from: 'stages',
      to: 'kernels',
      run: (all: readonly Stage[]): Kernel[] =>
        all.map((stage, k) => {
          const { kernel, groups } = kernelOf(stage, profile, kernelName(stage, k));
          scheduled.push(groups);
          return kernel;
        }),
    },
    stages,
  );
  return { loops: merged, stages, kernels, scheduled, decisions };
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
