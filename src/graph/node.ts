import type { Dim, Dtype, Expr, Reduction } from '../loops/index.ts';

/** Attributes of a node: plain data, part of its identity. */
export type Attr = number | string | boolean | readonly number[] | readonly Dim[] | readonly string[];
export type Attrs = Readonly<Record<string, Attr>>;

/** What a node's value is: its shape and element type. */
export interface ValueTypeOf {
  readonly shape: readonly Dim[];
  readonly dtype: Dtype;
}

/**
 * A pure operation over other nodes. Nodes are interned by their graph: building one that exists returns the
 * one that exists, so two nodes are the same value exactly if they are the same object.
 */
export interface Node extends ValueTypeOf {
  /** Number in its graph, in order of construction; operands come before their users. */
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly Node[];
  readonly attrs: Attrs;
  /** The user's line that built it first, `model.ts:12`. */
  readonly source?: string;
  /** A name for people: that of a layer, an input, a state. Not part of the identity. */
  readonly label?: string;
}

/** What a lowering may read: an operand's element. Movement operands are composed away by whoever provides it. */
export interface LowerContext {
  readonly node: Node;
  /** Element `at` of operand `k`, one i32 index for each of its dimensions. */
  readonly read: (k: number, at: readonly Expr[]) => Expr;
}

/**
 * How a node becomes loops.
 *
 * - `leaf`: storage or a run-time scalar; the lowering pass knows each.
 * - `value`: each element is an expression (pointwise operations, movements, gathers, iota).
 * - `reduce`: a reduction over axes of extents `over(node)`; `reductions` are bodies at output index `at`
 *   and reduction index `r`, `value` the element made of the final accumulators (`acc[k]` holds the parts
 *   of reduction k).
 */
export type Lowering =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'value'; readonly value: (ctx: LowerContext, at: readonly Expr[]) => Expr }
  | {
      readonly kind: 'reduce';
      readonly over: (node: Node) => readonly Dim[];
      readonly reductions: (
        ctx: LowerContext,
        at: readonly Expr[],
        r: readonly Expr[],
      ) => readonly Reduction[];
      readonly value: (ctx: LowerContext, at: readonly Expr[], acc: readonly (readonly Expr[])[]) => Expr;
    };
