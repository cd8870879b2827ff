import type { Stage } from './fuse/index.ts';
import type { Module } from './graph/index.ts';
import { KernelError } from './kernels/verifyKernel.ts';
import { type Machine, machines, ownCopy } from './machine/index.ts';
import type { OptionalPass } from './optionalPasses.ts';
import { requireUploadable } from './program/bindable.ts';
import { type Compilation, type CompiledEntry, kernelName, Road } from './road.ts';
import type { WasmProgram } from './runtime/wasm/program.ts';
import type { LevelTools } from './trace.ts';
import type { Assemble } from './wasm/assemble.ts';
import { PLACE_ALIGNMENT, WasmKernels } from './wasm/emitWasm.ts';
import { codeOf, type WasmKernelText } from './wasm/kernel.ts';

export { loadAssembler } from './wasm/assemble.ts';

/** A compilation for WebAssembly, with the text of its module. */
export interface WasmCompilation extends Compilation<WasmProgram> {
  readonly text: string;
}

/**
 * The whole road from a module to a program for WebAssembly. Loops are fused by the same passes as for WebGPU, and scheduled in another way: tiles and vectors
 * for threads that take tasks, over a memory whose plan is made first.
 *
 * @param assemble turns the module's text into bytes
 * @param given a machine that has tasks
 * @throws DeviceError `memory` for a plan, `limit` for inputs beside it, larger than WebAssembly can address
 */
export function compileToWasm(
  module: Module,
  assemble: Assemble,
  without: ReadonlySet<OptionalPass> = new Set(),
  given: Machine = machines.wasm,
): WasmCompilation {
  const start = performance.now();
  const machine = ownCopy(given);
  const road = new Road(module, machine, without, { functions: functionTools });
  const fused = new Map(module.entries.map(({ name }) => [name, road.toStages(name)] as const));
  const { storage, trace } = road;
  const layout = road.layout(fused, PLACE_ALIGNMENT);
  const kernels = new WasmKernels(module, storage, layout, machine);
  const entries = new Map<string, CompiledEntry>();
  for (const [name, entry] of fused)
    entries.set(name, { ...entry, ...toFunctions(road, name, entry.stages, kernels) });
  const assembled: Assemble = (text) => trace.timed('assemble', () => assemble(text));
  const { program, text, spans } = trace.timed(
    'print',
    () => kernels.program(assembled),
    (made) => requireUploadable(made.program, machine, made.program.memory.bytes),
  );
  const milliseconds = performance.now() - start;
  return { module, machine, program, spans, entries, storage, layout, trace, text, milliseconds };
}

/** The functions of an entry's stages, written to a module. */
function toFunctions(
  road: Road,
  entry: string,
  stages: readonly Stage[],
  kernels: WasmKernels,
): Pick<CompiledEntry, 'names' | 'scheduled'> {
  const write = (all: readonly Stage[]): WasmKernelText[] =>
    all.map((stage, k) => kernels.add(entry, stage, kernelName(stage, k)));
  const written = road.pass(entry, 'schedule', 'stages', 'functions', write, stages);
  return { names: written.map(({ name }) => name), scheduled: written.map(({ groups }) => groups) };
}

/** The tools of the level that WebAssembly alone has. */
const functionTools: NonNullable<LevelTools['functions']> = {
  print: (kernels) => kernels.map((kernel) => codeOf(kernel.functions)).join('\n\n'),
  verify: (kernels) => {
    for (const kernel of kernels) verifyFunctions(kernel);
  },
};

/** Throws where a kernel of WebAssembly calls a function of its own that is not there. */
function verifyFunctions(kernel: WasmKernelText): void {
  const defined = new Set(kernel.functions.map(({ name }) => name));
  for (const { run } of kernel.sweeps)
    if (!defined.has(run)) throw new KernelError('store', kernel.name, `there is no function ${run}`);
}
