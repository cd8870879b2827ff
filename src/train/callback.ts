import type { Session } from '../runtime/index.ts';
import type { TrainingError } from '../runtime/issues.ts';
import type { FitEpoch, History } from './history.ts';

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** Where a fit is: so many steps of an epoch are done. */
export interface FitProgress {
  /** The epoch that runs, counted from 1. */
  readonly epoch: number;
  /** Epochs that were asked for. */
  readonly epochs: number;
  /** Steps of it that are done. */
  readonly step: number;
  /** Steps that it has; undefined for a stream that does not say how many batches it has. */
  readonly steps: number | undefined;
  /** Steps of all epochs that this fit has done. */
  readonly totalSteps: number;
  /** Of the epoch so far, as in {@link FitEpoch}. */
  readonly loss: number;
  /** Scalar outputs of the epoch so far: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Readonly<Record<string, number>>;
  /** Seconds that the steps of the epoch took. */
  readonly seconds: number;
}

/**
 * A fit at work, as callbacks see it; `Started` is the session as who called `fit` has it, with `saveWeights` where it is that of
 * `start` of `sinter`.
 */
export interface FitRun<out Started extends Session = Session> {
  readonly session: Started;
  /** The entry that is trained. */
  readonly entry: string;
  /** Epochs that were asked for. */
  readonly epochs: number;
  /** Epochs that are done. */
  readonly history: History;
  /**
   * Ends the training: after the steps that run where it is called in `onSteps`, else at the end of the epoch. What stopped
   * stays stopped when it is resumed.
   */
  stop(reason: string): void;
  /** A run-time scalar as the last step had it. @throws InputError `unknown` */
  scalar(name: string): number;
  /** Gives a run-time scalar another value, from the next submit on. @throws InputError `unknown`, `type` */
  setScalar(name: string, value: number): void;
  /**
   * Multiplies what a run-time scalar is given, a schedule too, from the next submit on.
   *
   * @param least what it does not fall below by this, where what is given lies above; none by default
   * @throws InputError `unknown`, `type`
   */
  scaleScalar(name: string, factor: number, least?: number): void;
  /**
   * Keeps bytes under a name for this fit: in memory, and in the store of its checkpoints, where it has one, so that they
   * are there when it is resumed.
   */
  keep(name: string, bytes: Uint8Array): Promise<void>;
  /** What was kept under a name; undefined where nothing was. */
  kept(name: string): Promise<Uint8Array | undefined>;
}

/**
 * What is told how a fit goes, in the order in which callbacks are given. A method may be async: training waits for it. What
 * one throws ends the training after the steps that run, and is thrown by `fit`. A `Callback<Session>`, with the `Session` of `sinter`, may use all of its methods.
 */
export interface Callback<Started extends Session = Session> {
  /** Finds its state in a checkpoint; two callbacks of a fit have two names. A callback without a state needs none. */
  readonly name?: string;
  /**
   * Before all else of a fit: forgets what was seen in fits before, so that one callback may be used in one fit after the other.
   */
  reset?(): void;
  /** Before the first epoch, or before what is left where it is resumed; `reset` came before, and `restore`. */
  onTrainBegin?(run: FitRun<Started>): void | Promise<void>;
  /** Before an epoch, or before the rest of one that is resumed. */
  onEpochBegin?(epoch: number, run: FitRun<Started>): void | Promise<void>;
  /** When the results of a submit are there: of one step or many. */
  onSteps?(progress: FitProgress, run: FitRun<Started>): void | Promise<void>;
  /**
   * When a scalar is NaN, before `fit` looks for where it began, which takes up to a tenth of the time of training, or a second.
   * What it throws is the `cause` of the error, and nothing is looked for.
   */
  onNaN?(error: TrainingError, run: FitRun<Started>): void | Promise<void>;
  /** After the validation of an epoch, before its end; not where a fit has no validation. */
  onValidationEnd?(record: FitEpoch, run: FitRun<Started>): void | Promise<void>;
  /** At the end of an epoch, whose record is the last of `run.history` then. */
  onEpochEnd?(record: FitEpoch, run: FitRun<Started>): void | Promise<void>;
  /** At the end, however it came: also when training failed, or was stopped. */
  onTrainEnd?(history: History, run: FitRun<Started>): void | Promise<void>;
  /** What a checkpoint keeps of it. */
  state?(): Json;
  /** Takes what `state` gave when the checkpoint was made that is resumed. */
  restore?(state: Json, run: FitRun<Started>): void | Promise<void>;
}
