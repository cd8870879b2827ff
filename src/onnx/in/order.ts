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
  for (const attribute of node.attributes) {
    if (attribute.kind !== 'graph') continue;
    const { value } = attribute;
    const own = new Set([
      ...value.inputs.map(({ name }) => name),
      ...value.initializers.map(({ name }) => name),
      ...value.nodes.flatMap(({ outputs }) => outputs),
    ]);
    const reads = [...value.nodes.flatMap(readsOf), ...value.outputs.map(({ name }) => name)];
    names.push(...reads.filter((name) => !own.has(name)));
  }
  return names;
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
