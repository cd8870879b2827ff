import type { Compilation, CompiledEntry } from '../compile.ts';
import { definitionOf, type ModuleEntry, type Node } from '../graph/index.ts';
import { tensorsRead } from '../loops/edges.ts';
import type { Loop, Tensor } from '../loops/index.ts';
import { typeText } from './accesses.ts';
import { type NodeNames, namesOf } from './formulaNames.ts';
import { operationTerm } from './formulaOps.ts';
import { atom, cutTo, OMITTED, prefix, type Term } from './formulaTerm.ts';
import type { Formula, Role } from './look.ts';
import { rolesOf } from './roles.ts';

/** Options of {@link formulasOf}. */
export interface FormulaOptions {
  /** Characters of a formula, its name included, at most: inner parts of a longer one are `…`. */
  readonly width?: number;
  /** What each node is for, where that is known already. */
  readonly roles?: readonly Role[];
}

/** Characters of a formula at most, where nobody says. */
const WIDTH = 200;

/**
 * What each dispatch of an entry computes, in the user's words: a formula for each result of each of its loops, in the order in
 * which they run.
 *
 *     hidden = relu(x/255 · hidden.weight + hidden.bias)
 *     output.weight' = output.weight − lr·(hiddenᵀ · d output)
 *
 * What the same loop computes stands in the formula; what another one stores stands as its name. Movements are left out where
 * shapes show them. `·` without spaces multiplies elements, with spaces matrices.
 *
 * @param entry name of the entry
 * @returns for each dispatch its formulas
 */
export function formulasOf(
  compilation: Compilation,
  entry: string,
  { width = WIDTH, roles = rolesOf(compilation.module) }: FormulaOptions = {},
): readonly (readonly Formula[])[] {
  const { module } = compilation;
  const compiled = compilation.entries.get(entry);
  const declared = module.entries.find(({ name }) => name === entry);
  if (compiled === undefined || declared === undefined) throw new RangeError(`there is no entry ${entry}`);
  const writer = new EntryFormulas(compilation, declared, compiled, roles, width);
  return compiled.stages.map((stage) =>
    stage.groups.flatMap((group) => [
      ...[...group.prologue, ...group.loops].flatMap((loop) => writer.ofLoop(loop)),
      ...group.partials.map((partial) => writer.ofPart(group.loops[0], partial.tensor)),
    ]),
  );
}

/** Writes the formulas of one entry's loops. */
class EntryFormulas {
  readonly #nodes: readonly Node[];
  readonly #names: NodeNames;
  readonly #roles: readonly Role[];
  readonly #width: number;
  /** For each node that a differentiation added, the node whose gradient rule made it. */
  readonly #madeFor: ReadonlyMap<Node, Node>;
  /** For a tensor that is no node's value, the loop that reads it to make a node's value. */
  readonly #readers = new Map<Tensor, Loop>();

  constructor(
    { module }: Compilation,
    entry: ModuleEntry,
    compiled: CompiledEntry,
    roles: readonly Role[],
    width: number,
  ) {
    this.#nodes = module.graph.nodes;
    this.#names = namesOf(module, entry, compiled);
    this.#roles = roles;
    this.#width = width;
    this.#madeFor = new Map(module.graph.differentiations.flatMap(({ made }) => [...made]));
    for (const { groups } of compiled.stages)
      for (const group of groups)
        for (const loop of [...group.prologue, ...group.loops])
          for (const tensor of tensorsRead(loop))
            if (!this.#readers.has(tensor)) this.#readers.set(tensor, loop);
  }

  /** A formula for each output of a loop. */
  ofLoop(loop: Loop): Formula[] {
    return loop.outs.map(({ tensor }) => this.#ofOut(loop, tensor, loop.origin));
  }

  /** The formula of partial results that a group makes beside its loop. */
  ofPart(loop: Loop | undefined, tensor: Tensor): Formula {
    const reader = this.#readers.get(tensor);
    const origin = [...(loop?.origin ?? []), ...(reader?.origin ?? [])];
    return this.#ofOut(loop ?? reader, tensor, origin);
  }

  #ofOut(loop: Loop | undefined, tensor: Tensor, origin: Loop['origin']): Formula {
    const here = new Set(origin.flatMap(({ id }) => (id === undefined ? [] : (this.#nodes[id] ?? []))));
    const own = loop === undefined ? undefined : this.#names.nodeOf(loop, tensor);
    const node = own ?? this.#partOf(tensor) ?? [...here].at(-1);
    const name = this.#nameOfOut(tensor, own, node);
    const others = new Set(
      (loop?.outs ?? []).flatMap((out) =>
        loop === undefined || out.tensor === tensor ? [] : (this.#names.nodeOf(loop, out.tensor) ?? []),
      ),
    );
    const sites = { here, others, parts: this.#partsRead(loop) };
    const text = node === undefined ? name : this.#fitted(name, node, sites);
    const computed = node === undefined ? [] : this.#computedFor(node, sites);
    return {
      name: loop?.name ?? tensor.name,
      text,
      role: roleOf(tensor, node === undefined ? undefined : this.#roles[node.id]),
      type: typeText(tensor),
      nodes: computed.map(({ id }) => id),
    };
  }

  /** The node that a loop makes out of partial results, the reduction that they are parts of. */
  #partOf(tensor: Tensor): Node | undefined {
    const reader = this.#readers.get(tensor);
    return reader === undefined ? undefined : this.#reductionIn(reader);
  }

  #reductionIn(loop: Loop): Node | undefined {
    return loop.origin
      .flatMap(({ id }) => (id === undefined ? [] : (this.#nodes[id] ?? [])))
      .findLast(({ op }) => definitionOf(op).isReduction || op === 'segmentSum' || op === 'segmentMax');
  }

  /** The reduction of a loop whose parts another loop made: it adds them up. */
  #partsRead(loop: Loop | undefined): Node | undefined {
    if (loop === undefined) return undefined;
    const isMadeUp = [...tensorsRead(loop)].some(
      (tensor) => tensor.role === 'temp' && !this.#names.isStored(tensor),
    );
    return isMadeUp ? this.#reductionIn(loop) : undefined;
  }

  #nameOfOut(tensor: Tensor, own: Node | undefined, node: Node | undefined): string {
    if (tensor.role === 'result' || tensor.role === 'next') return tensor.name;
    if (own !== undefined) return this.#names.nameOf(own);
    return node === undefined ? tensor.name : `parts of ${this.#names.nameOf(node)}`;
  }

  /** The longest formula that fits: inner parts are left out one level after the other. */
  #fitted(name: string, node: Node, sites: Sites): string {
    for (let depth = DEEPEST; depth > 1; depth--) {
      const { text, isWhole } = this.#formula(name, node, sites, depth);
      if (text.length <= this.#width && isWhole) return text;
    }
    return cutTo(this.#formula(name, node, sites, 1).text, this.#width);
  }

  #formula(name: string, node: Node, sites: Sites, depth: number): { text: string; isWhole: boolean } {
    const budget = { left: MOST_TERMS };
    const right = this.#expanded(node, sites, depth, budget);
    return { text: right.text === name ? name : `${name} = ${right.text}`, isWhole: budget.left > 0 };
  }

  /** A node in a formula: what the loop computes is written out, other nodes are named. */
  #term(node: Node, sites: Sites, depth: number, budget: Budget): Term {
    const { here, others } = sites;
    if (node === sites.parts) return prefix('Σ ', atom(`parts of ${this.#names.nameOf(node)}`));
    const { isMovement } = definitionOf(node.op);
    const isWritten =
      !others.has(node) && (here.has(node) || isMovement || node.inputs.length === 0) && !isNamed(node);
    if (!isWritten) return atom(this.#names.nameOf(node));
    return this.#expanded(node, sites, depth, budget);
  }

  #expanded(node: Node, sites: Sites, depth: number, budget: Budget): Term {
    if (budget.left <= 0 || depth <= 0) return node.label === undefined ? OMITTED : atom(node.label);
    budget.left--;
    const vanishing = vanishes(node);
    const [first] = node.inputs;
    if (vanishing && first !== undefined) return this.#term(first, sites, depth, budget);
    return operationTerm(node, {
      operand: (k) => {
        const input = node.inputs[k];
        return input === undefined ? OMITTED : this.#term(input, sites, depth - 1, budget);
      },
      source: (k) => {
        const input = node.inputs[k];
        return input === undefined ? undefined : below(input);
      },
      inner: (k) => {
        const input = node.inputs[k];
        const source = input === undefined ? undefined : below(input);
        const [inner] = source?.inputs ?? [];
        if (source === undefined || inner === undefined || !sites.here.has(source)) return undefined;
        if (sites.others.has(source) || source === sites.parts) return undefined;
        return this.#term(inner, sites, depth - 1, budget);
      },
      gradientOf: this.#gradientOf(node),
    });
  }

  /** Of which operand of the node whose rule made it a node is the gradient: of that which it does not read. */
  #gradientOf(node: Node): { readonly node: Node; readonly name: string } | undefined {
    const of = this.#madeFor.get(node);
    if (of === undefined) return undefined;
    const read = new Set(node.inputs.map(below));
    const other = of.inputs.find((input) => !read.has(below(input)));
    const label = other === undefined ? undefined : below(other).label;
    return { node: of, name: label?.split('.').at(-1) ?? 'input' };
  }

  /** The nodes that a formula holds, computed ones and movements. */
  #computedFor(node: Node, { here, others }: Sites): Node[] {
    const seen = new Set<Node>([node]);
    for (const next of seen) {
      for (const input of next.inputs) {
        const isInside = here.has(input) || (definitionOf(input.op).isMovement && input.inputs.length > 0);
        if (isInside && !others.has(input)) seen.add(input);
      }
    }
    return [...seen].filter(({ inputs }) => inputs.length > 0).sort((a, b) => a.id - b.id);
  }
}

/** Where the nodes of a formula are computed. */
interface Sites {
  /** By the same loop. */
  readonly here: ReadonlySet<Node>;
  /** By the same loop too, as results of their own. */
  readonly others: ReadonlySet<Node>;
  /** The reduction whose parts are made before. */
  readonly parts: Node | undefined;
}

/** Terms that may still be written. */
interface Budget {
  left: number;
}

/** Operations within one another, and operations of a formula, at most: what is longer no line holds. */
const [DEEPEST, MOST_TERMS] = [24, 400];

/** Whether a node stands in formulas by its name wherever it is. */
function isNamed({ op }: Node): boolean {
  return op === 'input' || op === 'state' || op === 'param';
}

const silent: ReadonlySet<string> = new Set(['reshape', 'permute', 'expand', 'detach', 'custom', 'training']);

/** Whether a node is its first operand in formulas. */
function vanishes({ op }: Node): boolean {
  return silent.has(op);
}

/** What stands below movements and casts. */
function below(node: Node): Node {
  let next = node;
  for (;;) {
    const [first] = next.inputs;
    if (first === undefined || !(vanishes(next) || next.op === 'cast')) return next;
    next = first;
  }
}

function roleOf(tensor: Tensor, role: Role | undefined): Role {
  return tensor.role === 'next' ? 'update' : (role ?? 'forward');
}
