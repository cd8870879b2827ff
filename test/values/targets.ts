import type { Module } from '../../src/graph/index.ts';
import { type Given, referenceSession, type StepFeeds } from '../../src/reference/index.ts';

/** Something that runs modules: the value suite is one, the targets are many. */
export interface Target {
  readonly name: string;
  /** What it computes floats in; the tolerances depend on it. */
  readonly floats: 'f32' | 'f64';
  /** Steps of a training run that it is patient enough for; all where it is left out. */
  readonly steps?: number;
  /** Cost of a step of the largest model that it is patient enough for, in steps of a small perceptron; any where it is left out. */
  readonly largest?: number;
  /** Starts a module; states that are not given have their own first values. */
  start(module: Module, states?: Readonly<Record<string, Given>>): Promise<TargetSession>;
}

/** A module on a target, with its states. */
export interface TargetSession {
  /** Runs one entry once. @returns its outputs, bounded dimensions cut to their live extents */
  step(entry: string, feeds?: StepFeeds): Promise<Readonly<Record<string, Given>>>;
  read(state: string): Promise<Given>;
  dispose(): Promise<void>;
}

/** The reference evaluator as a target: it shows that fixtures, gradients and optimizers are right. */
export const reference: Target = {
  name: 'reference',
  floats: 'f64',
  // Plain loops take a second for each step of a large model.
  steps: 8,
  start: async (module, states) => {
    const session = referenceSession(module, states);
    return {
      step: async (entry, feeds) => session.step(entry, feeds),
      read: async (state) => session.read(state),
      dispose: async () => {},
    };
  },
};
