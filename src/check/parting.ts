import type { Given, Situation } from '../reference/index.ts';
import {
  type Compared,
  compareStep,
  type ExpectedStep,
  expectedStep,
  firstStates,
  inputsOf,
  type Plan,
  type Play,
  playsOf,
} from './plays.ts';
import type { Running } from './runner.ts';

/** A step that parts from the reference, though both start it from the same states. */
export interface Parting {
  readonly play: Play;
  readonly states: Situation['states'];
  readonly inputs: Readonly<Record<string, Given>>;
  readonly expected: ExpectedStep;
  /** The results that differ. */
  readonly results: readonly Compared[];
}

/**
 * The first step whose results differ when the target starts each from the reference's states, rounded to float32;
 * undefined where none does.
 *
 * @throws DeviceError
 */
export async function firstParting(plan: Plan, running: Running): Promise<Parting | undefined> {
  let states = firstStates(plan);
  for (const play of playsOf(plan)) {
    const inputs = inputsOf(plan, play);
    const expected = expectedStep(plan, play, inputs, { f64: states, f32: states });
    for (const [name, value] of states) await running.write(name, value);
    const outputs = await running.step(play.entry, inputs);
    const compared = await compareStep(running, outputs, expected, plan.tolerance);
    const results = compared.filter(({ difference }) => difference.differs);
    if (results.length > 0) return { play, states, inputs, expected, results };
    states = roundedToFloat32(expected.f64.states);
  }
  return undefined;
}

/**
 * Takes the step again, on a module that has its entry.
 *
 * @returns the step's outputs; the states after it can be read
 */
export async function retake(
  running: Running,
  { play, states, inputs }: Parting,
): Promise<Readonly<Record<string, Given>>> {
  // The number of the step is part of what it computes, and only steps count it up.
  for (let step = 1; step < play.step; step++) await running.step(play.entry, inputs);
  for (const [name, value] of states) await running.write(name, value);
  return running.step(play.entry, inputs);
}

function roundedToFloat32(states: Situation['states']): Situation['states'] {
  return new Map(
    [...states].map(([name, value]) => [
      name,
      value.dtype === 'f32' ? { ...value, data: value.data.map(Math.fround) } : value,
    ]),
  );
}
