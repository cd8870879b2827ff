import type { Data, Dataset } from './dataset.ts';
import type { DeviceOptions } from './device.ts';
import type { Profiling } from './replayer.ts';

/** How a session starts; where it requests a device of its own, from which GPU or adapter. */
export interface StartOptions extends DeviceOptions {
  /** Of first values and shuffles, an unsigned 32-bit integer; 0 by default. */
  readonly seed?: number;
  /** A device of the caller's, who destroys it; by default the session requests its own, from `adapter` or `gpu` where given. */
  readonly device?: GPUDevice;
  /** Values of states by name, in place of their declared first ones. */
  readonly initial?: Data;
  /** What the device's clock times, where it can: see `timings`. Timed dispatches run one by one. */
  readonly profile?: Profiling;
}

/** A run-time scalar: a value, or one for each step of the entry (counted from 1). */
export type Scalar = number | ((step: number) => number);

/** What every way of running an entry takes. */
export interface RunOptions {
  /** Run-time scalars by name; those that are not given have their declared value. */
  readonly params?: Readonly<Record<string, Scalar>>;
  /** Live extents of bounded sizes, where arrays do not tell; for rows of a dataset the size of a batch. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export interface EvaluateOptions extends RunOptions {
  /** Arrays, or a dataset of this session. */
  readonly data: Data | Dataset;
  /** By default as many as take some time, 256 at most. */
  readonly stepsPerSubmit?: number;
}

export interface TrainOptions extends EvaluateOptions {
  /** `train` by default. */
  readonly entry?: string;
  /** 1 by default. */
  readonly epochs?: number;
  /** Whether each epoch reads the rows in an order of its own, drawn from the seed. */
  readonly shuffle?: boolean;
  /** What to do when a scalar output is NaN; `stop` by default. */
  readonly onNaN?: 'stop' | 'continue';
  /** Called when the results of a submit are there. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops before the next submit; `train` then throws its reason. Steps that were submitted count. */
  readonly signal?: AbortSignal;
}

/** Where training is: `step` of `steps` of an epoch are done. */
export interface Progress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the epoch so far, as in Epoch. */
  readonly loss: number;
}

/** What an epoch came to. */
export interface Epoch {
  /** Counts from 1. */
  readonly epoch: number;
  readonly steps: number;
  readonly samples: number;
  /** Scalar outputs: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Readonly<Record<string, number>>;
  /** The scalar output `loss`, or the first one; NaN where there is none. */
  readonly loss: number;
  readonly seconds: number;
}
