import type { Dim, Dtype } from '../../loops/index.ts';
import { requirePrintable, shown } from '../arguments.ts';
import { pointwise, type ReduceOptions, reduced, requireFloat } from '../build.ts';
import { describe, type Graph } from '../graph.ts';
import { GraphError } from '../issues.ts';
import type { Node } from '../node.ts';
import type { Tensor } from '../tensor.ts';

/** Axes of a reduction: one, several, or (left out) all; negative ones count from the end. */
export type Axes = number | readonly number[];

/** The element type stands in a tensor's type alone, under this name: there is nothing of it at run time. */
declare const element: unique symbol;

/** What a tensor is: a node of a graph. The classes between this one and `Tensor` have its methods, an idea each. */
export abstract class Value<D extends Dtype = Dtype> {
  /**
   * The element type, for types alone. TypeScript compares the parameters of a method in both directions: so a `Tensor`, of
   * which it is not known, is taken for a `Tensor<'f32'>`, and the other way round, while a `Tensor<'i32'>` is not. It holds as
   * long as no property and no result of a method is a `D` itself: `dtype` is any.
   */
  [element]?(dtype: D): void;
  readonly graph: Graph;
  readonly node: Node;

  constructor(graph: Graph, node: Node) {
    this.graph = graph;
    this.node = node;
  }

  get shape(): readonly Dim[] {
    return this.node.shape;
  }

  get dtype(): Dtype {
    return this.node.dtype;
  }

  /**
   * Names the value for people, in listings and in kernels; the first name stays.
   * `x.matmul(w).named('scores')`
   */
  named(this: Tensor<D>, label: string): Tensor<D> {
    requirePrintable('named', 'a tensor', String(label));
    this.graph.label(this.node, label);
    return this;
  }

  /** As messages name it: its name or number, operation, type and shape. `x.toString()`, `${x}` */
  toString(): string {
    return describe(this.node);
  }

  /** The tensor of a node of this graph, for what builds nodes itself; this one where the node is its own. */
  abstract wrap(node: Node): Tensor;

  /** A tensor of this one's element type. */
  protected like(tensor: Tensor): Tensor<D> {
    return typed(tensor, this.dtype);
  }

  /** An operation element by element, whose results are of type `gives`. */
  protected pointwise<T extends Dtype>(
    gives: T,
    op: string,
    ...others: readonly (Tensor | number)[]
  ): Tensor<T> {
    const operands = [this.node, ...others.map((other) => operandOf(op, other))];
    return typed(this.wrap(pointwise(this.graph, op, operands)), gives);
  }

  /** A reduction, whose results are of type `gives`. */
  protected reduce<T extends Dtype>(
    gives: T,
    op: string,
    axes: Axes | undefined,
    options: ReduceOptions | undefined,
  ): Tensor<T> {
    return typed(this.wrap(reduced(this.graph, op, this.node, axes, options)), gives);
  }
}

/**
 * A tensor, as one of the element type that it has: where a method's signature says which one it gives, this holds it to that.
 *
 * @throws TypeError where it is of another: a signature and the rule of an operation contradict each other
 */
export function typed<D extends Dtype>(tensor: Tensor, dtype: D): Tensor<D> {
  if (isOf(tensor, dtype)) return tensor;
  throw new TypeError(`${tensor} was declared to be of type ${dtype}`);
}

function isOf<D extends Dtype>(tensor: Tensor, dtype: D): tensor is Tensor<D> {
  return tensor.dtype === dtype;
}

/** A tensor, as one of floats. @throws GraphError where it is not a tensor; ShapeError where it is of another element type */
export function floats(op: string, tensor: Tensor): Tensor<'f32'> {
  requireTensor(op, tensor);
  requireFloat(op, tensor.node);
  return typed(tensor, 'f32');
}

/** Requires a tensor. @throws GraphError saying what was given in its place */
export function requireTensor(op: string, value: unknown): asserts value is Tensor {
  if (value instanceof Value) return;
  throw new GraphError('operands', op, `takes a tensor, not ${shown(value)}`);
}

/** Requires a list of tensors. @throws GraphError saying what was given in its place */
export function requireTensors(op: string, values: unknown): asserts values is readonly Tensor[] {
  if (!Array.isArray(values))
    throw new GraphError('operands', op, `takes a list of tensors, not ${shown(values)}`);
  for (const value of values) requireTensor(op, value);
}

/** The node of an operand, or the number that it is. @throws GraphError where it is neither */
export function operandOf(op: string, operand: Tensor | number): Node | number {
  if (typeof operand === 'number') return operand;
  if (operand instanceof Value) return operand.node;
  throw new GraphError('operands', op, `takes a tensor or a number, not ${shown(operand)}`);
}

/** The node of an operand. @throws GraphError where it is not a tensor */
export function nodeOf(op: string, operand: Tensor): Node {
  requireTensor(op, operand);
  return operand.node;
}
