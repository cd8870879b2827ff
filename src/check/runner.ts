import type { OptionalPass } from '../compile.ts';
import type { Module } from '../graph/index.ts';
import type { Given } from '../reference/index.ts';

/** Something that runs modules, to be compared with the reference evaluator: a target at hand. */
export interface Runner {
  /** The target's name, `webgpu`. */
  readonly name: string;
  /** What it runs on, for people. */
  readonly device: string;
  /**
   * Starts a module with the first values of a seed.
   *
   * @throws DeviceError where the device cannot run it
   */
  start(module: Module, options: RunnerOptions): Promise<Running>;
  /** Frees what it runs on. */
  close(): void;
}

export interface RunnerOptions {
  readonly seed: number;
  /** Passes that compiling leaves out. */
  readonly without?: readonly OptionalPass[];
}

/** A module at work on a runner; its states go on from step to step. */
export interface Running {
  /** Runs one step of an entry. @returns its outputs @throws DeviceError */
  step(entry: string, inputs: Readonly<Record<string, Given>>): Promise<Readonly<Record<string, Given>>>;
  /** A state's value. */
  read(state: string): Promise<Given>;
  write(state: string, value: Given): Promise<void>;
  /**
   * The dispatches of an entry that compute what has a name: a node's label, `%12` for one without, an output, a
   * state. None where no kernel names it.
   */
  dispatchesOf(entry: string, name: string): readonly Dispatch[];
  dispose(): void;
}

/** One dispatch of a step: its place in the entry, and its kernel. */
export interface Dispatch {
  readonly number: number;
  readonly kernel: string;
}
