import type { Dim, Size } from '../loops/index.ts';
import { quoted } from './arguments.ts';
import { describe, Graph } from './graph.ts';
import { GraphError } from './issues.ts';
import type { Module } from './module.ts';
import type { Attr, Attrs, Node } from './node.ts';
import { definitionOf } from './ops/table.ts';
import { neededBy } from './order.ts';
import { sameShape } from './shape.ts';
import { rootsOf } from './text.ts';

/**
 * A module with other maxima of its bounded sizes: every node is built again in a graph of its own, with the same operations
 * and numbers. What the code that declared it would have made of other maxima is not known: where that asked for `size.max`, the
 * number that it got stays. So it says how much memory there would be, and is not there to be run. Gradients of users' own
 * (`customGradient`) differentiate no more in it.
 *
 * @param maxima by the names of sizes; those that are not named stay
 * @throws GraphError where a node does not fit the other maxima: a reshape, a literal or an index of as many elements
 */
export function resized(module: Module, maxima: Readonly<Record<string, number>>): Module {
  const sizes = module.sizes.map((size): Size => {
    const max = Object.hasOwn(maxima, size.name) ? maxima[size.name] : undefined;
    return max === undefined ? size : { name: size.name, max };
  });
  const of = (dim: Dim): Dim => {
    if (typeof dim === 'number') return dim;
    const size = sizes.find(({ name }) => name === dim.size.name);
    return size === undefined ? dim : { size, factor: dim.factor };
  };
  const graph = new Graph(undefined, module.graph.sourceFiles);
  const built = new Map<Node, Node>();
  const again = (node: Node): Node => {
    const other = built.get(node);
    if (other === undefined) throw new RangeError(`${describe(node)} comes before its operand`);
    return other;
  };
  for (const node of neededBy(rootsOf(module))) {
    const inputs = node.inputs.map(again);
    const attrs = attrsOf(node.attrs, of);
    const [first] = inputs;
    const fitted = first === undefined ? undefined : definitionOf(node.op).resize?.(attrs, first.shape);
    const other = graph.withoutSource(() =>
      graph.withSource(node.source, () => graph.build(node.op, inputs, fitted ?? attrs)),
    );
    if (!sameShape(other.shape, node.shape.map(of))) {
      const text = `${describe(node)} is built for the maxima that it has: with others it is ${describe(other)}`;
      throw new GraphError('bounded-reshape', node.op, text, node.source ?? quoted(module.name));
    }
    if (node.label !== undefined) graph.label(other, node.label);
    built.set(node, other);
  }
  return {
    name: module.name,
    graph,
    sizes,
    inputs: module.inputs.map(again),
    states: module.states.map((state) => ({ ...state, node: again(state.node) })),
    params: module.params.map(again),
    entries: module.entries.map(({ name, outputs, updates }) => ({
      name,
      outputs: outputs.map((output) => ({ ...output, node: again(output.node) })),
      updates: updates.map(({ state, next }) => ({ state: again(state), next: again(next) })),
    })),
    ...(module.mesh === undefined ? {} : { mesh: module.mesh }),
    shardings: new Map([...module.shardings].map(([node, sharding]) => [again(node), sharding])),
  };
}

/** Attributes with the dimensions among them changed. */
function attrsOf(attrs: Attrs, of: (dim: Dim) => Dim): Attrs {
  return Object.fromEntries(
    Object.entries(attrs).map(([name, value]): [string, Attr] => {
      if (!Array.isArray(value)) return [name, value];
      const items: readonly (number | string | Dim)[] = value;
      return [name, items.map((item) => (typeof item === 'object' ? of(item) : item)) as Attr];
    }),
  );
}
