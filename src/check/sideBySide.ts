import { inputSlots } from '../compile.ts';
import type { Module } from '../graph/index.ts';
import { entryOf, feedsOf } from '../reference/index.ts';
import { Lane, type TargetResult } from './lane.ts';
import { type NonFinite, nonFiniteOf } from './nonFinite.ts';
import { expectedStep, firstStates, haveOverflowed, inputsOf, type Plan, playsOf } from './plays.ts';
import type { Runner } from './runner.ts';
import { type WrongGradient, wrongGradients } from './wrongGradients.ts';

/** What is compared. */
export interface SideBySideOptions {
  /** Names of entries, which take turns. */
  readonly entries: readonly string[];
  /** Steps of each entry. */
  readonly steps: number;
  /** Of first values and inputs. */
  readonly seed: number;
  /** Relative; see `worstDifference`. */
  readonly tolerance: number;
  /** Is told what is being done. */
  readonly onProgress?: (doing: string) => void;
}

/** What came of the comparison: plain data. */
export interface SideBySide {
  readonly module: string;
  readonly entries: readonly string[];
  readonly steps: number;
  readonly seed: number;
  readonly tolerance: number;
  readonly targets: readonly TargetResult[];
  /** The first NaN or infinity among the results, by the reference in float32. */
  readonly nonFinite: NonFinite | null;
  /** Gradients of users' own that are not derivatives, at the first step of each entry. */
  readonly gradients: readonly WrongGradient[];
}

/**
 * Runs the same steps from the same first values on the reference evaluator and on targets, compares all outputs and
 * states after each, and finds out why those part that do. Steps from states that float32 cannot hold are taken, and
 * compared with nothing: `nonFinite` says where they began. Gradients of users' own are compared with differences.
 */
export async function sideBySide(
  module: Module,
  runners: readonly Runner[],
  options: SideBySideOptions,
): Promise<SideBySide> {
  const { entries, steps, seed, tolerance, onProgress = () => {} } = options;
  // Which values an input may have is the same for every target.
  const slots = inputSlots(module);
  const plan: Plan = { module, entries, steps, seed, tolerance, slots, onProgress };
  const lanes = runners.map((runner) => new Lane(runner, plan));
  let nonFinite: NonFinite | undefined;
  const gradients: WrongGradient[] = [];
  try {
    for (const lane of lanes) {
      onProgress(`${lane.runner.name}: compiling`);
      await lane.start();
    }
    let states = { f64: firstStates(plan), f32: firstStates(plan) };
    let isLost = false;
    for (const play of playsOf(plan)) {
      isLost ||= haveOverflowed(states);
      const inputs = inputsOf(plan, play);
      const expected = expectedStep(plan, play, inputs, states);
      if (play.step === 1) {
        const feeds = feedsOf({ inputs, states: states.f64, step: play.step });
        gradients.push(...wrongGradients(module, play, expected.f64.values, feeds));
      }
      states = { f64: expected.f64.states, f32: expected.f32.states };
      nonFinite ??= nonFiniteOf(entryOf(module, play.entry), play, expected);
      for (const lane of lanes) {
        onProgress(`${lane.runner.name}: ${play.entry}, step ${play.step} of ${steps}`);
        if (isLost) await lane.run(play, inputs);
        else await lane.take(play, inputs, expected);
      }
    }
  } finally {
    for (const lane of lanes) lane.dispose();
  }
  const targets: TargetResult[] = [];
  for (const lane of lanes) {
    if (lane.differs) onProgress(`${lane.runner.name}: looking for the first node that differs`);
    targets.push(await lane.result());
  }
  return {
    module: module.name,
    entries,
    steps,
    seed,
    tolerance,
    targets,
    nonFinite: nonFinite ?? null,
    gradients,
  };
}
