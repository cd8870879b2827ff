import type { Node } from '../../graph/index.ts';
import type { Functions } from '../functions.ts';
import type { Scope } from '../scope.ts';
import type { Line, Value } from '../types.ts';

/** What a row may use: the node, the values of its operands, and where lines go that it needs before its own. */
export interface RowContext {
  readonly node: Node;
  /** In the node's order; of a node that is its first operand, that one alone. */
  readonly operands: readonly Value[];
  readonly scope: Scope;
  readonly functions: Functions;
  /** The function's arguments: inputs, states and run-time scalars. */
  readonly argumentOf: (node: Node) => Value;
  /** The live extent of a bounded size, `tensor<i32>`. */
  readonly sizeOf: (name: string) => Value;
}

/**
 * How one operation is written in StableHLO: the line that computes it, which the function then names as the user did, or a
 * value that is there already.
 */
export type HloRow = (context: RowContext) => Line | Value;

/** Operand `k`. @throws RangeError where there is none: the number of operands is checked when a node is built */
export function operandOf({ node, operands }: RowContext, k: number): Value {
  const value = operands[k];
  if (value === undefined) throw new RangeError(`${node.op} has no operand ${k}`);
  return value;
}

/** The node of operand `k`. @throws RangeError where there is none */
export function inputOf({ node }: RowContext, k: number): Node {
  const input = node.inputs[k];
  if (input === undefined) throw new RangeError(`${node.op} has no operand ${k}`);
  return input;
}
