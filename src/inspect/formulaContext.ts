import { definitionOf, type Module, type Node } from '../graph/index.ts';
import type { Role } from './look.ts';
import { rolesOf } from './roles.ts';

/** What the formulas of any entry take from the whole module: found once for all entries. */
export interface FormulaContext {
  /** What each node is for, at the place of its id. */
  readonly roles: readonly Role[];
  /** Names of states, the owners of what is kept beside them. */
  readonly states: ReadonlySet<string>;
  /** Names that people gave to nodes. */
  readonly labels: ReadonlySet<string>;
  /** Letters for parts of formulas: no name ends with one. */
  readonly letters: readonly string[];
  /** For a node, the one that says of it what it is in other operations. */
  readonly composites: ReadonlyMap<Node, Node>;
  /** For each node that a differentiation added, the node whose gradient rule made it. */
  readonly madeFor: ReadonlyMap<Node, Node>;
  /** What an unnamed gradient that a differentiation added is the gradient of, in the order in which they take names. */
  readonly primals: ReadonlyMap<Node, readonly Primal[]>;
  /** The users of each node, without those that a differentiation added. */
  readonly users: ReadonlyMap<Node, readonly Node[]>;
}

/** A node that a gradient is in. */
export interface Primal {
  readonly node: Node;
  /** Its place among all of the module. */
  readonly turn: number;
}

/** Letters for parts of a formula that stand in it several times. */
const LETTERS = ['u', 'z', 'q', 't', 'r', 's'];

/**
 * What the formulas of a module's entries have in common.
 *
 * @param roles what each node is for, where that is known already
 */
export function formulaContextOf(module: Module, roles: readonly Role[] = rolesOf(module)): FormulaContext {
  const { nodes, differentiations } = module.graph;
  const labels = new Set<string>();
  const composites = new Map<Node, Node>();
  for (const node of nodes) {
    const { label } = node;
    if (label !== undefined) labels.add(label);
    const [value] = node.inputs;
    if (value !== undefined && isComposite(node)) composites.set(value, node);
  }
  const taken = new Set([...labels].flatMap((label) => label.split('.').at(-1) ?? []));
  const madeFor = new Map(differentiations.flatMap(({ made }) => [...made]));
  const primals = new Map<Node, Primal[]>();
  let turn = 0;
  for (const { gradients } of differentiations) {
    for (const [of, gradient] of gradients) {
      const below = sameValueBelow(gradient);
      if (!madeFor.has(below) || below.label !== undefined) continue;
      const primal = { node: sameValueBelow(of), turn: turn++ };
      const before = primals.get(below);
      if (before === undefined) primals.set(below, [primal]);
      else before.push(primal);
    }
  }
  return {
    roles,
    states: new Set(module.states.map(({ name }) => name)),
    labels,
    letters: LETTERS.filter((letter) => !taken.has(letter)),
    composites,
    madeFor,
    primals,
    users: usersOf(nodes.filter((node) => !madeFor.has(node))),
  };
}

/** Whether a node says of its first operand what it is, in the others. */
function isComposite(node: Node): boolean {
  return definitionOf(node.op).isFirstOperand === true && node.inputs.length > 1 && !isVanishing(node);
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
