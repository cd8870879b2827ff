import { chunkCapacity, chunkPlayer, type PlayChunks } from './chunks.ts';
import { checkBuffer, checkLimits, createPipelines, guard, lossOf, lostBecause, refusal } from './device.ts';
import type { Address, Block, Engine, Playback } from './engine.ts';
import { COMPUTE, COPY, MAP_READ, STORAGE, UNIFORM } from './flags.ts';
import { foldGrid, workgroupsOf } from './grid.ts';
import { elementCount } from './init.ts';
import type { Timings } from './profiling.ts';
import type { Program, StateSlot } from './program.ts';
import { recordWriter, type WriteRecords } from './records.ts';
import type { Profiler, Stopwatch } from './stopwatch.ts';
import { inFours } from './values.ts';

/** Milliseconds after which a submit's own cost no longer counts. */
const LONG_ENOUGH = 50;

/** What frees each thing that a session made, and has to itself. */
export type Owned = (() => void)[];

/**
 * A program on a device: its pipelines, its arenas, and what it takes to replay steps: one block of step
 * records, and two buffers through which results come back, so that the device works while the host records.
 */
export class Replayer implements Engine {
  readonly device: GPUDevice;
  readonly program: Program;
  readonly timings: Timings;
  readonly arenas: Readonly<Record<'state' | 'temps' | 'words' | 'results', GPUBuffer>>;
  /** Of the kernels, by number; none until they are compiled. */
  #pipelines: readonly GPUComputePipeline[] = [];
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #layout: GPUBindGroupLayout;
  readonly #playChunks: PlayChunks;
  readonly #stopwatch: Stopwatch | undefined;
  readonly #record: GPUBuffer;
  readonly #staging: readonly [GPUBuffer, GPUBuffer];
  readonly #writeRecords: WriteRecords;
  /** The step records of a submit as the host writes them, `#stride` words each. */
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #stride: number;
  /** What dispatches tell their kernels. */
  readonly #places: GPUBuffer;
  /** What `dispose` frees. */
  readonly #owned: Owned;
  readonly #groups = new WeakMap<Block, GPUBindGroup>();

  private constructor(device: GPUDevice, program: Program, profiler: Profiler | undefined, owned: Owned) {
    this.#owned = owned;
    this.device = device;
    this.program = program;
    this.#layout = device.createBindGroupLayout({
      entries: [0, 1, 2, 3, 4, 5, 6].map((binding) => ({
        binding,
        visibility: COMPUTE,
        buffer:
          binding % 6 ? { type: binding > 1 ? 'storage' : 'read-only-storage' } : { hasDynamicOffset: true },
      })),
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] });
    const { state, temps, words, results } = program.buffers;
    this.#stopwatch = profiler?.(device, program);
    owned.push(() => this.#stopwatch?.dispose());
    this.timings = this.#stopwatch?.timings ?? new Map();
    const capacity = chunkCapacity(results, this.#stopwatch?.mostSteps);
    this.#playChunks = chunkPlayer(capacity, LONG_ENOUGH);
    this.arenas = {
      state: this.#ownBuffer('state', state),
      temps: this.#ownBuffer('temps', temps),
      words: this.#ownBuffer('words', words),
      results: this.#ownBuffer('results', results * capacity),
    };
    const unit = device.limits.minUniformBufferOffsetAlignment / 4;
    this.#stride = Math.ceil(program.stepFields.length / unit) * unit;
    this.#words = new Uint32Array(this.#stride * capacity);
    this.#writeRecords = recordWriter(program.stepFields, this.#words, this.#stride);
    this.#record = this.#ownBuffer('step', this.#words.byteLength, UNIFORM | COPY);
    const places = new Uint32Array(program.places.words);
    this.#places = this.#ownBuffer('places', places.byteLength, UNIFORM | COPY);
    device.queue.writeBuffer(this.#places, 0, places);
    const room = this.arenas.results.size + (this.#stopwatch?.bytes ?? 0);
    const staging = (): GPUBuffer => this.#ownBuffer('staging', room, MAP_READ);
    this.#staging = [staging(), staging()];
  }

  /**
   * @param owned is added to: `dispose` frees all of it, and where this throws, the caller does
   * @throws DeviceError `limit`, `shader`, `validation`, `memory`
   */
  static async create(
    device: GPUDevice,
    program: Program,
    profiler: Profiler | undefined,
    owned: Owned,
  ): Promise<Replayer> {
    checkLimits(device, program);
    const replayer = await guard(device, 'buffers', () => new Replayer(device, program, profiler, owned));
    replayer.#pipelines = await createPipelines(device, program, replayer.#pipelineLayout);
    return replayer;
  }

  /** A storage buffer, which who asks for it destroys; of 16 bytes at least. */
  #createBuffer(label: string, bytes: number, usage = STORAGE | COPY): GPUBuffer {
    return this.device.createBuffer({ label, size: Math.max(16, inFours(bytes)), usage });
  }

  #ownBuffer(...args: [label: string, bytes: number, usage?: number]): GPUBuffer {
    const buffer = this.#createBuffer(...args);
    this.#owned.push(() => buffer.destroy());
    return buffer;
  }

  get lost(): Error | undefined {
    return lossOf(this.device);
  }

  upload<T>(what: string, work: () => T): Promise<T> {
    return guard(this.device, what, work);
  }

  allocate(count: number): Block {
    checkBuffer(this.device, 'the dataset', count * 4);
    const data = this.#createBuffer('data', count * 4);
    const block: Block = {
      start: 0,
      write: (word, values) => this.device.queue.writeBuffer(data, word * 4, values),
      dispose: () => data.destroy(),
    };
    try {
      // One bind group serves all kernels: a bind costs more host time than a dispatch.
      const { places, stepFields } = this.program;
      const sizes: Readonly<Record<number, number>> = {
        0: inFours(stepFields.length) * 4,
        6: places.most * 4,
      };
      const buffers = [this.#record, data, ...Object.values(this.arenas), this.#places];
      const entries = buffers.map((buffer, binding) => ({
        binding,
        resource: { buffer, size: sizes[binding] ?? buffer.size },
      }));
      this.#groups.set(block, this.device.createBindGroup({ layout: this.#layout, entries }));
      return block;
    } catch (error) {
      data.destroy();
      throw error;
    }
  }

  write({ arena, offset }: Address, words: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(this.arenas[arena], offset * 4, words);
  }

  play(playback: Playback): Promise<void> {
    const { entry, take } = playback;
    const staging = this.#staging;
    return this.#playChunks(
      playback,
      (first, count, place) => this.#submit(playback, first, count, staging[place]),
      (first, count, place) => {
        const read = rangeOf(staging[place]);
        this.#stopwatch?.note(entry.name, entry, count, read, this.arenas.results.size);
        take(new Uint32Array(read, 0, entry.resultWords * count), first, count);
      },
      (place) => staging[place].unmap(),
    );
  }

  async read({ arena, offset, shape }: StateSlot): Promise<Uint32Array<ArrayBuffer>> {
    const { device } = this;
    const size = elementCount(shape) * 4;
    let made: GPUBuffer | undefined;
    try {
      const staging = await guard(device, 'reading state', () => {
        made = this.#createBuffer('reading', size, MAP_READ);
        const encoder = device.createCommandEncoder();
        encoder.copyBufferToBuffer(this.arenas[arena], offset * 4, made, 0, size);
        device.queue.submit([encoder.finish()]);
        return made;
      });
      await mapped(staging);
      return new Uint32Array(rangeOf(staging).slice(0, size));
    } finally {
      made?.destroy();
    }
  }

  /** Frees every buffer, and the device if it is one of its own. */
  dispose(): void {
    for (const free of this.#owned) free();
  }

  /** Records and submits steps; the promise is kept when their results are mapped. */
  #submit(playback: Playback, from: number, count: number, staging: GPUBuffer): Promise<unknown> {
    const { device } = this;
    const { entry, data, upload, fill } = playback;
    const { name, steps, resultWords } = entry;
    const group = this.#groups.get(data);
    this.#writeRecords(0, from, count, fill, 0, resultWords);
    const checked = guard(device, `${name}, steps ${from + 1} to ${from + count}`, () => {
      if (from === 0) upload();
      device.queue.writeBuffer(this.#record, 0, this.#words, 0, count * this.#stride);
      const encoder = device.createCommandEncoder();
      let pass: GPUComputePassEncoder | undefined;
      let pipeline: GPUComputePipeline | undefined;
      let bound: number | undefined;
      let told = 0;
      for (let i = 0; i < count; i++) {
        for (const step of steps) {
          const { kernel, places = told } = step;
          const next = this.#pipelines[kernel];
          if (!next) continue;
          if (!pass || this.#stopwatch?.isEach) {
            pass?.end();
            pass = encoder.beginComputePass(this.#stopwatch?.next());
            pipeline = bound = undefined;
          }
          if (i !== bound || places !== told) pass.setBindGroup(0, group, [i * this.#stride * 4, places]);
          if (next !== pipeline) pass.setPipeline(next);
          bound = i;
          told = places;
          pipeline = next;
          pass.dispatchWorkgroups(...foldGrid(workgroupsOf(step, this.#words, i * this.#stride)));
        }
      }
      pass?.end();
      const bytes = resultWords * count * 4;
      encoder.copyBufferToBuffer(this.arenas.results, 0, staging, 0, bytes);
      this.#stopwatch?.resolve(encoder, staging, this.arenas.results.size);
      device.queue.submit([encoder.finish()]);
    });
    return Promise.all([checked, mapped(staging)]);
  }
}

/** @throws DeviceError `lost`: nothing else keeps a buffer of our own from being mapped */
async function mapped(buffer: GPUBuffer): Promise<void> {
  try {
    await buffer.mapAsync(1);
  } catch (cause) {
    throw lostBecause(cause);
  }
}

/** What a mapped buffer holds. @throws DeviceError */
function rangeOf(buffer: GPUBuffer): ArrayBuffer {
  try {
    return buffer.getMappedRange();
  } catch (cause) {
    throw refusal('reading back', cause);
  }
}
