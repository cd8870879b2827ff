import { weakenBarriers } from '../../src/kernels/barriers.ts';
import type { Kernel, Placement } from '../../src/kernels/kernel.ts';
import { expressionsOf, statementsIn } from '../../src/kernels/kernel.ts';
import { baseField, liveField, paramField } from '../../src/kernels/names.ts';
import { orderEvaluation } from '../../src/kernels/orderEvaluation.ts';
import { type Dtype, elementCount, loadsIn, subexpressions, type Tensor } from '../../src/loops/index.ts';
import { foldGrid } from '../../src/runtime/grid.ts';
import type { StepField } from '../../src/runtime/program.ts';
import { printWgsl } from '../../src/wgsl/kernel.ts';

/** One kernel with the first contents of its tensors, and what the step block says. */
export interface KernelRun {
  readonly kernel: Kernel;
  readonly memory: ReadonlyMap<Tensor, Float64Array>;
  readonly live?: Readonly<Record<string, number>>;
  readonly params?: Readonly<Record<string, number>>;
}

/** A run's text and its buffers' contents, arena by arena, as 32-bit words. */
export interface PlacedRun {
  readonly code: string;
  readonly arenas: Readonly<Record<'step' | Placement['arena'], Uint32Array<ArrayBuffer>>>;
  readonly placement: (tensor: Tensor) => Placement;
}

/** Lays a kernel's tensors out in the six bindings, and prints it. */
export function placeRun(run: KernelRun): PlacedRun {
  const places = new Map<Tensor, Placement>();
  const ends = { data: 8, state: 4, temps: 4, words: 4, results: 4 };
  const starts = new Map<Tensor, number>();
  const fields: StepField[] = [
    { name: 'step', dtype: 'i32' },
    { name: 'result', dtype: 'u32' },
  ];
  const values: number[] = [1, RESULT_BASE];
  for (const tensor of tensorsOf(run.kernel)) {
    const arena = arenaOf(tensor);
    const elements = run.memory.get(tensor)?.length ?? elementCount(tensor.shape);
    starts.set(tensor, ends[arena]);
    if (arena === 'data') {
      places.set(tensor, { arena, base: baseField(tensor.name) });
      fields.push({ name: baseField(tensor.name), dtype: 'u32' });
      values.push(ends.data);
    } else places.set(tensor, { arena, offset: ends[arena] });
    ends[arena] += tensor.dtype === 'u8' ? Math.ceil(elements / 4) : elements;
  }
  for (const expr of subexpressions(...[...statementsIn(run.kernel.body)].flatMap(expressionsOf))) {
    if (expr.kind !== 'live' && expr.kind !== 'param') continue;
    const name = expr.kind === 'live' ? liveField(expr.size.name) : paramField(expr.param.name);
    if (fields.some((f) => f.name === name)) continue;
    fields.push({ name, dtype: expr.kind === 'live' ? 'i32' : expr.param.dtype });
    values.push(
      expr.kind === 'live'
        ? (run.live?.[expr.size.name] ?? expr.size.max)
        : (run.params?.[expr.param.name] ?? expr.param.initial),
    );
  }
  const words = (n: number): Uint32Array<ArrayBuffer> => new Uint32Array(Math.max(4, Math.ceil(n / 4) * 4));
  const arenas = {
    step: words(fields.length),
    data: words(ends.data),
    state: words(ends.state),
    temps: words(ends.temps),
    words: words(ends.words),
    results: words(RESULT_BASE + ends.results),
  };
  fields.forEach((field, k) => {
    arenas.step[k] = bitsOf(values[k] ?? 0, field.dtype);
  });
  for (const [tensor, start] of starts) {
    const arena = arenas[arenaOf(tensor)];
    const base = start + (arenaOf(tensor) === 'results' ? RESULT_BASE : 0);
    const bytes = new Uint8Array(arena.buffer);
    run.memory.get(tensor)?.forEach((value, k) => {
      if (tensor.dtype === 'u8') bytes[base * 4 + k] = value;
      else arena[base + k] = bitsOf(value, tensor.dtype);
    });
  }
  const placement = (tensor: Tensor): Placement => {
    const place = places.get(tensor);
    if (place === undefined) throw new Error(`${tensor.name} has no place`);
    return place;
  };
  const kernel = weakenBarriers(orderEvaluation(run.kernel), (tensor) => {
    const place = places.get(tensor);
    return place === undefined || place.arena === 'data' ? undefined : place;
  });
  return { code: printWgsl(kernel, placement, fields), arenas, placement };
}

/** Runs kernels on a device, each over buffers of its own: the tensors that it stored, afterwards. */
export async function runOnDevice(
  device: GPUDevice,
  runs: readonly KernelRun[],
): Promise<Map<Tensor, Float64Array>[]> {
  const layout = device.createBindGroupLayout({
    entries: (['uniform', 'read-only-storage', 'storage', 'storage', 'storage', 'storage'] as const).map(
      (type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } }),
    ),
  });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  return Promise.all(
    runs.map(async (run) => {
      const placed = placeRun(run);
      const module = device.createShaderModule({ code: placed.code });
      const { messages } = await module.getCompilationInfo();
      if (messages.length > 0) {
        const text = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('\n');
        throw new Error(`${text}\n${placed.code}`);
      }
      const pipeline = await device.createComputePipelineAsync({
        layout: pipelineLayout,
        compute: { module, entryPoint: 'main' },
      });
      const buffers = Object.entries(placed.arenas).map(([arena, words]) => {
        const kind = arena === 'step' ? usage.uniform : usage.storage;
        const buffer = device.createBuffer({
          size: Math.max(16, words.byteLength),
          usage: kind | usage.copySource | usage.copyTarget,
        });
        device.queue.writeBuffer(buffer, 0, words);
        return { arena, buffer };
      });
      const group = device.createBindGroup({
        layout,
        entries: buffers.map(({ buffer }, binding) => ({ binding, resource: { buffer } })),
      });
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...foldGrid(run.kernel.grid));
      pass.end();
      const after = buffers.map(({ arena, buffer }) => {
        const staging = device.createBuffer({
          size: buffer.size,
          usage: usage.copyTarget | usage.mapRead,
        });
        encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
        return { arena, staging };
      });
      device.queue.submit([encoder.finish()]);
      const contents = new Map<string, Uint32Array>();
      for (const { arena, staging } of after) {
        await staging.mapAsync(MAP_READ_MODE);
        contents.set(arena, new Uint32Array(staging.getMappedRange().slice(0)));
        staging.destroy();
      }
      for (const { buffer } of buffers) buffer.destroy();
      return readBack(run, placed, contents);
    }),
  );
}

const RESULT_BASE = 8;

/** WebGPU's flags, by number: Node has no globals for them. */
const COMPUTE_STAGE = 4;
const MAP_READ_MODE = 1;
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;

function readBack(
  run: KernelRun,
  placed: PlacedRun,
  contents: ReadonlyMap<string, Uint32Array>,
): Map<Tensor, Float64Array> {
  const results = new Map<Tensor, Float64Array>();
  for (const stmt of statementsIn(run.kernel.body)) {
    if (stmt.kind !== 'store' || run.kernel.arrays.includes(stmt.tensor)) continue;
    const place = placed.placement(stmt.tensor);
    if (place.arena === 'data') continue;
    const start = place.offset + (place.arena === 'results' ? RESULT_BASE : 0);
    const words = contents.get(place.arena)?.subarray(start, start + elementCount(stmt.tensor.shape));
    results.set(
      stmt.tensor,
      Float64Array.from(words ?? [], (word) => elementOf(word, stmt.tensor.dtype)),
    );
  }
  return results;
}

function tensorsOf(kernel: Kernel): Set<Tensor> {
  const tensors = new Set<Tensor>();
  for (const stmt of statementsIn(kernel.body)) {
    for (const load of loadsIn(...expressionsOf(stmt))) tensors.add(load.tensor);
    if (stmt.kind === 'store') tensors.add(stmt.tensor);
  }
  for (const array of kernel.arrays) tensors.delete(array);
  return tensors;
}

function arenaOf(tensor: Tensor): Placement['arena'] {
  switch (tensor.role) {
    case 'data':
    case 'rows':
    case 'input':
      return 'data';
    case 'result':
      return 'results';
    case 'state':
    case 'next':
    case 'constant':
      return tensor.dtype === 'f32' ? 'state' : 'words';
    case 'temp':
      return tensor.dtype === 'f32' ? 'temps' : 'words';
    case 'workgroup':
    case 'private':
      throw new Error(`${tensor.name} is an array of the kernel`);
    default:
      return tensor.role satisfies never;
  }
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsOf(value: number, dtype: Dtype): number {
  if (dtype !== 'f32') return value >>> 0;
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

function elementOf(word: number, dtype: Dtype): number {
  if (dtype === 'i32') return word | 0;
  if (dtype !== 'f32') return word;
  scratch.setUint32(0, word);
  return scratch.getFloat32(0);
}
