import type { Timings } from './profiling.ts';
import type { Entry, Program } from './program.ts';

/** What times the steps of a program on a device; undefined where the device cannot. */
export type Profiler = (device: GPUDevice, program: Program) => Stopwatch | undefined;

/** The times of what runs on a device: it is asked as each submit is recorded, and as its results come back. */
export interface Stopwatch {
  /** Steps that a submit may have. */
  readonly mostSteps: number;
  /** What the times of a submit take, behind its results in the buffer that comes back. */
  readonly bytes: number;
  readonly timings: Timings;
  /** Whether each dispatch is timed, in a pass of its own. */
  readonly isEach: boolean;
  /** Of the next pass. */
  readonly next: () => GPUComputePassDescriptor;
  /** Ends the recording of a submit: its times go to a buffer, from a byte on. */
  readonly resolve: (encoder: GPUCommandEncoder, staging: GPUBuffer, offset: number) => void;
  /** Takes the times of a submit of so many steps, which lie from byte `offset` of what was read. */
  readonly note: (name: string, entry: Entry, steps: number, read: ArrayBuffer, offset: number) => void;
  readonly dispose: () => void;
}
