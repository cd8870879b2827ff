import type { WebGpuCompilation } from '../compile.ts';
import type { WasmCompilation } from '../compileToWasm.ts';
import { batchBytes } from '../program/inputBytes.ts';
import { foldGrid } from '../runtime/grid.ts';
import type { KernelText, Program, ProgramBase } from '../runtime/program.ts';
import { layOut } from '../runtime/wasm/layout.ts';
import { MARGIN_BYTES } from '../runtime/wasm/program.ts';

/** What a device, an engine, a runtime or a computer has so much of, and no more. Those in one word are WebGPU's. */
export type LimitName =
  | 'maxStorageBufferBindingSize'
  | 'maxUniformBufferBindingSize'
  | 'maxStorageBuffersPerShaderStage'
  | 'maxComputeInvocationsPerWorkgroup'
  | 'maxComputeWorkgroupStorageSize'
  | 'maxComputeWorkgroupsPerDimension'
  | 'elements of an input'
  | 'address space'
  | 'memory';

/** Something that a program needs. */
export interface Need {
  /** What needs it, for people: `temporaries`, `workgroup memory of hidden`. */
  readonly what: string;
  readonly limit: LimitName;
  readonly needed: number;
  readonly unit: 'bytes' | 'buffers' | 'elements' | 'invocations' | 'workgroups';
}

/** Storage buffers that every kernel of a program sees: see `Program`. */
const STORAGE_BUFFERS = 5;

/** Arenas as tables name them. */
const arenas = {
  state: 'states',
  temps: 'temporaries',
  words: 'integers and bools',
  results: 'results of a step',
} as const;

/**
 * What a program needs before anything runs: of buffers, of workgroups, of grids; on WebAssembly, of the address space. What comes
 * on top are datasets.
 *
 * @param threads that would run it, on WebAssembly
 */
export function needsOf(compilation: WebGpuCompilation | WasmCompilation, threads: number): Need[] {
  return 'text' in compilation ? wasmNeeds(compilation, threads) : webGpuNeeds(compilation.program);
}

function wasmNeeds({ program }: WasmCompilation, threads: number): Need[] {
  const needed = layOut(program, threads, 'none').end + batchBytes(program) + MARGIN_BYTES;
  const all = `the plan, ${threads} thread${threads === 1 ? '' : 's'} and a batch`;
  return [
    { what: all, limit: 'address space', needed, unit: 'bytes' },
    { what: 'memory of the same', limit: 'memory', needed, unit: 'bytes' },
    elementNeed(program),
  ];
}

function webGpuNeeds(program: Program): Need[] {
  const { buffers, kernels, stepFields, places } = program;
  const inArenas = (['state', 'temps', 'words', 'results'] as const).map(
    (arena): readonly [string, number] => [arenas[arena], buffers[arena]],
  );
  const bound = [...inArenas, ['inputs of a batch', batchBytes(program)] as const];
  const uniform = 4 * Math.max(stepFields.length, places.most);
  return [
    ...bound.map(
      ([what, needed]): Need => ({ what, limit: 'maxStorageBufferBindingSize', needed, unit: 'bytes' }),
    ),
    elementNeed(program),
    { what: 'fields of a step', limit: 'maxUniformBufferBindingSize', needed: uniform, unit: 'bytes' },
    {
      what: 'buffers of a kernel',
      limit: 'maxStorageBuffersPerShaderStage',
      needed: STORAGE_BUFFERS,
      unit: 'buffers',
    },
    most(kernels, 'invocations', 'maxComputeInvocationsPerWorkgroup', 'invocations', (k) => k.workgroup),
    most(kernels, 'workgroup memory', 'maxComputeWorkgroupStorageSize', 'bytes', (k) => k.sharedBytes),
    gridNeed(program),
    {
      what: 'all arenas and a batch',
      limit: 'memory',
      needed: buffers.peakBytes + batchBytes(program),
      unit: 'bytes',
    },
  ];
}

/** The input that has most elements: a runtime counts so many, and no more. */
function elementNeed({ inputs }: ProgramBase): Need {
  const counts = inputs.map(({ shape }) => shape.reduce((n, extent) => n * extent, 1));
  return {
    what: 'elements of an input',
    limit: 'elements of an input',
    needed: Math.max(0, ...counts),
    unit: 'elements',
  };
}

/** The kernel that needs most of something. */
function most(
  kernels: readonly KernelText[],
  what: string,
  limit: LimitName,
  unit: Need['unit'],
  of: (kernel: KernelText) => number,
): Need {
  let [name, needed] = ['', 0];
  for (const kernel of kernels) if (of(kernel) > needed) [name, needed] = [kernel.name, of(kernel)];
  return { what: name === '' ? what : `${what} of ${name}`, limit, needed, unit };
}

/** The longer side of the largest grid, as grids are folded. */
function gridNeed({ entries, kernels }: ProgramBase): Need {
  let [name, needed] = ['', 0];
  for (const { steps } of Object.values(entries))
    for (const { kernel, workgroups } of steps) {
      const side = Math.max(...foldGrid(workgroups));
      if (side > needed) [name, needed] = [kernels[kernel]?.name ?? '', side];
    }
  return { what: `grid of ${name}`, limit: 'maxComputeWorkgroupsPerDimension', needed, unit: 'workgroups' };
}
