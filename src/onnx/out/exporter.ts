import type { Node } from '../../graph/index.ts';
import { broadcastShapes } from '../../graph/shape.ts';
import type { Dim, Dtype } from '../../loops/index.ts';
import type { ElementType } from '../proto/index.ts';
import type { Extents } from './shapes.ts';
import { computedTypes } from './tensors.ts';
import { typeNumber, type Value, type Writer } from './writer.ts';

/** A value whose dimensions of 1 repeat to make a node's shape: operators of ONNX broadcast by themselves. */
export interface Spread {
  readonly value: Value;
  readonly shape: readonly Dim[];
}

/** How an operation becomes nodes of ONNX. */
export type OnnxRow = (out: Exporter, node: Node) => Value | Spread;

/** What the nodes of a graph have become so far. */
export class Exporter {
  readonly writer: Writer;
  readonly extents: Extents;
  /** What is given from outside, by its node: inputs, states, run-time scalars. */
  readonly leaves: ReadonlyMap<Node, Value>;
  readonly #spreads = new Map<Node, Spread>();
  readonly #values = new Map<Node, Value>();
  /** What a value was before its dimensions were put in another order. */
  readonly #orders = new Map<Value, { readonly value: Value; readonly perm: readonly number[] }>();

  constructor(writer: Writer, extents: Extents, leaves: ReadonlyMap<Node, Value>) {
    this.writer = writer;
    this.extents = extents;
    this.leaves = leaves;
  }

  /** Adds what a node is; its operands are there already. */
  add(node: Node, row: OnnxRow): void {
    this.writer.label = node.label;
    const made = row(this, node);
    this.#spreads.set(node, typeof made === 'string' ? { value: made, shape: node.shape } : made);
  }

  /** The value of a node, of its shape. */
  value(node: Node): Value {
    const known = this.#values.get(node);
    if (known !== undefined) return known;
    const { value, shape } = this.spread(node);
    const made = this.extents.expand(value, shape, node.shape);
    this.#values.set(node, made);
    return made;
  }

  /** The value of a node before it is broadcast to its shape. */
  spread(node: Node): Spread {
    const spread = this.#spreads.get(node);
    if (spread === undefined) throw new RangeError(`node ${node.id} (${node.op}) has become nothing yet`);
    return spread;
  }

  /** Operand `k` of a node, of its shape. */
  operand(node: Node, k = 0): Value {
    return this.value(operandOf(node, k));
  }

  /** The operands of a pointwise node, before they are broadcast, and the shape of what is made of them. */
  pointwise(nodes: readonly Node[]): { readonly values: Value[]; readonly shape: readonly Dim[] } {
    const spreads = nodes.map((node) => this.spread(node));
    return {
      values: spreads.map(({ value }) => value),
      shape: broadcastShapes('toOnnx', ...spreads.map(({ shape }) => shape)),
    };
  }

  /** A number of an element type. */
  number(value: number, dtype: Dtype): Value {
    return this.writer.constant(computedTypes[dtype], value);
  }

  /** A list of 64-bit integers, as operators take axes and places. */
  list(values: readonly number[]): Value {
    return this.writer.constant('int64', values, [values.length]);
  }

  /** One number everywhere: of any shape. */
  full(value: number, dtype: Dtype): Spread {
    return { value: this.number(value, dtype), shape: [] };
  }

  /** Dimensions in another order: `k` of the result is `perm[k]`. Orders one after another are one. */
  transpose(x: Value, perm: readonly number[]): Value {
    const before = this.#orders.get(x);
    const source = before?.value ?? x;
    const order = before === undefined ? perm : perm.map((axis) => before.perm[axis] ?? axis);
    if (order.every((axis, k) => axis === k)) return source;
    const made = this.writer.node('Transpose', [source], { perm: order });
    this.#orders.set(made, { value: source, perm: order });
    return made;
  }

  /** What integers of `u32` wrap to. */
  wrapped(x: Value, dtype: Dtype): Value {
    return dtype === 'u32' ? lowWord(this.writer, x) : x;
  }
}

/** The low 32 bits of 64-bit integers, as numbers from 0 on. */
export function lowWord(writer: Writer, x: Value): Value {
  return writer.node('BitwiseAnd', [x, writer.constant('int64', 2 ** 32 - 1)]);
}

/** Conversion by the operator, which is exact where the values fit. */
export function castTo(writer: Writer, x: Value, type: ElementType): Value {
  return writer.node('Cast', [x], { to: typeNumber(type) });
}

/** Operand `k` of a node. */
export function operandOf(node: Node, k: number): Node {
  const operand = node.inputs[k];
  if (operand === undefined) throw new RangeError(`node ${node.id} (${node.op}) has no operand ${k}`);
  return operand;
}

/** The number that a node has everywhere, if it is a constant. */
export function constantIn(node: Node): number | undefined {
  let source = node;
  while (source.op === 'expand') source = operandOf(source, 0);
  const value = source.op === 'constant' ? source.attrs.value : undefined;
  return typeof value === 'number' ? value : undefined;
}
