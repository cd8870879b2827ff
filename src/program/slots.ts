import type { Module } from '../graph/index.ts';
import { baseField, liveField, paramField, rowsField } from '../kernels/names.ts';
import { tensorBytes } from '../loops/edges.ts';
import { extentOf, loadedDtype, type Param } from '../loops/index.ts';
import { loopFlops } from '../passes/flops.ts';
import { paramOf, type Storage } from '../passes/lower.ts';
import type { BufferLayout } from '../plan/planBuffers.ts';
import type {
  BufferPlan,
  ConstantSlot,
  Entry,
  InputSlot,
  KernelBase,
  OutputSlot,
  ParamSlot,
  ProgramBase,
  StateSlot,
  Step,
  StepField,
} from '../runtime/program.ts';
import { type Stage, tensorsInside, tensorsReadBy, tensorsWritten } from '../schedule/group.ts';
import { indexRange } from './indexRange.ts';
import { isBeside } from './weights.ts';

/** What a program says of a module whatever its target: states, inputs, run-time scalars, sizes, given arrays. */
export type Slots = Omit<ProgramBase, 'target' | 'kernels' | 'entries' | 'buffers'>;

/** The slots of a module, at the places of a plan. */
export function slotsOf(module: Module, storage: Storage, layout: BufferLayout): Slots {
  const params = paramsOf(module);
  return {
    format: 1,
    name: module.name,
    state: statesOf(module, storage, layout),
    inputs: inputsOf(module, storage),
    params: params.map(
      (p): ParamSlot => ({ name: p.name, field: paramField(p.name), dtype: p.dtype, initial: p.initial }),
    ),
    sizes: module.sizes.map(({ name, max }) => {
      const slot = { name, max, live: liveField(name) };
      return storage.rows.has(name) ? { ...slot, rows: rowsField(name) } : slot;
    }),
    stepFields: stepFieldsOf(module, storage),
    constants: constantsOf(storage, layout),
  };
}

/** The fields of the step block. */
export function stepFieldsOf(module: Module, storage: Storage): StepField[] {
  return fieldsOf(module, storage, paramsOf(module));
}

/** The plan of memory as the program states it. @param more bytes beside the arenas */
export function bufferPlan(layout: BufferLayout, more = 0): BufferPlan {
  return {
    state: layout.state,
    temps: layout.temps,
    words: layout.words,
    results: layout.results,
    peakBytes: layout.peakBytes + more,
    lowerBoundBytes: layout.lowerBoundBytes + more,
  };
}

/** The graph nodes that a stage computes, with their source lines where known. */
export function nodesOf({ groups }: Stage): string[] {
  const origin = new Set(groups.flatMap((g) => [...g.prologue, ...g.loops].flatMap((l) => l.origin)));
  return [...origin].map(({ node, source }) => (source === undefined ? node : `${node}  at ${source}`));
}

/** What the kernel of a stage does, for tables. */
export function kernelFacts(stage: Stage): Pick<KernelBase, 'nodes' | 'flops' | 'bytes'> {
  const loops = stage.groups.flatMap((g) => [...g.prologue, ...g.loops]);
  const own = new Set(stage.groups.flatMap((group) => [...tensorsInside(group)]));
  const moved = new Set(
    stage.groups.flatMap((g) => [...tensorsReadBy(g), ...tensorsWritten(g)]).filter((t) => !own.has(t)),
  );
  return {
    nodes: nodesOf(stage),
    flops: loops.reduce((n, loop) => n + loopFlops(loop), 0),
    bytes: [...moved].reduce((n, tensor) => n + tensorBytes(tensor), 0),
  };
}

/** An entry as the program states it: its steps, its inputs and outputs. */
export function entryOf(
  module: Module,
  name: string,
  steps: readonly Step[],
  stages: readonly Stage[],
  storage: Storage,
  layout: BufferLayout,
): Entry {
  const declared = module.entries.find((e) => e.name === name);
  const read = new Set(stages.flatMap((s) => s.groups.flatMap((g) => [...tensorsReadBy(g)])));
  const written = stages.flatMap((s) => s.groups.flatMap(tensorsWritten)).filter((t) => t.role === 'result');
  let resultWords = 0;
  const outputs = (declared?.outputs ?? []).map(({ name: output, node }): OutputSlot => {
    const tensor = written.find((t) => t.name === output);
    const offset = tensor === undefined ? 0 : (layout.places.get(tensor)?.offset ?? 0);
    const shape = node.shape.map(extentOf);
    if (tensor !== undefined) resultWords = Math.max(resultWords, offset + shape.reduce((n, d) => n * d, 1));
    return {
      name: output,
      dtype: loadedDtype(node.dtype),
      shape,
      live: node.shape.map((dim) =>
        typeof dim === 'number' ? null : { size: dim.size.name, factor: dim.factor },
      ),
      offset,
    };
  });
  const inputs = [...storage.inputs.values()]
    .filter((tensor) => read.has(tensor))
    .map((tensor) => tensor.name);
  return { steps, outputs, inputs, resultWords };
}

/** The run-time scalars that a module declares, by name; `step` is a field of its own. */
function paramsOf(module: Module): Param[] {
  return module.params
    .map(paramOf)
    .filter((param) => param.name !== 'step')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In the order that the runtime knows: programs from elsewhere are checked against it. */
function fieldsOf(module: Module, storage: Storage, params: readonly Param[]): StepField[] {
  const sizes = module.sizes.map(({ name }) => name);
  return [
    { name: 'step', dtype: 'i32' },
    { name: 'result', dtype: 'u32' },
    ...sizes.map((name): StepField => ({ name: liveField(name), dtype: 'i32' })),
    ...sizes
      .filter((name) => storage.rows.has(name))
      .map((name): StepField => ({ name: rowsField(name), dtype: 'u32' })),
    ...inputsOf(module, storage).map(({ base }): StepField => ({ name: base, dtype: 'u32' })),
    ...params.map((p): StepField => ({ name: paramField(p.name), dtype: p.dtype })),
  ];
}

function statesOf(module: Module, storage: Storage, layout: BufferLayout): StateSlot[] {
  return module.states.map(({ name, node, init, kernel }): StateSlot => {
    const tensor = storage.states.get(node);
    const place = tensor === undefined ? undefined : layout.places.get(tensor);
    if (place === undefined || (place.arena !== 'state' && place.arena !== 'words') || node.dtype === 'u8') {
      throw new RangeError(`state ${name} has no place in the buffer plan`);
    }
    return {
      name,
      dtype: node.dtype,
      shape: node.shape.map(extentOf),
      arena: place.arena,
      offset: place.offset,
      init: isBeside(init) ? { kind: 'given' } : init,
      ...(kernel === undefined ? {} : { kernel }),
    };
  });
}

/** The inputs of a module, with the values that they may have. */
export function inputsOf(module: Module, storage: Storage): InputSlot[] {
  return module.inputs.map((node): InputSlot => {
    const tensor = storage.inputs.get(node);
    const [dim] = node.shape;
    if (tensor === undefined) throw new RangeError('an input without storage');
    const slot = {
      name: tensor.name,
      dtype: node.dtype,
      shape: node.shape.map(extentOf),
      base: baseField(tensor.name),
    };
    const range = indexRange(module, node);
    const rows = tensor.role === 'data' && typeof dim === 'object' ? { size: dim.size.name } : {};
    return { ...slot, ...rows, ...(range === undefined ? {} : { range }) };
  });
}

function constantsOf(storage: Storage, layout: BufferLayout): ConstantSlot[] {
  return [...storage.literals].map(([node, tensor]): ConstantSlot => {
    const place = layout.places.get(tensor);
    if (place === undefined || (place.arena !== 'state' && place.arena !== 'words'))
      throw new RangeError('a given array without a place');
    return { arena: place.arena, offset: place.offset, words: String(node.attrs.words) };
  });
}
