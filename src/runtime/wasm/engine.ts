import { chunkPlayer, type PlayChunks } from '../chunks.ts';
import type { Address, Block, Engine, NamedEntry, Playback } from '../engine.ts';
import { elementCount } from '../init.ts';
import { DeviceError } from '../issues.ts';
import { noteTimes, type Profiling } from '../profiling.ts';
import type { StateSlot } from '../program.ts';
import { recordWriter, type WriteRecords } from '../records.ts';
import { Allocator } from './allocator.ts';
import { CallingThread } from './callingThread.ts';
import type { Crew } from './crew.ts';
import type { Host } from './host.ts';
import { type Layout, layOut } from './layout.ts';
import { compileModules, link } from './modules.ts';
import { MARGIN_BYTES, type WasmProgram } from './program.ts';
import { Workers } from './workers.ts';

const PAGE = 65536;
/** Pages that WebAssembly can address with 32 bits: 4 GiB. */
const MOST_PAGES = 65536;
/** Milliseconds of a chunk on threads: after that a message to each of them no longer counts. */
const LONG_ENOUGH = 50;
/** On the thread that calls chunks are shorter, at most twice this, so that it can do other things between. */
const LONG_ENOUGH_ALONE = 10;

/** A program on the processor: one memory, and one thread or many that run its steps over it. */
export class WasmEngine implements Engine {
  readonly program: WasmProgram;
  readonly timings = new Map<string, number[][]>();
  /** Kept when its threads can run steps; fails as they do. */
  readonly ready: Promise<void>;
  readonly #memory: WebAssembly.Memory;
  readonly #layout: Layout;
  readonly #crew: Crew;
  readonly #profiling: Profiling;
  readonly #allocator: Allocator;
  readonly #playChunks: PlayChunks;
  readonly #writeRecords: WriteRecords;
  readonly #blocks = new Set<Block>();
  #playing: Block | undefined;
  /** The place of the block that is played, where it was disposed of meanwhile. */
  #leaving: number | undefined;

  private constructor(
    program: WasmProgram,
    memory: WebAssembly.Memory,
    layout: Layout,
    crew: Crew,
    threads: number,
    profiling: Profiling,
    ready: Promise<void>,
  ) {
    this.ready = ready;
    this.program = program;
    this.#memory = memory;
    this.#layout = layout;
    this.#crew = crew;
    this.#profiling = profiling;
    const { capacity, records, stride, end } = layout;
    this.#allocator = new Allocator(end, (to) => {
      const missing = Math.ceil((to + MARGIN_BYTES - memory.buffer.byteLength) / PAGE);
      try {
        if (missing > 0) memory.grow(missing);
      } catch (cause) {
        throw outOfMemory(program, layout, threads, `datasets of ${to - end} bytes`, cause);
      }
    });
    this.#playChunks = chunkPlayer(capacity, threads > 1 ? LONG_ENOUGH : LONG_ENOUGH_ALONE);
    const words = new Uint32Array(memory.buffer, records, (2 * capacity * stride) / 4);
    this.#writeRecords = recordWriter(program.stepFields, words, stride / 4);
  }

  /** @throws DeviceError `shader`, `memory`, `lost` */
  static async create(
    program: WasmProgram,
    host: Host,
    threads: number,
    profiling: Profiling,
  ): Promise<WasmEngine> {
    const layout = layOut(program, threads, profiling);
    const memory = createMemory(program, layout, threads);
    const compiling = compileModules(program, host);
    // They start meanwhile, and while the first values are drawn; not before the flags that compiling needs are set.
    const workers = threads > 1 ? new Workers(host, threads) : undefined;
    try {
      const modules = await compiling;
      // Many threads link it each for itself: that it can be is found out here.
      const play = await link(modules, memory);
      const crew = workers ?? new CallingThread(play, layout.scratch);
      const ready = workers?.begin({ ...modules, ...layout, memory }) ?? Promise.resolve();
      // Whoever waits for it is told; nobody may be waiting yet.
      ready.catch(() => {});
      return new WasmEngine(program, memory, layout, crew, threads, profiling, ready);
    } catch (error) {
      workers?.end(new DeviceError('lost', 'the program did not start', { cause: error }));
      throw error;
    }
  }

  get lost(): DeviceError | undefined {
    return this.#crew.lost;
  }

  upload<T>(_: string, work: () => T): Promise<T> {
    return Promise.resolve(work());
  }

  allocate(words: number): Block {
    const start = this.#allocator.take(4 * words);
    // By words: engines fill shared memory element by element.
    new Uint32Array(this.#memory.buffer, start, words).fill(0);
    const block: Block = {
      start: start / 4,
      write: (word, values) => this.#copyIn(start + 4 * word, values),
      dispose: () => {
        if (!this.#blocks.delete(block)) return;
        // Steps in flight still read it: its place is free when they are done.
        if (this.#playing === block) this.#leaving = start;
        else this.#allocator.give(start);
      },
    };
    this.#blocks.add(block);
    return block;
  }

  async play(playback: Playback): Promise<void> {
    const { entry, data, upload, fill, take } = playback;
    const { capacity, records, stride, results, resultBytes, times, timeBytes } = this.#layout;
    const { name, resultWords } = entry;
    const number = Object.keys(this.program.entries).indexOf(name);
    this.#playing = data;
    try {
      await this.#playChunks(
        playback,
        (first, count, place) => {
          const at = place * capacity;
          this.#writeRecords(at, first, count, fill, (results + place * resultBytes) / 4, resultWords);
          if (first === 0) upload();
          const timesAt = this.#profiling === 'none' ? 0 : times + place * timeBytes;
          return this.#crew.run([number, records + at * stride, stride, count, timesAt]);
        },
        (first, count, place) => {
          const { buffer } = this.#memory;
          this.#noteTimes(entry, count, times + place * timeBytes);
          take(new Uint32Array(buffer, results + place * resultBytes, count * resultWords), first, count);
        },
      );
    } finally {
      this.#playing = undefined;
      if (this.#leaving !== undefined) this.#allocator.give(this.#leaving);
      this.#leaving = undefined;
    }
  }

  async read({ arena, offset, shape }: StateSlot): Promise<Uint32Array<ArrayBuffer>> {
    const start = this.program.memory[arena] + 4 * offset;
    return new Uint32Array(new Uint32Array(this.#memory.buffer, start, elementCount(shape)));
  }

  write({ arena, offset }: Address, words: ArrayBufferView<ArrayBuffer>): void {
    this.#copyIn(this.program.memory[arena] + 4 * offset, words);
  }

  /** Ends the threads; memory goes with the last that holds it. */
  dispose(): void {
    this.#crew.end(new DeviceError('lost', 'the threads of the program are ended'));
  }

  #copyIn(at: number, { buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): void {
    this.#bytes(at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** Made again each time: after memory has grown, an older view does not reach what is new. */
  #bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, count);
  }

  #noteTimes({ name, steps }: NamedEntry, count: number, at: number): void {
    if (this.#profiling === 'none') return;
    const kernels = steps.length;
    const milliseconds = new Float64Array(this.#memory.buffer, at, count * kernels);
    if (this.#profiling === 'dispatches') {
      noteTimes(this.timings, name, kernels, count, (i, k) => 1000 * (milliseconds[i * kernels + k] ?? 0));
    } else {
      const whole = milliseconds.reduce((sum, time) => sum + time, 0);
      noteTimes(this.timings, name, 1, 1, () => (1000 * whole) / count);
    }
  }
}

/**
 * Memory that may grow as far as can be had: engines reserve all of it at once, and some lack the room for 4 GiB.
 *
 * @throws DeviceError `memory`
 */
function createMemory(program: WasmProgram, layout: Layout, threads: number): WebAssembly.Memory {
  const initial = Math.ceil((layout.end + MARGIN_BYTES) / PAGE);
  for (let maximum = MOST_PAGES; ; maximum = Math.max(initial, maximum / 2)) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch (cause) {
      if (maximum <= initial) throw outOfMemory(program, layout, threads, 'the memory of the program', cause);
    }
  }
}

function outOfMemory(
  { name, buffers }: WasmProgram,
  { threadBytes, end }: Layout,
  threads: number,
  what: string,
  cause: unknown,
): DeviceError {
  const needs =
    `the plan of ${name} needs ${buffers.peakBytes} bytes at its peak, ` +
    `${end} with ${threads === 1 ? 'what its thread needs' : `what ${threads} threads need`} (${threadBytes} each)`;
  const message = `${what} cannot be had: ${needs}; WebAssembly has ${PAGE * MOST_PAGES} at most: ${cause}`;
  return new DeviceError('memory', message, { cause });
}
