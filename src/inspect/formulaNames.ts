import type { CompiledEntry } from '../compile.ts';
import type { Module, ModuleEntry, Node } from '../graph/index.ts';
import type { Loop, Tensor } from '../loops/index.ts';
import { type FormulaContext, sameValueBelow } from './formulaContext.ts';

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
export function namesOf(
  module: Module,
  entry: ModuleEntry,
  compiled: CompiledEntry,
  context: FormulaContext,
): NodeNames {
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
  nameGradients(context, names, stored, shared);
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
  { primals, labels, users }: FormulaContext,
  names: Map<Node, string>,
  stored: ReadonlySet<Node>,
  shared: ReadonlySet<Node>,
): void {
  const taken = new Set<string>();
  // In the module's order, whichever is spoken of first: those of other entries take no names here.
  const told = [...new Set([...stored, ...shared])]
    .flatMap((gradient) => (primals.get(gradient) ?? []).map((of) => ({ of, gradient })))
    .sort((a, b) => a.of.turn - b.of.turn);
  const ways: readonly [ReadonlySet<Node>, (of: Node) => string | undefined][] = [
    [stored, (of) => of.label],
    [stored, (of) => nameAhead(of, users)],
    [shared, (of) => of.label],
    [stored, (of) => (stored.has(of) ? tensorName(of) : undefined)],
  ];
  for (const [some, nameOf] of ways) {
    for (const { of, gradient } of told) {
      if (!some.has(gradient) || names.has(gradient)) continue;
      const name = nameOf(of.node);
      if (name === undefined || labels.has(`d ${name}`) || taken.has(`d ${name}`)) continue;
      taken.add(`d ${name}`);
      names.set(gradient, `d ${name}`);
    }
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
