import { Graph as Digraph } from '@dagrejs/graphlib';
import { shapeText } from '../loops/index.ts';
import type { Module } from './module.ts';
import type { Node } from './node.ts';
import { definitionOf } from './ops/table.ts';
import { neededBy } from './order.ts';
import { rootsOf } from './text.ts';

/**
 * The structure of nodes as a graphlib graph: vertices are numbers of nodes and hold the node, edges run from
 * operands to users and hold the operand's place.
 *
 * @param roots the nodes that are wanted, with everything that they need
 */
export function digraphOf(roots: readonly Node[]): Digraph {
  const digraph = new Digraph({ directed: true, multigraph: true });
  for (const node of neededBy(roots)) {
    digraph.setNode(String(node.id), node);
    node.inputs.forEach((input, k) => {
      digraph.setEdge(String(input.id), String(node.id), k, String(k));
    });
  }
  return digraph;
}

/** A module in the DOT language, for Graphviz: leaves are boxes, results are drawn twice. */
export function dotOf(module: Module): string {
  const roots = rootsOf(module);
  const nodes = neededBy(roots);
  const results = new Set(module.entries.flatMap(({ outputs }) => outputs.map((output) => output.node)));
  const vertices = nodes.map((node) => {
    const text = `${node.label === undefined ? '' : `${node.label} = `}${node.op}\n${node.dtype}${shapeText(node.shape)}`;
    const shape = definitionOf(node.op).isLeaf ? 'box' : 'ellipse';
    return `  n${node.id} [label=${quoted(text)}, shape=${shape}${results.has(node) ? ', peripheries=2' : ''}];`;
  });
  const edges = digraphOf(roots)
    .edges()
    .map(({ v, w, name }) => `  n${v} -> n${w} [label=${quoted(String(name))}];`);
  const updates = module.entries.flatMap((entry) =>
    entry.updates.map(
      ({ state, next }) => `  n${next.id} -> n${state.id} [style=dashed, label=${quoted(entry.name)}];`,
    ),
  );
  return [`digraph ${quoted(module.name)} {`, ...vertices, ...edges, ...updates, '}', ''].join('\n');
}

/** A text as DOT quotes it; a backslash is doubled, since DOT reads escapes. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
