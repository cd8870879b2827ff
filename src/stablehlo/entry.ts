import { definitionOf, type Module, type ModuleEntry, type Node } from '../graph/index.ts';
import { UnknownNameError } from '../issues.ts';
import type { Dim } from '../loops/index.ts';
import { dimsOf, textOf } from './rows/attributes.ts';

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

/** An entry by its name. @throws UnknownNameError where there is none, naming those that there are */
export function entryNamed(module: Module, name: string): ModuleEntry {
  const entry = module.entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const known = module.entries.map((one) => one.name);
  throw new UnknownNameError('entry', name, known);
}

/** The function that an entry is. */
export function functionOf(module: Module, entry: ModuleEntry): EntryFunction {
  const results: Result[] = [
    ...module.states.flatMap(({ name, node: state }): Result[] => {
      const update = entry.updates.find((one) => one.state === state);
      return update === undefined ? [] : [{ kind: 'state', name, node: update.next }];
    }),
    ...entry.outputs.map(({ name, node }): Result => ({ kind: 'output', name, node })),
  ];
  const nodes = computedFor(results.map(({ node }) => node));
  const isRead = new Set(nodes);
  const named = (kind: 'input' | 'param', declared: readonly Node[]): Argument[] =>
    declared.flatMap((node) => (isRead.has(node) ? [{ kind, name: textOf(node, 'name'), node }] : []));
  const sizes = sizesIn(nodes);
  return {
    name: entry.name,
    nodes,
    results,
    arguments: [
      ...module.states.flatMap(({ name, node }): Argument[] => {
        const place = results.findIndex((result) => result.kind === 'state' && result.name === name);
        if (place >= 0) return [{ kind: 'state', name, node, donatedTo: place }];
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
    if (node.op === 'extent') dimsOf(node, 'dim').forEach(add);
  }
  return names;
}
