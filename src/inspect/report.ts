import type { Compilation, CompiledEntry, WebGpuEntry } from '../compile.ts';
import { groupName } from '../fuse/index.ts';
import { type Prediction, predictionOf, timeOfStages } from '../fuse/price.ts';
import type { EvaluatedKernel } from '../kernels/kernel.ts';
import { verifyKernel } from '../kernels/verifyKernel.ts';
import { byteSize, extentOf } from '../loops/index.ts';
import { batchBytes } from '../program/inputBytes.ts';
import { nodesOf } from '../program/slots.ts';
import type { KernelBase, KernelText, ProgramBase } from '../runtime/program.ts';
import type { WasmKernel } from '../runtime/wasm/program.ts';
import { liveGridText } from '../schedule/liveGrid.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { isBounded, type ScheduleSummary, summaryOf, tasksText } from '../wasm/scheduleSummary.ts';

/** What `sinter inspect` shows: plain data, the same for its tables and its JSON. */
export interface Report {
  readonly name: string;
  /** What it was compiled for, `webgpu`. */
  readonly target: string;
  /** The machine of whose numbers schedules and predicted times are. */
  readonly machine: MachineReport;
  /** Distinct kernels of all entries. */
  readonly kernels: number;
  /** Everything but datasets and batches, and on WebAssembly the scratch of each thread. */
  readonly peakBytes: number;
  /** What a session keeps besides from its first `run` on: a full batch of all inputs. */
  readonly batchBytes: number;
  /** What persists, plus the largest sum of bytes live at one dispatch; the most of any entry. */
  readonly lowerBoundBytes: number;
  /** Bytes of each arena. */
  readonly arenas: {
    readonly state: number;
    readonly temps: number;
    readonly words: number;
    readonly results: number;
    /** Packed operands of contractions, on WebAssembly. */
    readonly packed?: number;
  };
  readonly states: readonly StateReport[];
  readonly entries: Readonly<Record<string, EntryReport>>;
}

/** A machine as tables name it. */
export interface MachineReport {
  readonly name: string;
  /** What it is, in a few words. */
  readonly about?: string;
  /** Microseconds that each dispatch takes besides its kernel. */
  readonly dispatchMicros: number;
}

/** One entry: what a step of it runs, and which temporaries it needs. */
export interface EntryReport {
  readonly dispatches: readonly DispatchReport[];
  /** Distinct kernels, in the order of their first dispatch. */
  readonly kernels: readonly KernelReport[];
  /** Floating-point operations of one step. */
  readonly flops: number;
  /** Bytes that one step's dispatches read and write. */
  readonly bytes: number;
  /** Microseconds of one step by the model of time, dispatches included. */
  readonly predictedMicros: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly temporaries: readonly TemporaryReport[];
}

/** One dispatch of a step. */
export interface DispatchReport {
  /** Of what it computes: that of its kernel, where it is the first that runs it. */
  readonly name: string;
  /** The name of the kernel that it runs: dispatches of layers that are alike share one. */
  readonly kernel: string;
  /** `map`, `reduce`, `contract`, `rows`, or `packed` of several. */
  readonly kind: string;
  /** Graph nodes that it computes, with source lines where known. */
  readonly nodes: readonly string[];
  /** Workgroups; on WebAssembly tasks, which threads take one by one. */
  readonly grid: number;
  /** How many of them a step runs, as a formula of bounded sizes: where its live extents tell. */
  readonly live?: string;
  /** Invocations of a workgroup; 1 on WebAssembly. */
  readonly workgroup: number;
  /** Bytes of workgroup memory; on WebAssembly of packed operands, which all threads share. */
  readonly sharedBytes: number;
  /** Its kernel by the model of time: microseconds without those of the dispatch itself, and what most of them go to. */
  readonly predicted: Prediction;
  readonly flops: number;
  readonly bytes: number;
  readonly bindings: readonly string[];
  /**
   * On WebGPU, loads of data at rows whose number is known at run time only: the loads that are not proven to be in
   * range. WGSL keeps them inside of the binding.
   */
  readonly rowLoads?: number;
  /** The groups that it holds, in the order of their workgroups. */
  readonly groups: readonly GroupReport[];
}

/** A kernel's text, with what is known of it. Where several dispatches run it, names, nodes and comments are those of the first. */
export interface KernelReport {
  readonly name: string;
  readonly kind: string;
  /** Its text in the target's language: a WGSL module, or functions of a WebAssembly module. */
  readonly code: string;
  readonly language: 'wgsl' | 'wat';
  readonly workgroup: number;
  readonly nodes: readonly string[];
}

/** Loops that share a dispatch's range of workgroups. */
export interface GroupReport {
  readonly name: string;
  readonly loops: readonly string[];
  readonly schedule: Schedule | ScheduleSummary;
}

export interface StateReport {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  readonly arena: string;
  /** In bytes, from the arena's start. */
  readonly offset: number;
}

/** A temporary: where it lies, and the dispatches between which it is needed, both included. */
export interface TemporaryReport extends StateReport {
  readonly from: number;
  readonly to: number;
}

/** Looks at a compilation. */
export function reportOf(compilation: Compilation): Report {
  const { program, machine } = compilation;
  const { about } = machine.description;
  const entries: Record<string, EntryReport> = {};
  for (const [name, entry] of compilation.entries) entries[name] = entryReport(compilation, name, entry);
  return {
    name: program.name,
    target: program.target,
    machine: {
      name: machine.name,
      ...(about === undefined ? {} : { about }),
      dispatchMicros: machine.dispatch,
    },
    kernels: program.kernels.length,
    peakBytes: program.buffers.peakBytes,
    batchBytes: batchBytes(program),
    lowerBoundBytes: program.buffers.lowerBoundBytes,
    arenas: arenasOf(program),
    states: program.state.map(({ name, dtype, shape, arena, offset }) => ({
      name,
      dtype,
      shape,
      bytes: 4 * shape.reduce((n, d) => n * d, 1),
      arena,
      offset: 4 * offset,
    })),
    entries,
  };
}

function arenasOf({ buffers, kernels }: ProgramBase): Report['arenas'] {
  const { state, temps, words, results } = buffers;
  const packed = Math.max(0, ...kernels.map((kernel) => (isWat(kernel) ? kernel.packedBytes : 0)));
  return { state, temps, words, results, ...(packed === 0 ? {} : { packed }) };
}

function entryReport(
  { program, layout, machine }: Compilation,
  name: string,
  entry: CompiledEntry,
): EntryReport {
  const emitted = program.entries[name];
  if (emitted === undefined) throw new RangeError(`the program lacks entry ${name}`);
  const trees = isWebGpu(entry) ? entry.kernels : [];
  const dispatches = emitted.steps.map((step, k): DispatchReport => {
    const kernel = kernelAt(program.kernels, step.kernel);
    const tree = trees[k];
    const rowLoads = tree && verifyKernel(tree, machine).filter(({ what }) => what === 'row').length;
    const stage = entry.stages[k];
    const predicted = stage === undefined ? null : predictionOf(stage, machine);
    if (stage === undefined || predicted === null)
      throw new RangeError(`dispatch ${k} of ${name} has no time`);
    return {
      name: entry.names[k] ?? kernel.name,
      kernel: kernel.name,
      kind: kernel.kind,
      nodes: nodesOf(stage),
      grid: step.workgroups,
      ...liveOf(tree, entry.scheduled[k] ?? []),
      ...layoutOf(kernel),
      ...(rowLoads === undefined ? {} : { rowLoads }),
      predicted,
      flops: kernel.flops,
      bytes: kernel.bytes,
      groups: (entry.scheduled[k] ?? []).map(({ group, schedule }) => ({
        name: groupName(group),
        loops: group.loops.map((loop) => loop.name),
        schedule: 'kind' in schedule ? schedule : summaryOf(schedule),
      })),
    };
  });
  const kernels = [...new Set(emitted.steps.map((step) => step.kernel))].map((k): KernelReport => {
    const kernel = kernelAt(program.kernels, k);
    const { name, kind, code, nodes } = kernel;
    const language = isWgsl(kernel) ? 'wgsl' : 'wat';
    return { name, kind, code, language, workgroup: layoutOf(kernel).workgroup, nodes };
  });
  const temporaries = (layout.ranges.get(name) ?? []).map(({ tensor, from, to }): TemporaryReport => {
    const shape = tensor.shape.map(extentOf);
    const place = layout.places.get(tensor);
    if (place === undefined) throw new RangeError(`${tensor.name} has no place in the buffer plan`);
    return {
      name: tensor.name,
      dtype: tensor.dtype,
      shape,
      bytes: Math.max(4, byteSize(tensor.dtype)) * shape.reduce((n, d) => n * d, 1),
      arena: place.arena,
      offset: 4 * place.offset,
      from,
      to,
    };
  });
  return {
    dispatches,
    kernels,
    flops: sum(dispatches.map((d) => d.flops)),
    bytes: sum(dispatches.map((d) => d.bytes)),
    predictedMicros: timeOfStages(entry.stages, machine),
    inputs: emitted.inputs,
    outputs: emitted.outputs.map((output) => output.name),
    temporaries,
  };
}

function kernelAt(kernels: readonly KernelBase[], k: number): KernelText | WasmKernel {
  const kernel = kernels[k];
  if (kernel === undefined) throw new RangeError(`the program has no kernel ${k}`);
  if (isWgsl(kernel) || isWat(kernel)) return kernel;
  throw new RangeError(`kernel ${kernel.name} is of no target that is known`);
}

function isWebGpu(entry: CompiledEntry): entry is WebGpuEntry {
  return 'kernels' in entry;
}

function isWgsl(kernel: KernelBase): kernel is KernelText {
  return 'workgroup' in kernel;
}

function isWat(kernel: KernelBase): kernel is WasmKernel {
  return 'packedBytes' in kernel;
}

/** What a dispatch's workgroups, or tasks, are of what is alive. */
function liveOf(
  tree: EvaluatedKernel | undefined,
  scheduled: CompiledEntry['scheduled'][number],
): Pick<DispatchReport, 'live'> {
  if (tree !== undefined) return tree.live === undefined ? {} : { live: liveGridText(tree.live) };
  const tasks = scheduled.flatMap(({ schedule }) => ('kind' in schedule ? [] : [schedule]));
  return tasks.some(isBounded) ? { live: tasks.map(tasksText).join(' + ') } : {};
}

function layoutOf(
  kernel: KernelText | WasmKernel,
): Pick<DispatchReport, 'workgroup' | 'sharedBytes' | 'bindings'> {
  if (!isWgsl(kernel)) return { workgroup: 1, sharedBytes: kernel.packedBytes, bindings: [] };
  const { workgroup, sharedBytes, bindings } = kernel;
  return { workgroup, sharedBytes, bindings };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
