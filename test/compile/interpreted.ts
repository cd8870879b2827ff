import type { WebGpuCompilation, WebGpuEntry } from '../../src/compile.ts';
import { valuesOf } from '../../src/graph/index.ts';
import { arenaMemory, interpretKernel } from '../../src/kernels/interpret.ts';
import { extentOf, type Tensor } from '../../src/loops/index.ts';
import {
  firstValues,
  type Given,
  type Live,
  type NDArray,
  padded,
  type StepFeeds,
  trimmed,
} from '../../src/reference/index.ts';

/** A compilation that runs on the interpreter of kernels; its states are kept from step to step. */
export interface InterpretedSession {
  /** Runs one entry. @throws InterpretError for a race, an index out of range, a read before a write */
  step(entry: string, feeds?: StepFeeds): Record<string, NDArray>;
  read(state: string): Float64Array;
}

/**
 * Starts a compilation on the interpreter: in the very places of the buffer plan, temporaries and results
 * poisoned with NaN before each step, and rows stored in reverse order, so that a row that is not read
 * through its number shows.
 *
 * @param float32 whether every operation is rounded to float32
 */
export function interpretedSession(
  compilation: WebGpuCompilation,
  initial: Readonly<Record<string, Given>>,
  float32 = false,
): InterpretedSession {
  const { storage, layout, module } = compilation;
  const memory = arenaMemory(layout.places);
  for (const array of memory.values()) array.fill(Number.NaN);
  const first = firstValues(module, initial, 0);
  for (const { name, node } of module.states) {
    const tensor = storage.states.get(node);
    const values = first.get(name);
    if (tensor !== undefined && values !== undefined) memory.get(tensor)?.set(values.data);
  }
  for (const [node, tensor] of storage.literals) {
    if (tensor.dtype !== 'u8') memory.get(tensor)?.set(valuesOf(String(node.attrs.words), tensor.dtype));
  }
  const steps = new Map<string, number>();
  return {
    step: (name, feeds = {}) => {
      const entry = compilation.entries.get(name);
      const declared = module.entries.find((e) => e.name === name);
      if (entry === undefined || declared === undefined) throw new RangeError(`no entry ${name}`);
      const step = (steps.get(name) ?? 0) + 1;
      steps.set(name, step);
      const live = feeds.live ?? {};
      poison(entry, compilation, memory);
      feedInputs(compilation, feeds, live, memory);
      const options = { live, params: { ...feeds.params, step }, float32 };
      for (const kernel of entry.kernels) interpretKernel(kernel, memory, options);
      const results = new Map(written(entry).map((tensor) => [tensor.name, memory.get(tensor)]));
      return Object.fromEntries(
        declared.outputs.map(({ name: output, node }) => {
          const data = results.get(output) ?? new Float64Array();
          return [
            output,
            trimmed(
              { shape: node.shape.map(extentOf), dtype: node.dtype, data: Float64Array.from(data) },
              node.shape,
              live,
            ),
          ];
        }),
      );
    },
    read: (name) => {
      const state = module.states.find((s) => s.name === name);
      const tensor = state === undefined ? undefined : storage.states.get(state.node);
      return Float64Array.from((tensor === undefined ? undefined : memory.get(tensor)) ?? []);
    },
  };
}

function written(entry: WebGpuEntry): Tensor[] {
  return entry.stages.flatMap((s) =>
    s.groups.flatMap((g) => g.loops.flatMap((l) => l.outs.map((o) => o.tensor))),
  );
}

/** Everything that does not outlive a step is NaN before it. */
function poison(
  entry: WebGpuEntry,
  { layout }: WebGpuCompilation,
  memory: ReadonlyMap<Tensor, Float64Array>,
): void {
  const { ranges } = layout;
  for (const { tensor } of [...ranges.values()].flat()) memory.get(tensor)?.fill(Number.NaN);
  for (const tensor of written(entry)) if (tensor.role === 'result') memory.get(tensor)?.fill(Number.NaN);
}

function feedInputs(
  { storage }: WebGpuCompilation,
  feeds: StepFeeds,
  live: Live,
  memory: Map<Tensor, Float64Array>,
): void {
  for (const [size, tensor] of storage.rows) {
    const max = tensor.shape.map(extentOf)[0] ?? 0;
    const rows = live[size] ?? max;
    memory.set(
      tensor,
      Float64Array.from({ length: max }, (_, i) => (i < rows ? rows - 1 - i : 0)),
    );
  }
  for (const [node, tensor] of storage.inputs) {
    const given = feeds.inputs?.[String(node.attrs.name)];
    if (given === undefined) continue;
    const { data } = padded(given, node.shape, node.dtype);
    const [dim] = tensor.shape;
    const rows =
      tensor.role === 'data' && typeof dim === 'object' ? (live[dim.size.name] ?? dim.size.max) : 0;
    memory.set(tensor, withRowsReversed(Float64Array.from(data), extentOf(dim ?? 1), rows));
  }
}

function withRowsReversed(data: Float64Array, count: number, rows: number): Float64Array {
  const width = count === 0 ? 0 : data.length / count;
  const result = Float64Array.from(data);
  for (let i = 0; i < rows; i++)
    result.set(data.subarray((rows - 1 - i) * width, (rows - i) * width), i * width);
  return result;
}
