import { definitionOf, type Node } from '../graph/index.ts';
import { cut } from './figures.ts';
import { type FormulaContext, isVanishing } from './formulaContext.ts';
import {
  complementOfPower,
  logSoftmaxOperand,
  softmaxOperand,
  unflippedOperand,
} from './formulaIdentities.ts';
import type { NodeNames } from './formulaNames.ts';
import { isTransposition, operationTerm, reductionNames } from './formulaOps.ts';
import { atom, call, infix, numberTerm, OMITTED, prefix, suffix, type Term, within } from './formulaTerm.ts';

/** Where the nodes of a formula are computed. */
export interface Sites {
  /** What the formula writes out, where it is not apart: whatever is not stored, where that is left out. */
  readonly here?: ReadonlySet<Node>;
  /** Whether a node has a formula of its own. */
  readonly isApart: (node: Node) => boolean;
  /** The reduction whose parts are made before. */
  readonly parts?: Node;
  /** A state: what is kept beside it has short names, `m` for `hidden.weight.m`. */
  readonly owner?: string;
}

/** Operations within one another, and operations of a formula, at most: what is longer no line holds. */
const [DEEPEST, MOST_TERMS] = [24, 400];

/** Characters from which on a part that stands twice gets a letter, and of what is written out although it is stored, a scalar even. */
const [LEAST_PART, MOST_SHORT, MOST_SCALAR] = [20, 24, 48];

/** One text in the making. */
interface Attempt {
  readonly sites: Sites;
  readonly letters: ReadonlyMap<Node, string>;
  /** How often each node was written out, and how. */
  readonly written: Map<Node, { times: number; term: Term }>;
  terms: number;
}

/** Writes nodes of one entry as formulas. */
export class FormulaWriter {
  readonly #names: NodeNames;
  readonly #width: number;
  readonly #context: FormulaContext;
  /** Stored nodes without a name that are as short as one. */
  readonly #isShortKnown = new Map<Node, boolean>();

  /** @param width characters of a formula, at most */
  constructor(context: FormulaContext, names: NodeNames, width: number) {
    this.#context = context;
    this.#names = names;
    this.#width = width;
  }

  /** `name = formula`; the name alone where the formula is no more. */
  write(name: string, node: Node, sites: Sites): string {
    const whole = this.#attempt(node, sites, DEEPEST, new Map());
    const text = this.#withParts(name, node, sites, whole);
    if (text.length <= this.#width) return text;
    const textAt = (depth: number): string =>
      equation(name, this.#attempt(node, sites, depth, new Map()).term, sites);
    return deepestWithin(this.#width, 1, textAt) ?? cut(textAt(1), this.#width);
  }

  /**
   * What a node is made of in some others, without a name before it: `x/255`; inner parts of what is longer are `…`. Undefined where
   * no more than its operation would be left.
   *
   * @param most characters
   */
  value(node: Node, here: ReadonlySet<Node>, most: number): string | undefined {
    const sites: Sites = { here, isApart: () => false };
    const textAt = (depth: number): string => shown(this.#attempt(node, sites, depth, new Map()).term, sites);
    const whole = textAt(DEEPEST);
    return whole.length <= most ? whole : deepestWithin(most, 2, textAt);
  }

  /** The formula, with letters for long parts that it has several times: `u·tanh(u) with u = x · w + b`. */
  #withParts(name: string, node: Node, sites: Sites, whole: Written): string {
    const repeated = [...whole.written]
      .filter(([part, { times, term }]) => part !== node && times > 1 && term.text.length >= LEAST_PART)
      .sort(([, a], [, b]) => b.term.text.length - a.term.text.length);
    const [outermost] = repeated;
    const [letter, second] = this.#context.letters;
    if (outermost === undefined || letter === undefined) return equation(name, whole.term, sites);
    const [part] = outermost;
    const letters = new Map([[part, letter]]);
    let made = this.#attempt(node, sites, DEEPEST, letters);
    const next = [...made.written]
      .filter(([other, { times, term }]) => other !== node && times > 1 && term.text.length >= LEAST_PART)
      .sort(([, a], [, b]) => b.term.text.length - a.term.text.length)[0];
    if (next !== undefined && second !== undefined) {
      letters.set(next[0], second);
      made = this.#attempt(node, sites, DEEPEST, letters);
    }
    const wheres = [...letters].map(([one, name]) => {
      const without = new Map([...letters].filter(([other]) => other !== one));
      return `${name} = ${shown(this.#attempt(one, sites, DEEPEST, without).term, sites)}`;
    });
    return `${equation(name, made.term, sites)} with ${wheres.join(', ')}`;
  }

  #attempt(node: Node, sites: Sites, depth: number, letters: ReadonlyMap<Node, string>): Written {
    const attempt: Attempt = { sites, letters, written: new Map(), terms: 0 };
    const term = this.#expanded(node, attempt, depth);
    return { term, written: attempt.written };
  }

  /** A node in a formula: what the loop computes is written out, other nodes are named. */
  #term(node: Node, attempt: Attempt, depth: number): Term {
    const { sites, letters } = attempt;
    const letter = letters.get(node);
    if (letter !== undefined) return atom(letter);
    if (node === sites.parts) return partsTerm(node, atom(`parts of ${this.#names.nameOf(node)}`));
    if (isVanishing(node)) return this.#expanded(node, attempt, depth);
    const isLeaf = node.inputs.length === 0 && !isDeclared(node);
    const isWritten = isLeaf || definitionOf(node.op).isMovement || this.#isHere(node, sites);
    if (!sites.isApart(node)) {
      if (isWritten && !isDeclared(node)) return this.#expanded(node, attempt, depth);
      if (this.#isShort(node)) return this.#short(node, sites);
    }
    return this.#named(node, sites);
  }

  #isHere(node: Node, { here }: Sites): boolean {
    return here === undefined ? !this.#names.stored.has(node) : here.has(node);
  }

  #named(node: Node, { owner }: Sites): Term {
    const name = this.#names.nameOf(node);
    const isKept = owner !== undefined && name.startsWith(`${owner}.`);
    return atom(isKept ? name.slice(owner.length + 1) : name);
  }

  #expanded(node: Node, attempt: Attempt, depth: number): Term {
    if (isDeclared(node)) return this.#named(node, attempt.sites);
    if (attempt.terms >= MOST_TERMS || depth <= 0) return this.#omitted(node);
    attempt.terms++;
    const [first] = node.inputs;
    if (isVanishing(node) && first !== undefined) {
      const moved = this.#term(first, attempt, depth);
      return isTransposition(node) ? suffix(moved, 'ᵀ') : moved;
    }
    const term = this.#known(node, attempt, depth - 1) ?? this.#operation(node, attempt, depth - 1);
    const before = attempt.written.get(node);
    attempt.written.set(node, { times: (before?.times ?? 0) + 1, term });
    return term;
  }

  #omitted(node: Node): Term {
    return this.#names.isNamed(node) ? atom(this.#names.nameOf(node)) : OMITTED;
  }

  /** What is well known under a name of its own. */
  #known(node: Node, attempt: Attempt, depth: number): Term | undefined {
    const of = (operand: Node): Term => this.#term(operand, attempt, depth);
    const softmax = softmaxOperand(node);
    if (softmax !== undefined) return call('softmax', of(softmax));
    const logSoftmax = logSoftmaxOperand(node);
    if (logSoftmax !== undefined) return call('logsoftmax', of(logSoftmax));
    const unflipped = unflippedOperand(node);
    if (unflipped !== undefined) return of(unflipped);
    const power = complementOfPower(node);
    if (power !== undefined) {
      const base = numberTerm(power.base);
      return infix(atom('1'), ' − ', suffix(base, `^${within(of(power.exponent), 'atom')}`), 'sum', true);
    }
    const composite = this.#context.composites.get(node);
    return composite === undefined ? undefined : this.#operation(composite, attempt, depth);
  }

  #operation(node: Node, attempt: Attempt, depth: number): Term {
    const { sites } = attempt;
    return operationTerm(node, {
      operand: (k) => {
        const input = node.inputs[k];
        return input === undefined ? OMITTED : this.#term(input, attempt, depth);
      },
      matrix: (k) => {
        const input = node.inputs[k];
        const [first] = input?.inputs ?? [];
        const isTurned = input !== undefined && isTransposition(input);
        const shown = isTurned ? first : input;
        return shown === undefined ? OMITTED : this.#term(shown, attempt, depth);
      },
      source: (k) => {
        const input = node.inputs[k];
        return input === undefined ? undefined : below(input);
      },
      inner: (k) => {
        const source = node.inputs[k] === undefined ? undefined : below(node.inputs[k]);
        const [inner] = source?.inputs ?? [];
        if (source === undefined || inner === undefined || source === sites.parts) return undefined;
        const isWritten = this.#isHere(source, sites) || this.#isShort(source);
        if (!isWritten || sites.isApart(source)) return undefined;
        return this.#term(inner, attempt, depth);
      },
      gradientOf: this.#gradientOf(node),
    });
  }

  /** Whether a node that is stored without a name is as short as one, `max(output)`. */
  #isShort(node: Node): boolean {
    const known = this.#isShortKnown.get(node);
    if (known !== undefined) return known;
    // What it is made of has smaller numbers; until it is known it is a name.
    this.#isShortKnown.set(node, false);
    if (this.#names.isNamed(node) || !this.#names.stored.has(node) || isExpensive(node)) return false;
    const { text } = this.#short(node, {});
    const most = node.shape.length === 0 ? MOST_SCALAR : MOST_SHORT;
    const isShort = text.length <= most && !/[a-zA-Z]+_\d|…/.test(text);
    this.#isShortKnown.set(node, isShort);
    return isShort;
  }

  /** A stored node written out, down to what is stored. */
  #short(node: Node, { owner }: Pick<Sites, 'owner'>): Term {
    const sites = { isApart: () => false, ...(owner === undefined ? {} : { owner }) };
    return this.#attempt(node, sites, DEEPEST, new Map()).term;
  }

  /** Of which operand of the node whose rule made it a node is the gradient: of that which it does not read. */
  #gradientOf(node: Node): { readonly node: Node; readonly operand: number } | undefined {
    const of = this.#context.madeFor.get(node);
    if (of === undefined) return undefined;
    const read = new Set(node.inputs.map(below));
    return { node: of, operand: of.inputs.findIndex((input) => !read.has(below(input))) };
  }
}

/** The text of the greatest depth that fits: a formula grows with its depth. Undefined where not even that of the least does. */
function deepestWithin(width: number, from: number, textAt: (depth: number) => string): string | undefined {
  let fits: string | undefined;
  let [least, most] = [from, DEEPEST];
  while (least <= most) {
    const depth = Math.floor((least + most) / 2);
    const text = textAt(depth);
    if (text.length <= width) [fits, least] = [text, depth + 1];
    else most = depth - 1;
  }
  return fits;
}

interface Written {
  readonly term: Term;
  readonly written: Attempt['written'];
}

function equation(name: string, term: Term, sites: Sites): string {
  const text = shown(term, sites);
  return text === name ? name : `${name} = ${text}`;
}

/** A term's text; indices are numbered where there are several. */
function shown({ text }: Term, _: Sites): string {
  const indices = new Set(text.match(/index[₀-₉]/g));
  return indices.size > 1 ? text : text.replaceAll(/index[₀-₉]/g, 'index');
}

/** Whether a node stands in formulas by its name wherever it is. */
function isDeclared({ op }: Node): boolean {
  return op === 'input' || op === 'state' || op === 'param';
}

const added: ReadonlySet<string> = new Set(['sum', 'contract', 'convolve', 'segmentSum']);

/** A reduction of parts that were made before: products are sums, too. */
function partsTerm({ op }: Node, parts: Term): Term {
  if (added.has(op)) return prefix('Σ ', parts);
  return atom(`${reductionNames.get(op) ?? op}(${parts.text})`);
}

/** Whether a node multiplies: that it is computed elsewhere matters. */
function isExpensive({ op }: Node): boolean {
  return op === 'contract' || op === 'convolve';
}

/** What stands below movements and casts. */
function below(node: Node): Node {
  let next = node;
  for (;;) {
    const [first] = next.inputs;
    if (first === undefined || !(isVanishing(next) || next.op === 'cast')) return next;
    next = first;
  }
}
