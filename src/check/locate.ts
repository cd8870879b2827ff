import { type OptionalPass, optionalPasses } from '../compile.ts';
import type { Node } from '../graph/index.ts';
import { entryOf, feedsOf, type NDArray } from '../reference/index.ts';
import { type Difference, worstDifference } from './closeness.ts';
import { type NodePlace, nodePlace } from './nodePlace.ts';
import { nodesOf } from './observe.ts';
import { firstParting, type Parting, retake } from './parting.ts';
import { type Compared, compareStep, type Plan, type Play, type TensorPlace } from './plays.ts';
import type { Dispatch, Runner, Running } from './runner.ts';
import { isChoiceOfRounding } from './ties.ts';
import { inspectNodes } from './wrongNode.ts';

/** Why a target parts from the reference. */
export type Finding = WrongNode | WrongTogether | Amplified | Drift;

/** A node whose value is wrong for the operands that the target gave it, where all values are stored. */
export interface WrongNode extends Play {
  readonly kind: 'node';
  readonly node: NodePlace;
  readonly difference: Difference;
  /** The dispatches that compute it in the program itself. */
  readonly dispatches: readonly Dispatch[];
}

/** A result that is wrong although every node is right where all values are stored: what joins them is at fault. */
export interface WrongTogether extends Play {
  readonly kind: 'fusion';
  readonly result: TensorPlace;
  readonly node: NodePlace;
  readonly difference: Difference;
  /** The dispatches that compute the result. */
  readonly dispatches: readonly Dispatch[];
  /** The passes of which leaving out each one makes the result right. */
  readonly healedBy: readonly OptionalPass[];
}

/**
 * Every node is right for its operands, and yet results differ: an operation makes rounding large, such as the place
 * of the largest of nearly equal values. No fault of the target.
 */
export interface Amplified extends Play {
  readonly kind: 'rounding';
  readonly node: NodePlace;
  readonly difference: Difference;
}

/** Each step is right by itself: rounding grew from step to step. No fault of the target. */
export interface Drift {
  readonly kind: 'drift';
}

/**
 * Finds why a target parts from the reference: the first step that differs when both start it from the same states,
 * and in it the first node.
 *
 * @throws DeviceError
 */
export async function locate(plan: Plan, runner: Runner): Promise<Finding> {
  const running = await runner.start(plan.module, { seed: plan.seed });
  try {
    const parting = await firstParting(plan, running);
    return parting === undefined ? { kind: 'drift' } : await explain(plan, runner, running, parting);
  } finally {
    running.dispose();
  }
}

async function explain(plan: Plan, runner: Runner, running: Running, parting: Parting): Promise<Finding> {
  const { play } = parting;
  const { wrong, parted, values } = await inspectNodes(plan, runner, parting);
  if (wrong !== undefined) {
    const dispatches = dispatchesComputing(running, plan, play, wrong.node);
    return {
      kind: 'node',
      ...play,
      node: nodePlace(wrong.node),
      difference: wrong.difference,
      dispatches,
    };
  }
  const results = parting.results.map((result) => ({ ...result, node: nodeOf(plan, play, result.place) }));
  const unexplained = results.find(
    (result) => !isAsObserved(plan, result, values) && !isChoice(plan, parting, result),
  );
  if (unexplained === undefined) {
    const [first] = results;
    const found = parted ?? first;
    if (found === undefined) throw new RangeError('a step that parts has a result that differs');
    return { kind: 'rounding', ...play, node: nodePlace(found.node), difference: found.difference };
  }
  const { place, node, difference } = unexplained;
  const named = running.dispatchesOf(play.entry, place.name);
  return {
    kind: 'fusion',
    ...play,
    result: place,
    node: nodePlace(node),
    difference,
    dispatches: named.length > 0 ? named : dispatchesComputing(running, plan, play, node),
    healedBy: await healingPasses(plan, runner, parting, place),
  };
}

/** A result of a step, with the node that it is the value of. */
interface Result extends Compared {
  readonly node: Node;
}

/** Whether a result is what the target gave where all values were stored: then its nodes explain it. */
function isAsObserved(
  { tolerance }: Plan,
  { node, actual }: Result,
  values: ReadonlyMap<Node, NDArray>,
): boolean {
  const observed = values.get(node);
  if (observed === undefined) return false;
  return worstDifference(actual, { f64: observed, f32: observed }, tolerance)?.differs !== true;
}

function isChoice({ tolerance }: Plan, parting: Parting, { node, actual }: Result): boolean {
  const operands = node.inputs.map((input) => parting.expected.f64.values.get(input));
  if (!operands.every((operand) => operand !== undefined)) return false;
  const feeds = feedsOf({ ...parting, step: parting.play.step });
  return isChoiceOfRounding(node, operands, feeds, actual, tolerance);
}

/** The node that a result is the value of; for a state that the entry leaves alone the state itself. */
function nodeOf({ module }: Plan, { entry }: Play, { kind, name }: TensorPlace): Node {
  const { outputs, updates } = entryOf(module, entry);
  const found =
    kind === 'output'
      ? outputs.find((output) => output.name === name)?.node
      : (updates.find(({ state }) => state.attrs.name === name)?.next ??
        module.states.find((state) => state.name === name)?.node);
  if (found === undefined) throw new RangeError(`${entry} has no ${kind} ${name}`);
  return found;
}

/** The dispatches that compute a node, or, where it is computed on the way into others, those that compute these. */
function dispatchesComputing(
  running: Running,
  { module }: Plan,
  { entry }: Play,
  node: Node,
): readonly Dispatch[] {
  const nodes = nodesOf(entryOf(module, entry));
  const reached = new Set([node]);
  for (const next of reached) {
    const found = running.dispatchesOf(entry, next.label ?? `%${next.id}`);
    if (found.length > 0) return found;
    for (const user of nodes) if (user.inputs.includes(next)) reached.add(user);
  }
  return [];
}

/** The passes of which leaving out each one makes a result right. */
async function healingPasses(
  plan: Plan,
  runner: Runner,
  parting: Parting,
  place: TensorPlace,
): Promise<OptionalPass[]> {
  const healing: OptionalPass[] = [];
  for (const pass of optionalPasses) {
    plan.onProgress(`${runner.name}: trying without ${pass}`);
    const running = await runner.start(plan.module, { seed: plan.seed, without: [pass] });
    try {
      const outputs = await retake(running, parting);
      const compared = await compareStep(running, outputs, parting.expected, plan.tolerance);
      const again = compared.find(
        (other) => other.place.kind === place.kind && other.place.name === place.name,
      );
      if (again?.difference.differs === false) healing.push(pass);
    } finally {
      running.dispose();
    }
  }
  return healing;
}
