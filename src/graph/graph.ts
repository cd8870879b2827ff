import { type Dim, elementCount, extentOf, MOST_ELEMENTS, shapeText } from '../loops/index.ts';
import { clipped } from '../runtime/clipped.ts';
import { quoted } from './arguments.ts';
import { attrsText } from './attributes.ts';
import { GraphError, ShapeError, userFrame } from './issues.ts';
import type { Declarations } from './module.ts';
import type { Attrs, Node } from './node.ts';
import type { CustomRule } from './ops/customRule.ts';
import { requireKnownIndices } from './ops/knownIndices.ts';
import { definitionOf } from './ops/table.ts';
import { SourceFiles } from './sourceFiles.ts';

/**
 * What one call of `gradients` did to its graph: for people who look at it. No pass reads it, and the text form of a module does
 * not hold it.
 */
export interface Differentiation {
  /** What was differentiated. */
  readonly outputs: readonly Node[];
  /** The whole gradient in each node that one came to, by that node: it may be a node that others made. */
  readonly gradients: ReadonlyMap<Node, Node>;
  /** Each node that the call added, with the node whose gradient rule it is of. */
  readonly made: ReadonlyMap<Node, Node>;
}

/**
 * A graph of interned nodes: it only grows, and a node that exists is never built again, so common
 * subexpressions do not arise. Types are checked when a node is built.
 */
export class Graph {
  readonly #nodes: Labelled[] = [];
  readonly #interned = new Map<string, Node>();
  /** What nodes get as their source line; the stack is read where it is undefined. */
  #source: { readonly line?: string } | undefined;
  readonly #customRules: CustomRule[] = [];
  readonly #differentiations: Differentiation[] = [];
  /** Who declares states and parameters for layers and optimizers; absent in a graph of its own. */
  readonly declarations?: Declarations;

  /** The files that nodes name in their source lines. The text form of a module does not hold their paths. */
  readonly sourceFiles: SourceFiles;

  constructor(declarations?: Declarations, sourceFiles = new SourceFiles()) {
    this.sourceFiles = sourceFiles;
    if (declarations !== undefined) this.declarations = declarations;
  }

  /** Every node, in order of construction: operands before their users. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Gradients of users' own, by the number that is the attribute `rule` of `custom`. */
  get customRules(): readonly CustomRule[] {
    return this.#customRules;
  }

  /** What was differentiated in it, in order; nothing in a graph that was read from text. */
  get differentiations(): readonly Differentiation[] {
    return this.#differentiations;
  }

  /** Keeps what a differentiation did. */
  differentiated(what: Differentiation): void {
    this.#differentiations.push(what);
  }

  /** The number of a rule: the one that it has, or a new one. */
  numberOfRule(rule: CustomRule): number {
    const known = this.#customRules.indexOf(rule);
    return known < 0 ? this.#customRules.push(rule) - 1 : known;
  }

  /**
   * The node of an operation, operands and attributes: the one that exists, or a new one.
   *
   * @throws ShapeError where operands or attributes do not fit, with the user's line
   */
  build(op: string, inputs: readonly Node[], attrs: Attrs = {}): Node {
    const definition = definitionOf(op);
    this.requireOwn(op, inputs);
    // The text of attributes is exact, so equal keys are equal nodes: identity by equality, not by hash.
    const key = `${op}(${inputs.map((input) => input.id).join(',')})${attrsText(attrs)}`;
    const existing = this.#interned.get(key);
    if (existing !== undefined) return existing;
    if (definition.arity === 'many' ? inputs.length === 0 : inputs.length !== definition.arity) {
      const wanted = definition.arity === 'many' ? 'one or more' : String(definition.arity);
      throw new GraphError('operands', op, `${inputs.length} operands, takes ${wanted}`);
    }
    const type = definition.type(inputs, attrs);
    requireRank(op, type.shape);
    requireKnownIndices(op, definition, inputs, type);
    requireIndexable(op, attrs.name, type.shape, definition.isLeaf);
    const source = this.#source === undefined ? this.#sourceLine() : this.#source.line;
    const node: Labelled = {
      id: this.#nodes.length,
      op,
      inputs: [...inputs],
      attrs,
      shape: type.shape,
      dtype: type.dtype,
      ...(source === undefined ? {} : { source }),
    };
    this.#nodes.push(node);
    this.#interned.set(key, node);
    return node;
  }

  /** The user's line that builds, `model.ts:12`. */
  #sourceLine(): string | undefined {
    const frame = userFrame();
    return frame === undefined ? undefined : `${this.sourceFiles.nameOf(frame.path)}:${frame.line}`;
  }

  /** Requires operands to be nodes of this graph. @throws GraphError naming one that is not */
  requireOwn(op: string, operands: readonly Node[]): void {
    const other = operands.find((node) => this.#nodes[node.id] !== node);
    if (other === undefined) return;
    throw new GraphError('other-graph', op, `operand %${other.id} belongs to another graph`);
  }

  /**
   * Gives a node a name for people; the first one stays. What moves elements is computed nowhere: the node whose
   * elements they are has the name too, where it has none.
   */
  label(node: Node, label: string): void {
    for (let next: Node | undefined = node; next !== undefined; next = viewed(next)) {
      const own: Labelled | undefined = this.#nodes[next.id];
      if (own !== next)
        throw new GraphError('other-graph', next.op, `${describe(next)} belongs to another graph`);
      own.label ??= label;
    }
  }

  /**
   * Builds with a source line that is known: gradients get the line of what they are the gradient of, and
   * no stack is read for them.
   */
  withSource<T>(source: string | undefined, build: () => T): T {
    return this.#building(source === undefined ? this.#source : { line: source }, build);
  }

  /** Builds nodes of no source line at all: those that are read from text say their own, or none. */
  withoutSource<T>(build: () => T): T {
    return this.#building({}, build);
  }

  #building<T>(source: { readonly line?: string } | undefined, build: () => T): T {
    const before = this.#source;
    this.#source = source;
    try {
      return build();
    } finally {
      this.#source = before;
    }
  }
}

/** Dimensions that a tensor may have, as PyTorch's: loops nest as deep, and passes recurse over them. */
const MOST_DIMENSIONS = 64;

function requireRank(op: string, { length }: readonly Dim[]): void {
  if (length <= MOST_DIMENSIONS) return;
  throw new ShapeError('rank', op, `${length} dimensions: a tensor may have at most ${MOST_DIMENSIONS}`);
}

/** Requires axes, and what is stored, to be short enough for indices. @throws ShapeError naming what has a name */
function requireIndexable(op: string, name: unknown, shape: readonly Dim[], isStored: boolean): void {
  const axis = shape.findIndex((dim) => extentOf(dim) > MOST_ELEMENTS);
  const long = shape[axis];
  if (long === undefined && (!isStored || elementCount(shape) <= MOST_ELEMENTS)) return;
  const place = long === undefined ? '' : `axis ${axis} of `;
  const count = long === undefined ? elementCount(shape) : extentOf(long);
  const label = typeof name === 'string' ? `${quoted(name)}: ` : '';
  const text = `${label}${place}${shapeText(shape)} has ${count} elements: there may be at most ${MOST_ELEMENTS}`;
  throw new ShapeError('too-large', op, text);
}

/** The operand whose elements a node moves, where that is computed; undefined where the node computes something itself. */
function viewed({ op, inputs }: Node): Node | undefined {
  const [moved, ...others] = inputs;
  const { isMovement, isFirstOperand = false } = definitionOf(op);
  const isView = isFirstOperand || (isMovement && others.length === 0);
  return isView && moved !== undefined && !definitionOf(moved.op).isLeaf ? moved : undefined;
}

/** A node in a message: its label or number, operation and shape. */
export function describe(node: Node): string {
  return `${clipped(node.label ?? `%${node.id}`)} (${node.op} ${node.dtype}${shapeText(node.shape)})`;
}

/** Nodes are immutable except for their label, which only their graph gives. */
interface Labelled extends Node {
  label?: string;
}
