/** The runtime for WebAssembly: replays compiled programs on the processor, and needs nothing of the compiler. */
export type { Data } from '../dataset.ts';
export { Dataset } from '../dataset.ts';
export {
  DeviceError,
  type DeviceErrorCode,
  FormatError,
  InputError,
  type InputErrorCode,
  SessionError,
  type SessionErrorCode,
  TrainingError,
} from '../issues.ts';
export type {
  Epoch,
  EvaluateOptions,
  Progress,
  RunOptions,
  Scalar,
  SessionOptions,
  Training,
  TrainOptions,
} from '../options.ts';
export type { Totals } from '../outputs.ts';
export type { Profiling, Timings } from '../profiling.ts';
export type * from '../program.ts';
export type * from '../signature.ts';
export type { Session } from '../typedSession.ts';
export type { Output, Values } from '../values.ts';
export type * from './program.ts';
export { type StartOptions, start } from './start.ts';
export type { WasmSession } from './typedSession.ts';
