import type { CompiledEntry } from '../compile.ts';
import type { Graph, Module, ModuleEntry, Node } from '../graph/index.ts';
import type { Loop, Tensor } from '../loops/index.ts';

/** How people know what an entry computes, and which node each tensor of its loops is. */
export interface NodeNames {
  /** The name of a node: the user's, or of what it is the gradient or the next value of, or that of its tensor. */
  readonly nameOf: (node: Node) => string;
  /** Whether a name says what a node is: it is more than an operation and a number. */
  readonly isNamed: (node: Node) => boolean;
  /** The nodes that a loop computes, in the order in which they went into it. */
  readonly originOf: (loop: Loop) => readonly Node[];
  /** The node whose value a tensor is that a loop makes; undefined where the compiler made it up, as parts of a sum. */
  readonly nodeOf: (tensor: Tensor) => Node | undefined;
  /** Nodes whose value is some tensor. */
  readonly stored: ReadonlySet<Node>;
}

/** Every loop that an entry runs, in order. */
export function loopsOf({ stages }: CompiledEntry): Loop[] {
  return stages.flatMap(({ groups }) => groups.flatMap((group) => [...group.prologue, ...group.loops]));
}

/** Names for the nodes of an entry. */
export function namesOf(module: Module, entry: ModuleEntry, compiled: CompiledEntry): NodeNames {
  const { graph } = module;
  const outputs = new Map(entry.outputs.map(({ name, node }) => [name, node]));
  const updates = new Map(entry.updates.map(({ state, next }) => [`${state.label}'`, next]));
  const origins = new Map<Loop, readonly Node[]>();
  const originOf = (loop: Loop): readonly Node[] => {
    const known = origins.get(loop);
    if (known !== undefined) return known;
    const found = loop.origin.flatMap(({ id }) => (id === undefined ? [] : (graph.nodes[id] ?? [])));
    origins.set(loop, found);
    return found;
  };
  const byTensor = new Map<Tensor, Node>();
  const inlined = new Map<Node, number>();
  for (const loop of loopsOf(compiled)) {
    const byName = new Map(originOf(loop).map((node) => [tensorName(node), node]));
    for (const node of new Set(originOf(loop))) inlined.set(node, (inlined.get(node) ?? 0) + 1);
    for (const { tensor } of loop.outs) {
      const { name, role } = tensor;
      const node =
        role === 'result' ? outputs.get(name) : role === 'next' ? updates.get(name) : byName.get(name);
      if (node !== undefined) byTensor.set(tensor, node);
    }
  }
  const stored = new Set([...byTensor.values()].map(sameValueBelow));
  const shared = new Set([...inlined].flatMap(([node, times]) => (times > 1 ? [node] : [])));
  const names = new Map<Node, string>();
  for (const { state, next } of entry.updates) {
    const node = sameValueBelow(next);
    if (node.label === undefined && node.inputs.length > 0) names.set(node, `${state.label}'`);
  }
  nameGradients(graph, names, stored, shared);
  return {
    nameOf: (node) => names.get(node) ?? tensorName(node),
    isNamed: (node) => names.has(node) || node.label !== undefined,
    originOf,
    nodeOf: (tensor) => byTensor.get(tensor),
    stored,
  };
}

/** As the lowering names tensors. */
function tensorName(node: Node): string {
  return node.label ?? `${node.op}_${node.id}`;
}

/**
 * Names of gradients that have none of their own. The first that is free: `d hidden` for that in `hidden`; the same for that in
 * what becomes `hidden` by operations of one operand each, such as what goes into its activation; `d reduceMax_18`. Only what
 * is stored, or computed in several places, is spoken of.
 */
function nameGradients(
  graph: Graph,
  names: Map<Node, string>,
  stored: ReadonlySet<Node>,
  shared: ReadonlySet<Node>,
): void {
  const taken = new Set(graph.nodes.flatMap(({ label }) => label ?? []));
  const primals = graph.differentiations.flatMap(({ gradients }) =>
    [...gradients].map(([of, gradient]) => ({ of: sameValueBelow(of), gradient: sameValueBelow(gradient) })),
  );
  const made = new Set(graph.differentiations.flatMap((one) => [...one.made.keys()]));
  const users = usersOf(graph.nodes.filter((node) => !made.has(node)));
  const ways: readonly [ReadonlySet<Node>, (of: Node) => string | undefined][] = [
    [stored, (of) => of.label],
    [stored, (of) => nameAhead(of, users)],
    [shared, (of) => of.label],
    [stored, (of) => (stored.has(of) ? tensorName(of) : undefined)],
  ];
  for (const [some, nameOf] of ways) {
    for (const { of, gradient } of primals) {
      if (!some.has(gradient) || !made.has(gradient) || gradient.label !== undefined || names.has(gradient))
        continue;
      const name = nameOf(of);
      if (name === undefined || taken.has(`d ${name}`)) continue;
      taken.add(`d ${name}`);
      names.set(gradient, `d ${name}`);
    }
  }
}

/** What a node is in other shapes, or for other differentiations: the same elements, if in another order. */
export function sameValueBelow(node: Node): Node {
  let next = node;
  for (;;) {
    const [first] = next.inputs;
    if (first === undefined || !isVanishing(next)) return next;
    next = first;
  }
}

const vanishing: ReadonlySet<string> = new Set([
  'reshape',
  'permute',
  'expand',
  'detach',
  'custom',
  'training',
]);

/** Whether a node has the elements of its first operand: shapes show what it does. */
export function isVanishing({ op }: Node): boolean {
  return vanishing.has(op);
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
