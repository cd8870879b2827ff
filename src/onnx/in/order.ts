import { clipped, listed } from '../../runtime/clipped.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxGraph, OnnxNode } from '../proto/model.ts';

/**
 * The nodes of a graph that its outputs need, in order.
 *
 * @param isKnown whether a name is a value of what stands around the graph
 * @throws OnnxError `duplicate`, `undefined-value`, `cycle`
 */
export function ordered(
  graph: Pick<OnnxGraph, 'nodes' | 'initializers' | 'inputs' | 'outputs'>,
  isKnown: (name: string) => boolean,
): OnnxNode[] {
  const given = new Set<string>();
  for (const { name } of graph.inputs) take(given, name, 'an input');
  const inputs = new Set(given);
  // What is an input and an initializer has its value where nobody gives one.
  for (const { name } of graph.initializers) if (!inputs.has(name)) take(given, name, 'an initializer');
  const maker = new Map<string, OnnxNode>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (given.has(name) || maker.has(name)) {
        const text = `the name ${quoted(name)} stands for two values: ${nodeText(node)} makes the second one`;
        throw new OnnxError('duplicate', text);
      }
      maker.set(name, node);
    }
  }
  return sorted(graph, given, maker, isKnown);
}

/** Depth first, without recursion: graphs are deep. */
function sorted(
  graph: Pick<OnnxGraph, 'outputs'>,
  given: ReadonlySet<string>,
  maker: ReadonlyMap<string, OnnxNode>,
  isKnown: (name: string) => boolean,
): OnnxNode[] {
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, 'open' | 'done'>();
  const visit = (name: string, reader: string): OnnxNode | undefined => {
    if (given.has(name)) return undefined;
    const node = maker.get(name);
    if (node !== undefined || isKnown(name)) return node;
    const text = `${reader} reads ${quoted(name)}, which no node makes, and which is neither an input nor an initializer`;
    throw new OnnxError('undefined-value', text);
  };
  for (const { name } of graph.outputs) {
    const first = visit(name, `the output ${quoted(name)}`);
    const stack: { node: OnnxNode; names: readonly string[]; next: number }[] = [];
    const open = (node: OnnxNode): void => {
      const before = state.get(node);
      if (before === 'done') return;
      if (before === 'open') {
        const cycle = stack.slice(stack.findIndex((entry) => entry.node === node));
        const names = cycle.map((entry) => nodeText(entry.node));
        throw new OnnxError('cycle', `nodes read each other's results: ${listed(names)}`);
      }
      state.set(node, 'open');
      stack.push({ node, names: readsOf(node), next: 0 });
    };
    if (first !== undefined) open(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const read = top.names[top.next++];
      if (read === undefined) {
        state.set(top.node, 'done');
        order.push(top.node);
        stack.pop();
        continue;
      }
      const node = visit(read, nodeText(top.node));
      if (node !== undefined) open(node);
    }
  }
  return order;
}

/** Names that a node reads, those of graphs within it too, as far as these do not make them. */
export function readsOf(node: OnnxNode): string[] {
  const names = node.inputs.filter((name) => name !== '');
  const within = node.attributes.flatMap((attribute) =>
    attribute.kind === 'graph' ? readsWithin(attribute.value) : [],
  );
  return within.length === 0 ? names : [...names, ...within];
}

/** How many nodes there are, those of graphs within them too. */
export function nodesIn(nodes: readonly OnnxNode[]): number {
  let count = nodes.length;
  for (const { attributes } of nodes) {
    for (const one of attributes) if (one.kind === 'graph') count += nodesIn(one.value.nodes);
  }
  return count;
}

/** Names that a graph within another one reads of what stands around it. */
export function readsWithin({ inputs, initializers, nodes, outputs }: OnnxGraph): string[] {
  const own = new Set([...inputs, ...initializers].map(({ name }) => name));
  for (const node of nodes) for (const name of node.outputs) own.add(name);
  const reads = [...nodes.flatMap(readsOf), ...outputs.map(({ name }) => name)];
  return [...new Set(reads)].filter((name) => !own.has(name));
}

/** How messages name a node: by its name and operator, or by what it makes. */
export function nodeText({ name, op, outputs }: OnnxNode): string {
  const [output = ''] = outputs;
  return name === ''
    ? `the node ${clipped(op)} that makes ${quoted(output)}`
    : `the node ${quoted(name)} (${clipped(op)})`;
}

function take(names: Set<string>, name: string, what: string): void {
  if (names.has(name)) throw new OnnxError('duplicate', `the name ${quoted(name)} of ${what} is used twice`);
  names.add(name);
}

/** A name as messages quote it. */
export function quoted(name: string): string {
  return JSON.stringify(clipped(name));
}

/** A message without the line that called: it says nothing of the file. */
export function withoutPlace(message: string): string {
  return message.replace(/ {2}at \S+:\d+$/, '');
}
