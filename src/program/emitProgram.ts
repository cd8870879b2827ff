import type { Module } from '../graph/index.ts';
import { sharedBytes } from '../kernels/build/packed.ts';
import { type EvaluatedKernel, expressionsOf, type Placement, statementsIn } from '../kernels/kernel.ts';
import { baseField, liveField, rowsField } from '../kernels/names.ts';
import { loadsIn, type Tensor } from '../loops/index.ts';
import type { Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import type { Entry, KernelText, Program, Step, StepField, StepGrid } from '../runtime/program.ts';
import type { Stage } from '../schedule/group.ts';
import type { LiveGrid } from '../schedule/liveGrid.ts';
import { printWgsl } from '../wgsl/kernel.ts';
import { bufferPlan, entryOf, kernelFacts, slotsOf, stepFieldsOf } from './slots.ts';

/** The kernels of one entry with the stages that they were made of. */
export interface EntryKernels {
  readonly stages: readonly Stage[];
  readonly kernels: readonly EvaluatedKernel[];
}

/**
 * The compiled artifact: kernels printed, steps listed, slots described. Kernels with the same text are one.
 *
 * @param entries by name, in the module's order
 */
export function emitProgram(
  module: Module,
  storage: Storage,
  entries: ReadonlyMap<string, EntryKernels>,
  layout: BufferLayout,
  target: string,
): Program {
  const stepFields = stepFieldsOf(module, storage);
  const placement = (tensor: Tensor): Placement => placeOf(tensor, layout);
  const kernels: KernelText[] = [];
  const numbers = new Map<string, number>();
  const print = (kernel: EvaluatedKernel, stage: Stage): number => {
    const code = printWgsl(kernel, placement, stepFields);
    const known = numbers.get(code);
    if (known !== undefined) return known;
    numbers.set(code, kernels.length);
    kernels.push(kernelText(kernel, stage, code, placement));
    return kernels.length - 1;
  };
  const emitted: Record<string, Entry> = {};
  for (const [name, { stages, kernels: own }] of entries) {
    const steps: Step[] = own.map((kernel, k) => ({
      kernel: print(kernel, stages[k] ?? { groups: [] }),
      workgroups: kernel.grid,
      ...(kernel.live === undefined ? {} : { live: stepGrid(kernel.live, stepFields) }),
    }));
    emitted[name] = entryOf(module, name, steps, stages, storage, layout);
  }
  return {
    ...slotsOf(module, storage, layout),
    target,
    kernels,
    entries: emitted,
    buffers: bufferPlan(layout),
  };
}

/** How the workgroups of a step follow from its fields. */
function stepGrid({ size, from, parts }: LiveGrid, fields: readonly StepField[]): StepGrid {
  return { field: fields.findIndex(({ name }) => name === liveField(size.name)), from, parts };
}

function placeOf(tensor: Tensor, layout: BufferLayout): Placement {
  if (tensor.role === 'data' || tensor.role === 'input')
    return { arena: 'data', base: baseField(tensor.name) };
  const [dim] = tensor.shape;
  if (tensor.role === 'rows' && typeof dim === 'object')
    return { arena: 'data', base: rowsField(dim.size.name) };
  const place = layout.places.get(tensor);
  if (place === undefined) throw new RangeError(`${tensor.name} has no place in the buffer plan`);
  return place;
}

function kernelText(
  kernel: EvaluatedKernel,
  stage: Stage,
  code: string,
  placement: (tensor: Tensor) => Placement,
): KernelText {
  return {
    ...kernelFacts(stage),
    name: kernel.name,
    kind: kernel.kind,
    code,
    workgroup: kernel.workgroup,
    sharedBytes: sharedBytes(kernel),
    bindings: bindingsOf(kernel, placement),
  };
}

/** The bindings whose memory a kernel touches. */
function bindingsOf(kernel: EvaluatedKernel, placement: (tensor: Tensor) => Placement): string[] {
  const names = new Set<string>();
  const touch = (tensor: Tensor): void => {
    if (tensor.role !== 'workgroup' && tensor.role !== 'private') names.add(placement(tensor).arena);
  };
  for (const stmt of statementsIn(kernel.body)) {
    if (stmt.kind === 'store') touch(stmt.tensor);
    for (const l of loadsIn(...expressionsOf(stmt))) touch(l.tensor);
  }
  return ['step', ...['data', 'state', 'temps', 'words', 'results'].filter((name) => names.has(name))];
}
