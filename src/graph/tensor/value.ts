import type { Dim, Dtype } from '../../loops/index.ts';
import { requirePrintable, shown } from '../arguments.ts';
import { pointwise, type ReduceOptions, reduced } from '../build.ts';
import { describe, type Graph } from '../graph.ts';
import { GraphError } from '../issues.ts';
import type { Node } from '../node.ts';
import type { Tensor } from '../tensor.ts';

/** Axes of a reduction: one, several, or (left out) all; negative ones count from the end. */
export type Axes = number | readonly number[];

/** What a tensor is: a node of a graph. The classes between this one and `Tensor` have its methods, an idea each. */
export abstract class Value {
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
  named(this: Tensor, label: string): Tensor {
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

  protected pointwise(op: string, ...others: readonly (Tensor | number)[]): Tensor {
    return this.wrap(pointwise(this.graph, op, [this.node, ...others.map((other) => operandOf(op, other))]));
  }

  protected reduce(op: string, axes: Axes | undefined, options: ReduceOptions | undefined): Tensor {
    return this.wrap(reduced(this.graph, op, this.node, axes, options));
  }
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
