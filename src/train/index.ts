/** Fitting a model: epochs, validation, callbacks, streams of data; beside a runtime alone, too. */
export type { Batches, BatchSource } from './batches.ts';
export type { Callback, FitProgress, FitRun, Json } from './callback.ts';
export * as callbacks from './callbacks/index.ts';
export type { CheckpointOptions, Every } from './checkpoints.ts';
export { type Fit, fit } from './fit.ts';
export { type FitEpoch, History, namesOf, type Validation, valueIn } from './history.ts';
export { FeedError, type FeedErrorCode } from './issues.ts';
export { type Mode, modeOf } from './mode.ts';
export { NanError } from './nanError.ts';
export type { Evaluated, FitOptions, Metric } from './options.ts';
export type { NanOrigin } from './suspect.ts';
