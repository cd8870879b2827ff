import { definitionOf, type Module, type Node } from '../graph/index.ts';
import type { Role } from './look.ts';
import { rolesOf } from './roles.ts';

/**
 * The layer of each node of a module's graph, outermost first (`['encoder', 'block1']`), at the place of its id; empty where it
 * belongs to none. Layers are what names of states have before their last dot.
 *
 * - A state is of the layer that its name says; a node with the name of a layer is its result.
 * - A forward node is of the innermost layer on whose way it is: it depends on one of that layer's states, and the layer's result
 *   needs it. Without such a result it is of the layer whose states it reads.
 * - What a differentiation made is of the layer of what it is the gradient of.
 * - What makes the next value of one layer's states alone is of that layer; of several layers', of the one that holds all of them.
 */
export function layersOf(
  module: Module,
  roles: readonly Role[] = rolesOf(module),
): readonly (readonly string[])[] {
  const { nodes } = module.graph;
  const paths = new Map<Node, readonly string[]>();
  const known = layerNames(module);
  const moved = movedBy(nodes);
  const give = (node: Node, path: readonly string[]): void => {
    if (!paths.has(node) && path.length > 0) paths.set(node, path);
  };
  for (const { node, name } of module.states) give(node, parentOf(name));
  for (const node of nodes) {
    const named = node.inputs.length > 0 && node.label !== undefined && known.has(node.label);
    if (named && roles[node.id] === 'forward') give(node, (node.label ?? '').split('.'));
  }
  const results = nodes.filter((node) => paths.has(node) && node.inputs.length > 0);
  for (const [node, path] of betweenStatesAnd(results, paths)) give(node, path);
  for (const node of nodes) {
    if (roles[node.id] === 'forward')
      give(
        node,
        innermost(node.inputs, moved, paths, (input) => input.op === 'state'),
      );
  }
  for (const { made } of module.graph.differentiations)
    for (const [node, of] of made) if (roles[node.id] === 'backward') give(node, paths.get(of) ?? []);
  giveUpdates(module, roles, give, paths);
  // What only moves elements is of the layer of what it moves, or that its users are of.
  for (const node of nodes)
    if (definitionOf(node.op).isMovement)
      give(
        node,
        innermost(node.inputs, moved, paths, () => true),
      );
  return nodes.map((node) => paths.get(node) ?? []);
}

/** Every prefix of a state's name that ends before a dot. */
function layerNames({ states }: Module): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { name } of states) {
    const path = parentOf(name);
    for (let k = 1; k <= path.length; k++) found.add(path.slice(0, k).join('.'));
  }
  return found;
}

function parentOf(name: string): readonly string[] {
  return name.split('.').slice(0, -1);
}

/** For each node between a layer's states and its result, that layer: the innermost of several. */
function betweenStatesAnd(
  results: readonly Node[],
  paths: ReadonlyMap<Node, readonly string[]>,
): ReadonlyMap<Node, readonly string[]> {
  const found = new Map<Node, readonly string[]>();
  // The longest paths first: what is within a layer of a layer is of the inner one.
  const inOrder = results.toSorted((a, b) => lengthOf(paths.get(b)) - lengthOf(paths.get(a)));
  for (const result of inOrder) {
    const path = paths.get(result) ?? [];
    for (const node of way(result, path, paths)) if (!found.has(node)) found.set(node, path);
  }
  return found;
}

/** The nodes that a layer's result needs and that depend on one of the layer's states, up to results of the same layer. */
function way(result: Node, path: readonly string[], paths: ReadonlyMap<Node, readonly string[]>): Node[] {
  const isOwn = (node: Node): boolean => {
    const own = paths.get(node);
    return own !== undefined && path.every((part, k) => own[k] === part);
  };
  // A result of another layer ends the walk: what comes before it is that layer's, or an earlier one's.
  const isEnd = (node: Node): boolean => node !== result && paths.has(node) && !isOwn(node);
  const needed = new Set<Node>([result]);
  for (const node of needed) {
    if (isEnd(node) || node.op === 'state') continue;
    for (const input of node.inputs) needed.add(input);
  }
  const after = new Set<Node>();
  for (const node of [...needed].sort((a, b) => a.id - b.id)) {
    const isReached = node.inputs.some((input) => after.has(input));
    if (isOwn(node) || (isReached && !isEnd(node))) after.add(node);
  }
  return [...after].filter((node) => node.inputs.length > 0);
}

/** What makes next values of states belongs to the layer of these. */
function giveUpdates(
  module: Module,
  roles: readonly Role[],
  give: (node: Node, path: readonly string[]) => void,
  paths: ReadonlyMap<Node, readonly string[]>,
): void {
  const common = new Map<Node, readonly string[]>();
  const isOf = (node: Node): boolean => {
    const role = roles[node.id];
    return node.inputs.length > 0 && (role === 'update' || (role === 'backward' && !paths.has(node)));
  };
  for (const { updates } of module.entries) {
    for (const { state, next } of updates) {
      const path = parentOf(state.label ?? '');
      const seen = new Set(isOf(next) ? [next] : []);
      for (const node of seen) {
        common.set(node, shared(common.get(node) ?? path, path));
        for (const input of node.inputs) if (isOf(input)) seen.add(input);
      }
    }
  }
  for (const [node, path] of common) give(node, path);
}

/** What two paths begin with. */
function shared(a: readonly string[], b: readonly string[]): readonly string[] {
  const end = a.findIndex((part, k) => part !== b[k]);
  return end < 0 ? a : a.slice(0, end);
}

/** The longest path of some operands: of several, the first. */
function innermost(
  inputs: readonly Node[],
  moved: ReadonlyMap<Node, Node>,
  paths: ReadonlyMap<Node, readonly string[]>,
  counts: (input: Node) => boolean,
): readonly string[] {
  let best: readonly string[] = [];
  for (const operand of inputs) {
    const input = moved.get(operand) ?? operand;
    const path = counts(input) ? (paths.get(input) ?? []) : [];
    if (path.length > best.length) best = path;
  }
  return best;
}

/** For each movement, what it moves, below the movements before it: found in order, so that a long row of them is walked once. */
function movedBy(nodes: readonly Node[]): ReadonlyMap<Node, Node> {
  const found = new Map<Node, Node>();
  for (const node of nodes) {
    const [input, ...more] = node.inputs;
    if (input === undefined || more.length > 0 || !definitionOf(node.op).isMovement) continue;
    found.set(node, found.get(input) ?? input);
  }
  return found;
}

function lengthOf(path: readonly string[] | undefined): number {
  return path?.length ?? 0;
}
