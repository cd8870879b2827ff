import type { Node } from '../graph/index.ts';
import { entryOf, evaluateNode, feedsOf, type Given, type NDArray } from '../reference/index.ts';
import { type Difference, type Expected, worstDifference } from './closeness.ts';
import { isObservable, nodesOf, observationGroups, observe } from './observe.ts';
import { type Parting, retake } from './parting.ts';
import type { Plan } from './plays.ts';
import type { Runner } from './runner.ts';

/** What looking at every node of a step came to. */
export interface Inspection {
  /** The first node that is wrong for the operands that the target gave it. */
  readonly wrong: NodeDifference | undefined;
  /** The first node that differs from the reference's, whatever its operands were. */
  readonly parted: NodeDifference | undefined;
  /** The target's values, as far as they were looked at. */
  readonly values: ReadonlyMap<Node, NDArray>;
}

export interface NodeDifference {
  readonly node: Node;
  readonly difference: Difference;
}

/**
 * Takes a step again with the values of its nodes as outputs, and looks for the first node that is wrong. A node is
 * judged by its own operands as the target computed them: rounding that it inherits and makes larger is not its fault.
 *
 * @throws DeviceError
 */
export async function inspectNodes(plan: Plan, runner: Runner, parting: Parting): Promise<Inspection> {
  const nodes = nodesOf(entryOf(plan.module, parting.play.entry));
  const groups = observationGroups(nodes);
  const values = new Map<Node, NDArray>();
  const feeds = feedsOf({ ...parting, step: parting.play.step });
  const ofReference = (node: Node): Expected => ({
    f64: valueIn(parting.expected.f64.values, node),
    f32: valueIn(parting.expected.f32.values, node),
  });
  let parted: NodeDifference | undefined;
  for (const [k, node] of nodes.entries()) {
    plan.onProgress(`${runner.name}: looking at node ${k + 1} of ${nodes.length}, ${node.op}`);
    const operands = node.inputs.map((input) => valueIn(values, input));
    const ofOperands: Expected = {
      f64: evaluateNode(node, operands, feeds, 'f64'),
      f32: evaluateNode(node, operands, feeds, 'f32'),
    };
    if (!isObservable(node)) {
      values.set(node, ofOperands.f32);
      continue;
    }
    if (!values.has(node)) await look(plan, runner, parting, groups.shift() ?? [], values);
    const actual = valueIn(values, node);
    const difference = worstDifference(actual, ofOperands, plan.tolerance);
    if (difference?.differs === true) return { wrong: { node, difference }, parted, values };
    const distance = worstDifference(actual, ofReference(node), plan.tolerance);
    if (distance?.differs === true) parted ??= { node, difference: distance };
  }
  return { wrong: undefined, parted, values };
}

/** Adds the target's values of some nodes. */
async function look(
  plan: Plan,
  runner: Runner,
  parting: Parting,
  nodes: readonly Node[],
  values: Map<Node, NDArray>,
): Promise<void> {
  const observed = observe(plan.module, entryOf(plan.module, parting.play.entry), nodes);
  const running = await runner.start(observed.module, { seed: plan.seed });
  try {
    const outputs = await retake(running, parting);
    for (const node of nodes) {
      const found: Given | undefined = observed.valueOf(node, outputs);
      if (found === undefined) throw new RangeError(`${runner.name} gave no value of node ${node.id}`);
      values.set(node, {
        shape: found.shape,
        dtype: node.dtype,
        data: Float64Array.from(found.data),
      });
    }
  } finally {
    running.dispose();
  }
}

function valueIn(values: ReadonlyMap<Node, NDArray>, node: Node): NDArray {
  const value = values.get(node);
  if (value === undefined) throw new RangeError(`node ${node.id} (${node.op}) has no value`);
  return value;
}
