import { dimsOf, textOf } from '../graph/attributes.ts';
import { definitionOf, type Module, type ModuleEntry, type Node } from '../graph/index.ts';
import type { Dim } from '../loops/index.ts';

/** An argument of an entry's function. */
export type Argument =
  | { readonly kind: 'state'; readonly name: string; readonly node: Node; readonly donatedTo?: number }
  | { readonly kind: 'input' | 'param'; readonly name: string; readonly node: Node }
  | { readonly kind: 'size'; readonly name: string };

/** What an entry's function returns: the next value of a state, or an output. */
export interface Result {
  readonly kind: 'state' | 'output';
  readonly name: string;
  readonly node: Node;
}

/** An entry as a function: what it takes, what it computes, and what it returns. */
export interface EntryFunction {
  readonly name: string;
  /** States that it reads or updates, inputs that it reads, run-time scalars, sizes; each in the order of the module. */
  readonly arguments: readonly Argument[];
  /** Operands before their users. */
  readonly nodes: readonly Node[];
  /** Next values of the states that it updates, then outputs. */
  readonly results: readonly Result[];
}

/** The function that an entry is. */
export function functionOf(module: Module, entry: ModuleEntry): EntryFunction {
  const next = new Map(entry.updates.map((update) => [update.state, update.next]));
  const updated = module.states.flatMap(({ name, node: state }) => {
    const node = next.get(state);
    return node === undefined ? [] : [{ name, state, node }];
  });
  const places = new Map(updated.map(({ state }, place) => [state, place]));
  const results: Result[] = [
    ...updated.map(({ name, node }): Result => ({ kind: 'state', name, node })),
    ...entry.outputs.map(({ name, node }): Result => ({ kind: 'output', name, node })),
  ];
  const nodes = computedFor(results.map(({ node }) => node));
  const isRead = new Set(nodes);
  const named = (kind: 'input' | 'param', declared: readonly Node[]): Argument[] =>
    declared.flatMap((node) =>
      isRead.has(node) ? [{ kind, name: textOf(node.op, node.attrs, 'name'), node }] : [],
    );
  const sizes = sizesIn(nodes);
  return {
    name: entry.name,
    nodes,
    results,
    arguments: [
      ...module.states.flatMap(({ name, node }): Argument[] => {
        const place = places.get(node);
        if (place !== undefined) return [{ kind: 'state', name, node, donatedTo: place }];
        return isRead.has(node) ? [{ kind: 'state', name, node }] : [];
      }),
      ...named('input', module.inputs),
      ...named('param', module.params),
      ...module.sizes.flatMap(({ name }): Argument[] => (sizes.has(name) ? [{ kind: 'size', name }] : [])),
    ],
  };
}

/**
 * The operands that a node's value is computed from: of a composite, which is its first operand, that one alone. The others
 * are there for its gradient.
 */
export function operandsOf({ op, inputs }: Node): readonly Node[] {
  return definitionOf(op).isFirstOperand === true ? inputs.slice(0, 1) : inputs;
}

/** What some nodes are computed from, themselves included, operands first. Without recursion: chains may be long. */
function computedFor(roots: readonly Node[]): Node[] {
  const found = new Set(roots);
  // A set gives what is added while it is gone through.
  for (const node of found) for (const operand of operandsOf(node)) found.add(operand);
  return [...found].sort((a, b) => a.id - b.id);
}

/** Names of the bounded sizes that nodes have, or ask for. */
function sizesIn(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (dim: Dim): void => {
    if (typeof dim === 'object') names.add(dim.size.name);
  };
  for (const node of nodes) {
    node.shape.forEach(add);
    if (node.op === 'extent') dimsOf(node.op, node.attrs, 'dim').forEach(add);
  }
  return names;
}
