import type { NodeContext, Result } from '../context.ts';

/** What an operator of ONNX is here: a row of the table. */
export interface Operator {
  /** The first version of its operator set in which it is as the row has it; the row knows what later ones changed. */
  readonly since: number;
  /** Its outputs, or its only one; those that are not asked for may be left out. */
  readonly import: (ctx: NodeContext) => Result | readonly (Result | undefined)[];
  /**
   * Operands whose elements it moves and does nothing else with: then shapes with bounded sizes and integers of 64 bits go
   * through it as they are, where they are known.
   */
  readonly moves?: 'all' | 'first';
  /** Integers narrower than 32 bits wrap. */
  readonly wraps?: true;
  /** That it is not computed while importing, though its operands are known: it takes too long, or is random. */
  readonly unfolded?: true;
}

/** Rows by the names of operators. */
export type Operators = Readonly<Record<string, Operator>>;
