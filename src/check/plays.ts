import type { Module } from '../graph/index.ts';
import {
  entryOf,
  firstValues,
  type Given,
  type NDArray,
  type OnNode,
  type ReferenceStep,
  referenceStep,
  type Situation,
} from '../reference/index.ts';
import type { InputSlot } from '../runtime/program.ts';
import { type Difference, worstDifference } from './closeness.ts';
import { drawInputs } from './draws.ts';
import type { Running } from './runner.ts';

/** What is compared: steps of a module's entries, and by which tolerance. */
export interface Plan {
  readonly module: Module;
  readonly entries: readonly string[];
  /** Steps of each entry. */
  readonly steps: number;
  /** Of first values and inputs. */
  readonly seed: number;
  readonly tolerance: number;
  /** The inputs of the module's program. */
  readonly slots: readonly InputSlot[];
  /** Is told what is being done, at each node that the reference evaluates. */
  readonly onProgress: (doing: string) => void;
}

/** One step of one entry. */
export interface Play {
  readonly entry: string;
  /** Number of the entry's step, from 1. */
  readonly step: number;
}

/** An output of a step, or a state after it. */
export interface TensorPlace {
  readonly kind: 'output' | 'state';
  readonly name: string;
}

/** A tensor of a step beside what it should be. */
export interface Compared {
  readonly place: TensorPlace;
  readonly actual: Given;
  readonly difference: Difference;
}

/** All steps, in the order in which they run: the first of each entry, then the second, and so on. */
export function playsOf({ entries, steps }: Plan): Play[] {
  return Array.from({ length: steps }, (_, k) => entries.map((entry) => ({ entry, step: k + 1 }))).flat();
}

/** The states that the steps start from: those of every session with the plan's seed. */
export function firstStates({ module, seed }: Plan): Situation['states'] {
  return firstValues(module, {}, seed);
}

/** The inputs of a step. */
export function inputsOf({ module, slots, seed }: Plan, { entry, step }: Play): Record<string, Given> {
  return drawInputs(module, entry, slots, seed, step - 1);
}

/** A step by the reference, in both precisions. */
export interface ExpectedStep {
  readonly f64: ReferenceStep;
  readonly f32: ReferenceStep;
}

/** States in both precisions. */
export interface BothStates {
  readonly f64: Situation['states'];
  readonly f32: Situation['states'];
}

/**
 * Whether states are finite in float64 that are not in float32: the two precisions are on different ways from there,
 * and no target can be on the one of float64.
 */
export function haveOverflowed({ f64, f32 }: BothStates): boolean {
  return [...f64].some(([name, { data }]) => {
    const rounded = f32.get(name)?.data ?? data;
    return data.some((x, k) => Number.isFinite(x) && !Number.isFinite(rounded[k]));
  });
}

/** A step by the reference evaluator, from states that may be the same in both precisions, or not. */
export function expectedStep(
  { module, steps, onProgress }: Plan,
  { entry, step }: Play,
  inputs: Readonly<Record<string, Given>>,
  states: BothStates,
): ExpectedStep {
  const declared = entryOf(module, entry);
  const onNode =
    (half: number): OnNode =>
    (node, k, nodes) =>
      onProgress(
        `reference: ${entry}, step ${step} of ${steps}, node ${half * nodes + k + 1} of ${2 * nodes}, ${node.op}`,
      );
  return {
    f64: referenceStep(declared, { inputs, states: states.f64, step }, 'f64', onNode(0)),
    f32: referenceStep(declared, { inputs, states: states.f32, step }, 'f32', onNode(1)),
  };
}

/** Compares the outputs of a step, and all states after it. */
export async function compareStep(
  running: Running,
  outputs: Readonly<Record<string, Given>>,
  { f64, f32 }: ExpectedStep,
  tolerance: number,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  const compare = (
    place: TensorPlace,
    actual: Given | undefined,
    exact?: NDArray,
    rounded?: NDArray,
  ): void => {
    if (actual === undefined || exact === undefined || rounded === undefined)
      throw new RangeError(`${place.kind} ${place.name} is missing`);
    const difference = worstDifference(actual, { f64: exact, f32: rounded }, tolerance);
    if (difference !== undefined) compared.push({ place, actual, difference });
  };
  for (const [name, exact] of Object.entries(f64.outputs))
    compare({ kind: 'output', name }, outputs[name], exact, f32.outputs[name]);
  for (const [name, exact] of f64.states)
    compare({ kind: 'state', name }, await running.read(name), exact, f32.states.get(name));
  return compared;
}
