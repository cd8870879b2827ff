import type { KernelBase, ProgramBase } from '../program.ts';

/**
 * A program for WebAssembly: one module, which replays whole steps on as many threads as there are, over one
 * shared memory.
 *
 * The module imports from `sinter`:
 *
 * | name | type |
 * | --- | --- |
 * | memory | shared, at least `memory.bytes` |
 * | tile, tile_at | what one of `tiles` exports |
 * | now | `() -> f64`, milliseconds; called by thread 0 alone, and only where times are asked for |
 * | lost | `() -> ()`, throws; called where a thread is ahead of the others or behind them |
 *
 * and exports `play(entry, record, stride, count, thread, threads, scratch, times)`, all i32. Every one of
 * `threads` threads calls it with its own number and with the same other arguments, except `scratch`; it
 * returns when all of them have done `count` steps of the entry (by its position in `entries`). Step i's
 * fields lie at byte `record + i * stride`, `stepFields.length` words. `scratch` is `memory.threadBytes` bytes
 * of the thread's own, aligned to 64. Where `times` is not 0, thread 0 writes there for each step and each of
 * its kernels the milliseconds that it took, as f64.
 *
 * The first `THREAD_BYTES` of memory are the threads' own, zero before the first call: their barrier, and the
 * counter from which they take tasks. Fields that hold a word (`result`, the bases of inputs, row numbers)
 * count words from the start of memory. Up to `MARGIN_BYTES` behind everything may be read, and are not used.
 */
export interface WasmProgram extends ProgramBase {
  readonly target: 'wasm';
  readonly kernels: readonly WasmKernel[];
  /** The module, in base64. */
  readonly module: string;
  /**
   * The inner loops of contractions, as two modules in base64 that import `sinter.memory` and export `tile` (packed rows)
   * and `tile_at` (rows where they lie): with `f32x4.relaxed_madd`, and with products and sums for engines that lack it.
   */
  readonly tiles: { readonly relaxed: string; readonly strict: string };
  readonly memory: WasmMemory;
}

/** A kernel of a WebAssembly program: some functions of its module, as text. */
export interface WasmKernel extends KernelBase {
  /** Bytes of packed operands, which threads share while it runs. */
  readonly packedBytes: number;
}

/** Where the arenas lie, in bytes from the start of memory; each is aligned to 64. */
export interface WasmMemory {
  readonly state: number;
  readonly words: number;
  readonly temps: number;
  /** Packed operands of contractions. */
  readonly packed: number;
  /** End of all that: what follows is the runtime's (records, results, scratch, datasets). */
  readonly bytes: number;
  /** Scratch that each thread needs. */
  readonly threadBytes: number;
}

/** Bytes that everything in memory is aligned to: a cache line. */
export const LINE = 64;

/** `bytes` up to the next cache line. */
export function lineAligned(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

/** Bytes at the start of memory that are the threads' own: three words, each in a line of its own. */
export const THREAD_BYTES = 3 * LINE;

/** Bytes behind everything that a program may read, and does not use; before everything are the threads' own. */
export const MARGIN_BYTES = THREAD_BYTES;
