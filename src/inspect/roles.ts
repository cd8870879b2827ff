import { definitionOf, type Module, type Node, neededBy } from '../graph/index.ts';
import type { Role } from './look.ts';

/**
 * What each node of a module's graph is for, at the place of its id. Of the first that holds, in this order:
 *
 * 1. `data`: inputs, states, parameters, constants, indices; and movements of these alone.
 * 2. `forward`: an output or a loss needs it without needing any gradient. So what a gradient and a prediction share, as one node,
 *    is forward.
 * 3. `backward`: a differentiation made it.
 * 4. `forward`: a loss or an output needs it, as the penalty on a gradient.
 * 5. `update`: the next value of a state needs it: optimizers, moving averages, running statistics.
 *
 * What no entry needs is backward where a differentiation made it, else forward. A graph that was read from text does not say what was
 * differentiated. There the gradients are what is named after a state, `d hidden.weight`, and all that they alone need is made by
 * a differentiation.
 */
export function rolesOf(module: Module): readonly Role[] {
  const { nodes } = module.graph;
  const isData = dataOf(nodes);
  const { gradients, made, losses } = differentiated(module);
  const outputs = module.entries.flatMap((entry) => entry.outputs.map(({ node }) => node));
  const updates = module.entries.flatMap((entry) => entry.updates.map(({ next }) => next));
  const results = [...losses, ...outputs];
  const afterGradients = dependents(nodes, gradients);
  const plain = new Set(neededBy(results.filter((node) => !afterGradients.has(node))));
  const shown = new Set(neededBy(results));
  const kept = new Set(neededBy(updates));
  return nodes.map((node): Role => {
    if (isData.has(node)) return 'data';
    if (plain.has(node)) return 'forward';
    if (made.has(node)) return 'backward';
    if (shown.has(node)) return 'forward';
    return kept.has(node) ? 'update' : 'forward';
  });
}

/** Gradients that were asked for, the nodes that were made for them, and what they are gradients of. */
interface Differentiated {
  readonly gradients: ReadonlySet<Node>;
  readonly made: ReadonlySet<Node>;
  readonly losses: readonly Node[];
}

function differentiated(module: Module): Differentiated {
  const { differentiations } = module.graph;
  if (differentiations.length === 0) return differentiatedByName(module);
  const made = new Set(differentiations.flatMap((one) => [...one.made.keys()]));
  return {
    // A gradient that was there before, such as the other factor of a product, is as it was.
    gradients: new Set(
      differentiations.flatMap((one) => [...one.gradients.values()].filter((node) => made.has(node))),
    ),
    made,
    losses: differentiations.flatMap(({ outputs }) => outputs.filter((node) => !made.has(node))),
  };
}

/** The same of a graph that does not say what was differentiated: gradients by their names. */
function differentiatedByName({ graph, states, entries }: Module): Differentiated {
  const names = new Set(states.map(({ name }) => `d ${name}`));
  const gradients = new Set(graph.nodes.filter(({ label }) => label !== undefined && names.has(label)));
  const outputs = entries.flatMap((entry) => entry.outputs.map(({ node }) => node));
  const after = dependents(graph.nodes, gradients);
  const plain = new Set(neededBy(outputs.filter((node) => !after.has(node))));
  const made = new Set(neededBy([...gradients]).filter((node) => !plain.has(node)));
  return { gradients, made, losses: [] };
}

/** Leaves, numbers of elements, and what only moves them. */
function dataOf(nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of nodes) {
    const { isMovement } = definitionOf(node.op);
    const isMoved = isMovement && node.inputs.every((input) => found.has(input));
    if (node.inputs.length === 0 || isMoved) found.add(node);
  }
  return found;
}

/** The nodes that depend on some, these included. */
function dependents(nodes: readonly Node[], on: ReadonlySet<Node>): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of nodes) {
    if (on.has(node) || node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}
