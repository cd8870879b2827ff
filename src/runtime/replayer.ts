import { checkLimits, createPipelines, guard } from './device.ts';
import { foldGrid } from './grid.ts';
import { DeviceError } from './issues.ts';
import type { Program } from './program.ts';

/** WebGPU's flags by their values: Node has no such globals. */
const MAP_READ = 1;
const COPY = 4 | 8;
const UNIFORM = 64;
const STORAGE = 128;
const QUERY_RESOLVE = 512;
const COMPUTE = 4;

/** Steps that one submit may hold, unless their results are large. */
const MOST_STEPS = 256;
/** Bytes of results that one submit may give, unless one step gives more. */
const MOST_RESULTS = 1 << 22;
/** Timestamps that a query set may hold. */
const MOST_QUERIES = 4096;
/** A submit grows while it takes less than this, in milliseconds: then its own cost no longer counts. */
const LONG_ENOUGH = 50;

/** What is timed by the device's clock: nothing, whole submits, or every dispatch in a pass of its own. */
export type Profiling = 'none' | 'steps' | 'dispatches';

/** One run of many steps of an entry. */
export interface Playback {
  readonly entry: string;
  readonly data: GPUBindGroup;
  readonly steps: number;
  /** Steps of a submit; by default as many as take some time. */
  readonly stepsPerSubmit: number | undefined;
  /** Sets the fields of step i (from 0) that are not the same as those of the step before. */
  readonly fill: (i: number, set: (field: string, value: number) => void) => void;
  /** Is given the results of `count` steps from `first`, `stride` words each, in order; valid during the call. */
  readonly take: (results: Uint32Array, first: number, count: number, stride: number) => void;
}

/** Where words lie: in an arena, from an element on. */
export interface Region {
  readonly arena: 'state' | 'words';
  readonly offset: number;
  readonly words: number;
}

/**
 * A program on a device: its pipelines, its arenas, and what it takes to replay steps: one block of step
 * records, and two buffers through which results come back, so that the device works while the host records.
 */
export class Replayer {
  readonly device: GPUDevice;
  readonly program: Program;
  readonly arenas: Readonly<Record<'state' | 'temps' | 'words' | 'results', GPUBuffer>>;
  /**
   * Microseconds by entry: `steps` gives one column, the mean step of each submit; `dispatches` a column for
   * each dispatch of a step, in order.
   */
  readonly timings = new Map<string, number[][]>();
  readonly #pipelines: readonly GPUComputePipeline[];
  readonly #layout: GPUBindGroupLayout;
  readonly #profiling: Profiling;
  readonly #capacity: number;
  readonly #queries: GPUQuerySet | undefined;
  readonly #times: GPUBuffer | undefined;
  readonly #record: GPUBuffer;
  readonly #staging: readonly GPUBuffer[];
  /** The step records of a submit as the host writes them, `#stride` words each. */
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #floats: Float32Array;
  readonly #stride: number;
  readonly #fields: ReadonlyMap<string, { readonly index: number; readonly dtype: string }>;
  readonly #buffers: GPUBuffer[];
  readonly #grown = new Map<string, number>();
  #disposed = false;

  private constructor(
    device: GPUDevice,
    program: Program,
    pipelines: readonly GPUComputePipeline[],
    layout: GPUBindGroupLayout,
    profiling: Profiling,
    buffers: GPUBuffer[],
  ) {
    this.#buffers = buffers;
    this.device = device;
    this.program = program;
    this.#pipelines = pipelines;
    this.#layout = layout;
    this.#profiling = device.features.has('timestamp-query') ? profiling : 'none';
    const { state, temps, words, results } = program.buffers;
    const most = Math.max(1, ...Object.values(program.entries).map((entry) => entry.steps.length));
    const bound = this.#profiling === 'dispatches' ? MOST_QUERIES / 2 / most : MOST_STEPS;
    this.#capacity = Math.max(
      1,
      Math.floor(Math.min(bound, MOST_STEPS, MOST_RESULTS / Math.max(results, 1))),
    );
    this.arenas = {
      state: this.#createBuffer('state', state),
      temps: this.#createBuffer('temps', temps),
      words: this.#createBuffer('words', words),
      results: this.#createBuffer('results', results * this.#capacity),
    };
    const unit = device.limits.minUniformBufferOffsetAlignment / 4;
    this.#stride = Math.ceil(program.stepFields.length / unit) * unit;
    this.#words = new Int32Array(this.#stride * this.#capacity);
    this.#floats = new Float32Array(this.#words.buffer);
    this.#fields = new Map(program.stepFields.map(({ name, dtype }, index) => [name, { index, dtype }]));
    this.#record = this.#createBuffer('step', this.#words.byteLength, UNIFORM | COPY);
    let times = 0;
    if (this.#profiling !== 'none') {
      const count = this.#profiling === 'steps' ? 2 : 2 * most * this.#capacity;
      times = count * 8;
      this.#queries = device.createQuerySet({ type: 'timestamp', count });
      this.#times = this.#createBuffer('times', times, QUERY_RESOLVE | COPY);
    }
    const room = this.arenas.results.size + times;
    this.#staging = [0, 1].map(() => this.#createBuffer('staging', room, MAP_READ | 8));
  }

  /** @throws DeviceError `limit`, `shader`, `validation`, `memory` */
  static async create(device: GPUDevice, program: Program, profiling: Profiling): Promise<Replayer> {
    checkLimits(device, program);
    const storage = (binding: number): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: COMPUTE,
      buffer: { type: binding === 1 ? 'read-only-storage' : 'storage' },
    });
    const layout = await guard(device, 'the bind group layout', () =>
      device.createBindGroupLayout({
        entries: [
          { binding: 0, visibility: COMPUTE, buffer: { hasDynamicOffset: true } },
          ...[1, 2, 3, 4, 5].map(storage),
        ],
      }),
    );
    const pipelines = await createPipelines(device, program, layout);
    const buffers: GPUBuffer[] = [];
    try {
      return await guard(
        device,
        'buffers',
        () => new Replayer(device, program, pipelines, layout, profiling, buffers),
      );
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      throw error;
    }
  }

  /** A storage buffer, which who asks for it destroys; of 16 bytes at least. */
  createBuffer(label: string, bytes: number, usage = STORAGE | COPY): GPUBuffer {
    return this.device.createBuffer({ label, size: Math.max(16, Math.ceil(bytes / 4) * 4), usage });
  }

  #createBuffer(...args: Parameters<Replayer['createBuffer']>): GPUBuffer {
    const buffer = this.createBuffer(...args);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** One bind group serves all kernels: a bind costs more host time than a dispatch. */
  bind(data: GPUBuffer): GPUBindGroup {
    const { state, temps, words, results } = this.arenas;
    const size = Math.ceil(this.program.stepFields.length / 4) * 16;
    return this.device.createBindGroup({
      layout: this.#layout,
      entries: [
        { buffer: this.#record, size },
        ...[data, state, temps, words, results].map((buffer) => ({ buffer })),
      ].map((resource, binding) => ({ binding, resource })),
    });
  }

  /**
   * Runs steps, two submits in flight. When it returns or throws, none is.
   *
   * @throws DeviceError `lost`, `validation`, `memory`, and what `take` throws
   */
  async play(playback: Playback): Promise<void> {
    const { entry, steps, stepsPerSubmit, take } = playback;
    const stride = this.program.entries[entry]?.resultWords ?? 0;
    const inFlight: { first: number; count: number; staging: GPUBuffer; done: Promise<unknown> }[] = [];
    let size = Math.min(stepsPerSubmit ?? this.#grown.get(entry) ?? 8, this.#capacity);
    let last = performance.now();
    const finish = async (): Promise<void> => {
      const [oldest] = inFlight;
      if (oldest === undefined) return;
      const { first, count, staging, done } = oldest;
      await done;
      try {
        const read = staging.getMappedRange();
        this.#noteTimes(entry, count, read);
        take(new Uint32Array(read, 0, stride * count), first, count, stride);
      } finally {
        staging.unmap();
        inFlight.shift();
      }
      const now = performance.now();
      if (stepsPerSubmit === undefined && now - last < LONG_ENOUGH) {
        size = Math.min(2 * size, this.#capacity);
        this.#grown.set(entry, size);
      }
      last = now;
    };
    try {
      for (let first = 0, turn = 0; first < steps; turn ^= 1) {
        if (inFlight.length === 2) await finish();
        if (this.#disposed) throw new DeviceError('lost', 'the buffers are gone');
        const count = Math.min(size, steps - first);
        const staging = this.#staging[turn];
        if (staging === undefined) break;
        const done = this.#submit(playback, first, count, staging);
        // It may fail while an earlier one is awaited; whoever awaits it hears of that.
        done.catch(() => {});
        inFlight.push({ first, count, staging, done });
        first += count;
      }
      while (inFlight.length > 0) await finish();
    } finally {
      await Promise.allSettled(inFlight.map(({ done }) => done));
      for (const { staging } of inFlight) staging.unmap();
    }
  }

  /** Reads regions of the arenas, one after the other. @throws DeviceError `lost`, `memory` */
  async read(regions: readonly Region[]): Promise<Uint32Array<ArrayBuffer>> {
    const { device } = this;
    const size = regions.reduce((n, { words }) => n + words * 4, 0);
    let staging: GPUBuffer | undefined;
    try {
      await guard(device, 'reading state', () => {
        const buffer = this.createBuffer('reading', size, MAP_READ | 8);
        staging = buffer;
        const encoder = device.createCommandEncoder();
        let at = 0;
        for (const { arena, offset, words } of regions) {
          encoder.copyBufferToBuffer(this.arenas[arena], offset * 4, buffer, at, words * 4);
          at += words * 4;
        }
        device.queue.submit([encoder.finish()]);
      });
      if (staging === undefined) return new Uint32Array();
      await mapped(staging);
      return new Uint32Array(staging.getMappedRange().slice(0, size));
    } finally {
      staging?.destroy();
    }
  }

  /** Frees every buffer; the device is its owner's. */
  dispose(): void {
    this.#disposed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#queries?.destroy();
  }

  /** Records and submits steps; the promise is kept when their results are mapped. */
  #submit(playback: Playback, from: number, count: number, staging: GPUBuffer): Promise<unknown> {
    const { device, program } = this;
    const { entry: name, data, fill } = playback;
    const entry = program.entries[name];
    const steps = entry?.steps ?? [];
    const resultWords = entry?.resultWords ?? 0;
    let base = 0;
    const set = (field: string, value: number): void => {
      const found = this.#fields.get(field);
      if (found === undefined) return;
      if (found.dtype === 'f32') this.#floats[base + found.index] = value;
      else this.#words[base + found.index] = value;
    };
    for (let i = 0; i < count; i++) {
      base = i * this.#stride;
      if (i > 0) this.#words.copyWithin(base, base - this.#stride, base);
      set('result', i * resultWords);
      fill(from + i, set);
    }
    const checked = guard(device, `${name}, steps ${from + 1} to ${from + count}`, () => {
      device.queue.writeBuffer(this.#record, 0, this.#words, 0, count * this.#stride);
      const encoder = device.createCommandEncoder();
      const mode = this.#profiling;
      const pass = (query: number): GPUComputePassEncoder =>
        encoder.beginComputePass(
          this.#queries && {
            timestampWrites: {
              querySet: this.#queries,
              beginningOfPassWriteIndex: query,
              endOfPassWriteIndex: query + 1,
            },
          },
        );
      const current = mode === 'dispatches' ? undefined : pass(0);
      let pipeline: GPUComputePipeline | undefined;
      let query = 0;
      for (let i = 0; i < count; i++) {
        const offset = [i * this.#stride * 4];
        current?.setBindGroup(0, data, offset);
        for (const { kernel, workgroups } of steps) {
          const next = this.#pipelines[kernel];
          if (next === undefined) continue;
          let at = current;
          if (at === undefined) {
            at = pass(query);
            query += 2;
            at.setBindGroup(0, data, offset);
            pipeline = undefined;
          }
          if (next !== pipeline) at.setPipeline(next);
          pipeline = next;
          const [x, y] = foldGrid(workgroups);
          at.dispatchWorkgroups(x, y);
          if (at !== current) at.end();
        }
      }
      current?.end();
      const bytes = resultWords * count * 4;
      if (bytes > 0) encoder.copyBufferToBuffer(this.arenas.results, 0, staging, 0, bytes);
      if (this.#queries && this.#times) {
        const queries = mode === 'steps' ? 2 : query;
        encoder.resolveQuerySet(this.#queries, 0, queries, this.#times, 0);
        encoder.copyBufferToBuffer(this.#times, 0, staging, this.arenas.results.size, queries * 8);
      }
      device.queue.submit([encoder.finish()]);
    });
    return Promise.all([checked, mapped(staging)]);
  }

  #noteTimes(name: string, count: number, read: ArrayBuffer): void {
    if (this.#profiling === 'none') return;
    const stamps = new BigUint64Array(read, this.arenas.results.size);
    const took = (k: number): number => Number((stamps[2 * k + 1] ?? 0n) - (stamps[2 * k] ?? 0n)) / 1000;
    const dispatches = this.program.entries[name]?.steps.length ?? 0;
    const columns = this.#profiling === 'steps' ? 1 : dispatches;
    const table = this.timings.get(name) ?? Array.from({ length: columns }, (): number[] => []);
    this.timings.set(name, table);
    for (const [column, samples] of table.entries()) {
      if (this.#profiling === 'steps') samples.push(took(0) / count);
      else for (let i = 0; i < count; i++) samples.push(took(i * dispatches + column));
    }
  }
}

/** @throws DeviceError `lost`: nothing else keeps a buffer of our own from being mapped */
async function mapped(buffer: GPUBuffer): Promise<void> {
  try {
    await buffer.mapAsync(1);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError('lost', `the device was lost: ${reason}`, { cause });
  }
}
