import { definitionOf, type Module, type ModuleEntry, type Node, neededBy } from '../graph/index.ts';
import { elementCount } from '../loops/size.ts';
import type { Given } from '../reference/index.ts';

/** Bytes of values that one step gives back to be looked at, unless one node has more. */
const MOST_BYTES = 1 << 24;

/** A module with one entry, which gives values of nodes besides its own outputs. */
export interface ObservedModule {
  readonly module: Module;
  /** The value of a node that is looked at, out of the step's outputs; undefined of others. */
  valueOf(node: Node, outputs: Readonly<Record<string, Given>>): Given | undefined;
}

/** Every node that an entry needs, operands first. */
export function nodesOf({ outputs, updates }: ModuleEntry): Node[] {
  return neededBy([...outputs.map(({ node }) => node), ...updates.map(({ next }) => next)]);
}

/**
 * Whether a target can tell a node's value: one that it computes. What only moves elements of one operand has
 * that operand's values, and u8 is for storage only.
 */
export function isObservable(node: Node): boolean {
  const { isMovement } = definitionOf(node.op);
  const isCopy = isMovement === true && node.inputs.length === 1;
  return node.inputs.length > 0 && !isCopy && node.dtype !== 'u8' && elementCount(node.shape) > 0;
}

/** Observable nodes in groups, in order, each of so many that their values are no burden. */
export function observationGroups(nodes: readonly Node[]): Node[][] {
  const groups: Node[][] = [];
  let bytes = Infinity;
  for (const node of nodes.filter(isObservable)) {
    bytes += 4 * elementCount(node.shape);
    if (bytes > MOST_BYTES) {
      groups.push([]);
      bytes = 4 * elementCount(node.shape);
    }
    groups.at(-1)?.push(node);
  }
  return groups;
}

/**
 * The module with this entry alone, and values of nodes among its outputs. What is an output is stored, so fusion
 * is not what it was: the nodes are computed nearly alone.
 */
export function observe(module: Module, entry: ModuleEntry, nodes: readonly Node[]): ObservedModule {
  const taken = new Set(entry.outputs.map(({ name }) => name));
  const names = new Map<Node, string>();
  for (const node of nodes) {
    let name = `node ${node.id}`;
    while (taken.has(name)) name = `${name}'`;
    names.set(node, name);
  }
  const added = [...names].map(([node, name]) => ({ name, node }));
  return {
    module: { ...module, entries: [{ ...entry, outputs: [...entry.outputs, ...added] }] },
    valueOf: (node, outputs) => {
      const name = names.get(node);
      return name === undefined ? undefined : outputs[name];
    },
  };
}
