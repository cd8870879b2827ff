import type { Compilation } from '../compile.ts';
import { definitionOf, type Node } from '../graph/index.ts';
import { tensorsRead } from '../loops/edges.ts';
import { type Loop, listingOf, type Tensor } from '../loops/index.ts';
import type { Stage } from '../schedule/group.ts';
import { typeText } from './accesses.ts';
import { cut } from './figures.ts';
import { type FormulaContext, formulaContextOf, sameValueBelow } from './formulaContext.ts';
import { loopsOf, type NodeNames, namesOf } from './formulaNames.ts';
import { FormulaWriter, type Sites } from './formulaWriter.ts';
import type { Formula } from './look.ts';

/** Options of {@link formulasOf} and {@link inWords}. */
export interface FormulaOptions {
  /** Characters of a formula, its name included, at most: inner parts of a longer one are `…`. */
  readonly width?: number;
  /** What the module's entries have in common, where that is known already. */
  readonly context?: FormulaContext;
}

/** Characters of a formula at most, where nobody says. */
const WIDTH = 200;

/** An entry in the user's words. */
export interface EntryInWords {
  /** For each dispatch its formulas. */
  readonly formulas: readonly (readonly Formula[])[];
  /** How formulas call the tensors that the entry makes, by their names in the program. */
  readonly tensorNames: ReadonlyMap<string, string>;
  /**
   * Writes what a node is made of in some others, `x/255`, in so many characters: for what has no formula of its own. Undefined where
   * no more than its operation would be left.
   */
  readonly write: (node: Node, here: ReadonlySet<Node>, most: number) => string | undefined;
}

/**
 * What each dispatch of an entry computes, in the user's words: a formula for each result of each of its loops, in the order in
 * which they run.
 *
 *     hidden = relu(x/255 · hidden.weight + hidden.bias)
 *     output.weight' = output.weight − lr·(hiddenᵀ · d output)
 *
 * What the same loop computes stands in the formula; what another one stores stands as its name, or as its formula where that is
 * as short. What has a name and is computed in several places without being stored has a formula of its own in each of them.
 * Movements are left out where shapes show them. `·` without spaces multiplies elements, with spaces matrices.
 *
 * @param entry name of the entry
 * @returns for each dispatch its formulas
 */
export function formulasOf(
  compilation: Compilation,
  entry: string,
  options: FormulaOptions = {},
): readonly (readonly Formula[])[] {
  return inWords(compilation, entry, options).formulas;
}

/**
 * The formulas of an entry, as {@link formulasOf} gives them, and the words that they are made of.
 *
 * @param entry name of the entry
 */
export function inWords(
  compilation: Compilation,
  entry: string,
  { width = WIDTH, context = formulaContextOf(compilation.module) }: FormulaOptions = {},
): EntryInWords {
  const { module } = compilation;
  const compiled = compilation.entries.get(entry);
  const declared = module.entries.find(({ name }) => name === entry);
  if (compiled === undefined || declared === undefined) throw new RangeError(`there is no entry ${entry}`);
  const names = namesOf(module, declared, compiled, context);
  const loops = loopsOf(compiled);
  const formulas = new EntryFormulas(names, loops, context, width);
  const writer = new FormulaWriter(context, names, WIDTH);
  return {
    formulas: compiled.stages.map((stage) => formulas.ofStage(stage)),
    tensorNames: tensorNamesOf(names, loops),
    write: (node, here, most) => writer.value(node, here, most),
  };
}

function tensorNamesOf(names: NodeNames, loops: readonly Loop[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { outs } of loops) {
    for (const { tensor } of outs) {
      const node = names.nodeOf(tensor);
      if (tensor.role === 'temp' && node !== undefined) found.set(tensor.name, names.nameOf(node));
    }
  }
  return found;
}

/** One result of a loop on the way to its formula. */
interface Result {
  readonly loop: Loop;
  readonly tensor: Tensor;
  /** What is computed on the way to it, in order. */
  readonly here: ReadonlySet<Node>;
}

/** The formulas of one entry's loops. */
class EntryFormulas {
  readonly #names: NodeNames;
  readonly #roles: FormulaContext['roles'];
  readonly #writer: FormulaWriter;
  readonly #width: number;
  /** For a tensor, the first loop that reads it. */
  readonly #readers = new Map<Tensor, Loop>();
  /** Nodes that several loops compute, none stores, and people have a name for. */
  readonly #shared: ReadonlySet<Node>;
  /** The lists of positions that some loops make, for reductions to walk. */
  readonly #lists = new Set<Tensor>();
  /** Names of states, the owners of what is kept beside them. */
  readonly #states: ReadonlySet<string>;
  /** What each loop computes, in order: found once, since a loop may have any number of results. */
  readonly #computed = new Map<Loop, ReadonlySet<Node>>();
  /** The nodes that each loop stores. */
  readonly #stored = new Map<Loop, ReadonlySet<Node>>();

  constructor(names: NodeNames, loops: readonly Loop[], context: FormulaContext, width: number) {
    this.#names = names;
    this.#roles = context.roles;
    this.#width = width;
    this.#writer = new FormulaWriter(context, names, width);
    this.#states = context.states;
    const times = new Map<Node, number>();
    for (const loop of loops) {
      if (listingOf(loop) !== null) for (const { tensor } of loop.outs) this.#lists.add(tensor);
    }
    for (const loop of loops) {
      for (const tensor of tensorsRead(loop)) if (!this.#readers.has(tensor)) this.#readers.set(tensor, loop);
      for (const node of this.#computedBy(loop)) times.set(node, (times.get(node) ?? 0) + 1);
    }
    this.#shared = new Set(
      [...times].flatMap(([node, n]) =>
        n > 1 && names.isNamed(node) && !names.stored.has(node) ? [node] : [],
      ),
    );
  }

  ofStage({ groups }: Stage): Formula[] {
    const results = groups.flatMap((group): Result[] => [
      ...[...group.prologue, ...group.loops].flatMap((loop) =>
        this.#saidOnce(loop).map((tensor) => ({ loop, tensor, here: this.#computedBy(loop) })),
      ),
      ...group.partials.flatMap(({ tensor }): Result[] => {
        const reader = this.#readers.get(tensor);
        const loop = group.loops[0] ?? reader;
        const parts = reader === undefined ? [] : this.#names.originOf(reader);
        const here = new Set([
          ...(group.loops[0] === undefined ? [] : this.#computedBy(group.loops[0])),
          ...parts,
        ]);
        return loop === undefined ? [] : [{ loop, tensor, here }];
      }),
    ]);
    const said = new Set<Node>();
    const walked = new Set<ReadonlySet<Node>>();
    return results.flatMap((result) => {
      if (this.#lists.has(result.tensor)) return [this.#ofLists(result)];
      const { here, loop } = result;
      const more = walked.has(here)
        ? []
        : [...here].filter((node) => this.#shared.has(node) && !said.has(node));
      walked.add(here);
      for (const node of more) said.add(node);
      return [...more.map((node) => this.#ofShared(node, here, loop)), this.#ofResult(result)];
    });
  }

  /** The outputs of a loop: of several of one value the one that leaves the step. */
  #saidOnce(loop: Loop): Tensor[] {
    // Lists are made of several tensors together.
    if (listingOf(loop) !== null) return loop.outs.slice(0, 1).map(({ tensor }) => tensor);
    const byNode = new Map<Node | Tensor, Tensor>();
    for (const { tensor } of loop.outs) {
      const node = this.#names.nodeOf(tensor);
      const key = node === undefined ? tensor : sameValueBelow(node);
      if (!byNode.has(key) || tensor.role !== 'temp') byNode.set(key, tensor);
    }
    return [...byNode.values()];
  }

  /** The nodes that a loop computes: not those that parts, which it adds up, were made of. */
  #computedBy(loop: Loop): ReadonlySet<Node> {
    const known = this.#computed.get(loop);
    if (known !== undefined) return known;
    const origin = this.#names.originOf(loop);
    const parts = this.#partsRead(loop);
    const here = new Set(origin);
    const before = new Set(parts === undefined ? [] : computedFor(parts, { here, isApart: () => false }));
    const computed = new Set(origin.filter(({ id }) => !before.has(id)));
    this.#computed.set(loop, computed);
    return computed;
  }

  /** The nodes whose values a loop stores. */
  #storedBy(loop: Loop): ReadonlySet<Node> {
    const known = this.#stored.get(loop);
    if (known !== undefined) return known;
    const stored = new Set(loop.outs.flatMap(({ tensor }) => this.#names.nodeOf(tensor) ?? []));
    this.#stored.set(loop, stored);
    return stored;
  }

  /** `lists for d words = positions by word`: which terms each row of a sum has. */
  #ofLists({ loop, tensor }: Result): Formula {
    const reduction = this.#reductionIn(loop);
    const name = reduction === undefined ? loop.name : this.#names.nameOf(reduction);
    const key = reduction?.inputs.length === 2 ? reduction.inputs[1] : undefined;
    const sites: Sites = { here: new Set(), isApart: () => false };
    const text = key === undefined ? '' : ` by ${this.#writer.write('', key, sites).replace(/^ = /, '')}`;
    return {
      name: loop.name,
      text: cut(`lists for ${name} = positions${text}`, this.#width),
      role: (reduction && this.#roles[reduction.id]) ?? 'forward',
      type: typeText(tensor),
      nodes: key === undefined ? [] : computedFor(key, sites),
    };
  }

  /** The formula of what a loop computes on the way, as others do. */
  #ofShared(node: Node, here: ReadonlySet<Node>, loop: Loop): Formula {
    const sites = { here, isApart: (other: Node) => other !== node && this.#shared.has(other) };
    return {
      name: loop.name,
      text: this.#writer.write(this.#names.nameOf(node), node, sites),
      role: this.#roles[node.id] ?? 'forward',
      type: typeText(node),
      nodes: computedFor(node, sites),
    };
  }

  #ofResult({ loop, tensor, here }: Result): Formula {
    const own = this.#names.nodeOf(tensor);
    const node = own ?? this.#partOf(tensor) ?? [...here].at(-1);
    const name = this.#nameOf(tensor, own, node);
    const stored = this.#storedBy(loop);
    const parts = this.#partsRead(loop);
    const owner = this.#ownerOf(tensor.name);
    const sites: Sites = {
      here,
      isApart: (other) => other !== node && (this.#shared.has(other) || stored.has(other)),
      ...(parts === undefined ? {} : { parts }),
      ...(owner === undefined ? {} : { owner }),
    };
    return {
      name: loop.name,
      text: node === undefined ? name : this.#writer.write(name, node, sites),
      role: tensor.role === 'next' ? 'update' : ((node && this.#roles[node.id]) ?? 'forward'),
      type: typeText(tensor),
      nodes: node === undefined ? [] : computedFor(node, sites),
    };
  }

  /** The state that a next value is of, or that it is kept beside. */
  #ownerOf(tensor: string): string | undefined {
    const name = tensor.replace(/'$/, '');
    const parent = name.split('.').slice(0, -1).join('.');
    return this.#states.has(parent) ? parent : this.#states.has(name) ? name : undefined;
  }

  /** The reduction that a tensor holds parts of, in the loop that adds them up. */
  #partOf(tensor: Tensor): Node | undefined {
    const reader = this.#readers.get(tensor);
    return reader === undefined ? undefined : this.#reductionIn(reader);
  }

  #reductionIn(loop: Loop): Node | undefined {
    return this.#names
      .originOf(loop)
      .findLast(({ op }) => definitionOf(op).isReduction || definitionOf(op).indexesResult === true);
  }

  /** The reduction whose parts a loop reads: it adds them up. */
  #partsRead(loop: Loop): Node | undefined {
    const made = new Set(loop.outs.map(({ tensor }) => tensor));
    const isOfParts = [...tensorsRead(loop)].some((tensor) => this.#isMadeUp(tensor) && !made.has(tensor));
    return isOfParts ? this.#reductionIn(loop) : undefined;
  }

  /** Whether a tensor holds parts of a reduction: it is no node's value. */
  #isMadeUp(tensor: Tensor): boolean {
    return tensor.role === 'temp' && !this.#lists.has(tensor) && this.#names.nodeOf(tensor) === undefined;
  }

  #nameOf(tensor: Tensor, own: Node | undefined, node: Node | undefined): string {
    if (tensor.role === 'result' || tensor.role === 'next') return tensor.name;
    if (own !== undefined) return this.#names.nameOf(own);
    return node === undefined ? tensor.name : `parts of ${this.#names.nameOf(node)}`;
  }
}

/** The ids of the nodes that a formula holds, computed ones and movements. */
function computedFor(node: Node, { here = new Set(), isApart }: Sites): number[] {
  const seen = new Set<Node>([node]);
  for (const next of seen) {
    for (const input of next.inputs) {
      const isInside = here.has(input) || (definitionOf(input.op).isMovement && input.inputs.length > 0);
      if (isInside && !isApart(input)) seen.add(input);
    }
  }
  return [...seen]
    .filter(({ inputs }) => inputs.length > 0)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}
