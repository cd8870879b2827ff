import type { Module, ModuleEntry, Node } from '../graph/index.ts';
import { type Live, type NDArray, trimmed } from './array.ts';
import { evaluateAll, type OnNode } from './evaluate.ts';
import { firstValues } from './firstValues.ts';
import type { Feeds, Given } from './leaves.ts';
import type { Precision } from './precision.ts';

/** What one step of an entry is given; sizes that are not in `live` are full. */
export interface StepFeeds {
  readonly inputs?: Readonly<Record<string, Given>>;
  readonly params?: Readonly<Record<string, number>>;
  readonly live?: Live;
}

/** A module running on the reference evaluator: its states are kept from step to step. */
export interface ReferenceSession {
  /**
   * Runs one entry: outputs of the states as they are, cut to their live extents, then all updates at once.
   * Steps are counted for each entry by itself.
   *
   * @throws RangeError where there is no such entry or a feed does not fit
   */
  step(entry: string, feeds?: StepFeeds): Record<string, NDArray>;
  /** The value of a state. @throws RangeError where there is none of that name */
  read(state: string): NDArray;
}

/**
 * Starts a module on the reference evaluator.
 *
 * @param initial values of states by name, in place of their declared first ones
 */
export function referenceSession(
  module: Module,
  initial: Readonly<Record<string, Given>> = {},
  options: { readonly seed?: number; readonly precision?: Precision } = {},
): ReferenceSession {
  const { seed = 0, precision = 'f64' } = options;
  let states: ReadonlyMap<string, NDArray> = firstValues(module, initial, seed);
  const steps = new Map<string, number>();
  return {
    step: (name, feeds = {}) => {
      const entry = entryOf(module, name);
      const count = (steps.get(name) ?? 0) + 1;
      steps.set(name, count);
      const step = referenceStep(entry, { ...feeds, states, step: count }, precision);
      states = step.states;
      return step.outputs;
    },
    read: (name) => {
      const value = states.get(name);
      if (value === undefined) throw new RangeError(`module ${module.name} has no state ${name}`);
      return value;
    },
  };
}

/** What one step of an entry starts from: feeds, the states, and the number of the step, from 1. */
export interface Situation extends StepFeeds {
  readonly states: ReadonlyMap<string, NDArray>;
  readonly step: number;
}

/** What one step came to. */
export interface ReferenceStep {
  /** Cut to their live extents. */
  readonly outputs: Record<string, NDArray>;
  /** All states after the step. */
  readonly states: ReadonlyMap<string, NDArray>;
  /** Every node that the entry needs, operands first; bounded dimensions at their maximum. */
  readonly values: ReadonlyMap<Node, NDArray>;
}

/** Runs one step of an entry. @throws RangeError where a feed does not fit */
export function referenceStep(
  entry: ModuleEntry,
  situation: Situation,
  precision: Precision = 'f64',
  onNode?: OnNode,
): ReferenceStep {
  const values = evaluateAll(rootsOf(entry), feedsOf(situation), precision, onNode);
  const computed = (node: Node): NDArray => {
    const value = values.get(node);
    if (value === undefined) throw new RangeError(`node ${node.id} (${node.op}) has no value`);
    return value;
  };
  const states = new Map(situation.states);
  for (const { state, next } of entry.updates) states.set(String(state.attrs.name), computed(next));
  const outputs = entry.outputs.map(
    ({ name, node }) => [name, trimmed(computed(node), node.shape, situation.live ?? {})] as const,
  );
  return { outputs: Object.fromEntries(outputs), states, values };
}

/** What a step of an entry computes: its outputs, and next values of states. */
export function rootsOf({ outputs, updates }: ModuleEntry): Node[] {
  return [...outputs.map(({ node }) => node), ...updates.map(({ next }) => next)];
}

/** The feeds of a step's leaves. */
export function feedsOf({ inputs = {}, params, live = {}, states, step }: Situation): Feeds {
  return { inputs, live, params: { ...params, step }, states: Object.fromEntries(states) };
}

/** An entry by its name. @throws RangeError where there is none */
export function entryOf(module: Module, name: string): ModuleEntry {
  const entry = module.entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new RangeError(`module ${module.name} has no entry ${name}`);
  return entry;
}
