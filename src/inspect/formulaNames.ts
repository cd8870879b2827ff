import type { CompiledEntry } from '../compile.ts';
import { definitionOf, type Module, type ModuleEntry, type Node } from '../graph/index.ts';
import type { Loop, Tensor } from '../loops/index.ts';

/** How people know the nodes that an entry stores, and which node each tensor of its loops is. */
export interface NodeNames {
  /** The name of a node: the user's, or of what it is the gradient of, or that of its tensor. */
  readonly nameOf: (node: Node) => string;
  /** The node whose value an output of a loop is; undefined where the compiler made it up, as parts of a sum. */
  readonly nodeOf: (loop: Loop, tensor: Tensor) => Node | undefined;
  /** Whether a tensor is the value of a node. */
  readonly isStored: (tensor: Tensor) => boolean;
}

/** Names for the nodes of an entry. */
export function namesOf(module: Module, entry: ModuleEntry, compiled: CompiledEntry): NodeNames {
  const loops = compiled.stages.flatMap(({ groups }) =>
    groups.flatMap((group) => [...group.prologue, ...group.loops]),
  );
  const { nodes } = module.graph;
  const outputs = new Map(entry.outputs.map(({ name, node }) => [name, node]));
  const updates = new Map(entry.updates.map(({ state, next }) => [`${state.label}'`, next]));
  const nodeOf = (loop: Loop, tensor: Tensor): Node | undefined => {
    if (tensor.role === 'result') return outputs.get(tensor.name);
    if (tensor.role === 'next') return updates.get(tensor.name);
    return loop.origin
      .flatMap(({ id }) => (id === undefined ? [] : (nodes[id] ?? [])))
      .findLast((node) => tensorName(node) === tensor.name && node.shape.length === tensor.shape.length);
  };
  const stored = new Map<Tensor, Node>();
  for (const loop of loops) {
    for (const { tensor } of loop.outs) {
      const node = nodeOf(loop, tensor);
      if (node !== undefined) stored.set(tensor, node);
    }
  }
  const names = gradientNames(module, new Set(stored.values()));
  return {
    nameOf: (node) => names.get(node) ?? tensorName(node),
    nodeOf,
    isStored: (tensor) => stored.has(tensor),
  };
}

/** As the lowering names tensors. */
function tensorName(node: Node): string {
  return node.label ?? `${node.op}_${node.id}`;
}

/**
 * Names of gradients that have none of their own: `d hidden` for that in `hidden`, and, where no stored node is this one, for that
 * in what `hidden` alone is made of by one operation after another, such as what goes into its activation.
 */
function gradientNames({ graph }: Module, stored: ReadonlySet<Node>): ReadonlyMap<Node, string> {
  const found = new Map<Node, string>();
  const taken = new Set(graph.nodes.flatMap(({ label }) => label ?? []));
  const primals = graph.differentiations.flatMap(({ gradients }) => [...gradients]);
  const give = (gradient: Node, name: string | undefined): void => {
    if (name === undefined || gradient.label !== undefined || found.has(gradient)) return;
    const wanted = `d ${name}`;
    if (taken.has(wanted) || !stored.has(gradient)) return;
    taken.add(wanted);
    found.set(gradient, wanted);
  };
  for (const [of, gradient] of primals) give(computedBelow(gradient), of.label);
  const made = new Set(graph.differentiations.flatMap((one) => [...one.made.keys()]));
  const users = usersOf(graph.nodes.filter((node) => !made.has(node)));
  for (const [of, gradient] of primals) give(computedBelow(gradient), nameAhead(of, users));
  return found;
}

/** What stands below movements, which are not stored. */
function computedBelow(node: Node): Node {
  let next = node;
  for (;;) {
    const [moved] = next.inputs;
    if (!definitionOf(next.op).isMovement || moved === undefined || next.label !== undefined) return next;
    next = moved;
  }
}

/** The name of what a node becomes by operations of one operand each. */
function nameAhead(node: Node, users: ReadonlyMap<Node, readonly Node[]>): string | undefined {
  let label = node.label;
  for (let now = users.get(node) ?? []; label === undefined; ) {
    const [only, ...more] = now;
    if (only === undefined || more.length > 0 || only.inputs.length !== 1) return undefined;
    label = only.label;
    now = users.get(only) ?? [];
  }
  return label;
}

/** The users of each node among some nodes. */
function usersOf(nodes: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const found = new Map<Node, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      const before = found.get(input);
      if (before === undefined) found.set(input, [node]);
      else before.push(node);
    }
  }
  return found;
}
