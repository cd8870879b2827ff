import { chunkCapacity } from '../chunks.ts';
import type { Profiling } from '../profiling.ts';
import { lineAligned, type WasmProgram } from './program.ts';

/**
 * Where the runtime's own parts lie in memory, in bytes, behind the program's. Records, results and times are
 * there twice, for two chunks of steps in flight.
 */
export interface Layout {
  /** Steps of the largest chunk. */
  readonly capacity: number;
  /** Scratch of thread 0; those of the others follow, `threadBytes` each. */
  readonly scratch: number;
  readonly threadBytes: number;
  readonly records: number;
  /** From the record of a step to that of the next. */
  readonly stride: number;
  /** Results of the first chunk; those of the other one follow, `resultBytes` on. */
  readonly results: number;
  readonly resultBytes: number;
  /** Times of the first chunk; those of the other one follow, `timeBytes` on. No bytes where nothing is timed. */
  readonly times: number;
  readonly timeBytes: number;
  /** The end of all that: here datasets begin. */
  readonly end: number;
}

/** Lays out memory for so many threads. */
export function layOut(program: WasmProgram, threads: number, profiling: Profiling): Layout {
  const { memory, stepFields } = program;
  const entries = Object.values(program.entries);
  const stepResults = 4 * entries.reduce((most, { resultWords }) => Math.max(most, resultWords), 0);
  const kernels = entries.reduce((most, { steps }) => Math.max(most, steps.length), 0);
  const stepTimes = profiling === 'none' ? 0 : 8 * kernels;
  const capacity = chunkCapacity(stepResults);
  const threadBytes = lineAligned(memory.threadBytes);
  const stride = lineAligned(4 * stepFields.length);
  const resultBytes = lineAligned(capacity * stepResults);
  const timeBytes = lineAligned(capacity * stepTimes);
  const scratch = lineAligned(memory.bytes);
  const records = scratch + threads * threadBytes;
  const results = records + 2 * capacity * stride;
  const times = results + 2 * resultBytes;
  const end = times + 2 * timeBytes;
  return {
    capacity,
    scratch,
    threadBytes,
    records,
    stride,
    results,
    resultBytes,
    times,
    timeBytes,
    end,
  };
}
