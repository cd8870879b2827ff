import { markCompiledHere } from './compiledHere.ts';
import type { Stage } from './fuse/index.ts';
import type { Module } from './graph/index.ts';
import { type PlaceInArena, weakenBarriers } from './kernels/barriers.ts';
import { fitted, kernelOf, ownOf, scheduledGroups } from './kernels/build/packed.ts';
import { copied, copyOf, type StageShape, stageShapeOf } from './kernels/copies.ts';
import { hoistScalars } from './kernels/hoistScalars.ts';
import type { EvaluatedKernel, Kernel } from './kernels/kernel.ts';
import { orderEvaluation } from './kernels/orderEvaluation.ts';
import { printKernels } from './kernels/text.ts';
import { verifyKernel } from './kernels/verifyKernel.ts';
import { verifyStores } from './kernels/verifyStores.ts';
import type { Tensor } from './loops/index.ts';
import { type Machine, ownCopy } from './machine/index.ts';
import type { OptionalPass } from './optionalPasses.ts';
import { declareStorage } from './passes/lower.ts';
import type { BufferLayout } from './plan/planBuffers.ts';
import { requireBindable, requireUploadable } from './program/bindable.ts';
import { type EntryKernels, emitProgram } from './program/emitProgram.ts';
import { inputsOf } from './program/slots.ts';
import { type Compilation, type CompiledEntry, kernelName, Road, type TargetLevel } from './road.ts';
import type { InputSlot, Program } from './runtime/program.ts';
import type { Scheduled } from './schedule/best.ts';
import type { WorkgroupSchedule } from './schedule/schedule.ts';
import type { LevelTools } from './trace.ts';

export { type OptionalPass, optionalPasses } from './optionalPasses.ts';
export type { Compilation, CompiledEntry, ScheduledGroup } from './road.ts';

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
  const fused = new Map(module.entries.map(({ name }) => [name, toFitted(road, name)] as const));
  const { storage, trace } = road;
  const layout = road.layout(fused, 1, (plan) => requireBindable(module, storage, plan, machine));
  const kernels = new Kernels(road);
  const entries = new Map<string, WebGpuEntry>();
  for (const [name, entry] of fused)
    entries.set(name, { ...entry, ...kernels.toKernels(name, entry.stages, layout) });
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

/** An entry down to stages of which each is a dispatch. */
function toFitted(road: Road, entry: string): Omit<CompiledEntry, 'scheduled' | 'names'> {
  const { stages: assigned, ...rest } = road.toStages(entry);
  const fit = (all: readonly Stage[]): Stage[] => all.flatMap((stage) => fitted(stage, road.machine));
  return { ...rest, stages: road.pass(entry, 'fitStages', 'stages', 'stages', fit, assigned) };
}

/** Makes the kernels of a module's stages. */
class Kernels {
  readonly #road: Road;
  /** The first kernel of each shape of stages, and the tensors of its shape. */
  readonly #kernels = new Map<string, Pick<StageShape, 'tensors'> & { readonly kernel: Kernel }>();
  readonly #evaluated = new Map<Kernel, EvaluatedKernel>();

  constructor(road: Road) {
    this.#road = road;
  }

  /** The kernels of an entry's stages, over the plan of memory. */
  toKernels(
    entry: string,
    stages: readonly Stage[],
    { places }: BufferLayout,
  ): Pick<WebGpuEntry, 'kernels' | 'names' | 'scheduled'> {
    const { machine } = this.#road;
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
    const kernels = this.#road.pass(
      entry,
      'orderEvaluation',
      'kernels',
      'evaluated',
      ordered,
      this.#road.pass(entry, 'schedule', 'stages', 'kernels', schedule, stages),
    );
    const names = kernels.map((kernel) => kernel.name);
    return { kernels, names, scheduled };
  }
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
