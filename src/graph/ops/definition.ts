import type { Dim, Dtype, Expr } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';
import type { Attrs, Lowering, Node, ValueTypeOf } from '../node.ts';
import type { Tensor } from '../tensor.ts';

/** One operation: everything that the compiler knows of it. */
export interface OpDef {
  readonly doc: string;
  /** Number of operands; `many` is one or more. */
  readonly arity: number | 'many';
  /** Storage or a run-time scalar: nothing is computed. */
  readonly isLeaf: boolean;
  /** Each element is an element of an operand (or a pad value): it becomes an index, never a kernel. */
  readonly isMovement: boolean;
  /** A movement whose elements are those of operand 0, each at its own place, whatever its other operands are. */
  readonly isFirstOperand?: boolean;
  /** Element by element over operands of the result's shape. */
  readonly isPointwise: boolean;
  /** Combines elements along axes. */
  readonly isReduction: boolean;
  /** An operand whose elements choose which elements of the other are read, by its number. */
  readonly indexOperand?: number;
  /** The dimension of operand 0 that those indices run along; -1 is the last. */
  readonly indexedAxis?: number;
  /** Whether they run along the dimension of the result, in place of operand 0: where it is written at them. */
  readonly indexesResult?: true;
  /** An operand whose elements are meant to be from 0 to 1, by its number: probabilities, of which labels are 0 and 1. */
  readonly probabilityOperand?: number;
  /** The result's type. @throws ShapeError where operands or attributes do not fit */
  readonly type: (inputs: readonly ValueTypeOf[], attrs: Attrs) => ValueTypeOf;
  /** Attributes of the same operation where operand 0 has another shape, if some count elements of its bounded axes. */
  readonly resize?: (attrs: Attrs, shape: readonly Dim[]) => Attrs;
  readonly vjp: Vjp | ZeroVjp | NoVjp;
  /** Operands that the gradient goes on to, by their numbers; all of them where it is left out. */
  readonly gradientOperands?: readonly number[];
  readonly lower: Lowering;
}

/** What a gradient is made of. */
export interface VjpContext {
  readonly node: Node;
  readonly inputs: readonly Tensor[];
  /** The operation's own result. */
  readonly output: Tensor;
  /** The cotangent of the result: the loss's gradient in it, of its shape. */
  readonly cotangent: Tensor;
}

/**
 * The vector-Jacobian product: the cotangent of operand `k`, of its shape. It is built of graph operations, so that
 * it differentiates again.
 */
export type Vjp = (ctx: VjpContext, k: number) => Tensor;

/** An operation of floats whose gradient is zero wherever there is one, and why: what it depends on still counts. */
export interface ZeroVjp {
  readonly zero: string;
}

/** An operation without a gradient, and why: what is before it is a constant to gradients. */
export interface NoVjp {
  readonly none: string;
}

/** The kinds of operation, as properties. */
export const LEAF = { isLeaf: true, isMovement: false, isPointwise: false, isReduction: false } as const;
export const MOVEMENT = { isLeaf: false, isMovement: true, isPointwise: false, isReduction: false } as const;
export const POINTWISE = { isLeaf: false, isMovement: false, isPointwise: true, isReduction: false } as const;
export const REDUCTION = { isLeaf: false, isMovement: false, isPointwise: false, isReduction: true } as const;
export const GENERATOR = {
  isLeaf: false,
  isMovement: false,
  isPointwise: false,
  isReduction: false,
} as const;

/** Operand `k`. @throws RangeError where there is none: the number of operands is checked before */
export function operand<T>(inputs: readonly T[], k: number): T {
  const input = inputs[k];
  if (input === undefined) throw new RangeError(`no operand ${k} among ${inputs.length}`);
  return input;
}

/** Index `k` of an element. */
export function indexAt(at: readonly Expr[], k: number): Expr {
  const index = at[k];
  if (index === undefined) throw new RangeError(`no index ${k} among ${at.length}`);
  return index;
}

/** Requires one of some element types. @throws ShapeError saying which are taken */
export function requireDtype(op: string, dtype: Dtype, taken: readonly Dtype[]): void {
  if (taken.includes(dtype)) return;
  const hint =
    dtype === 'u8' ? 'u8 is for storage only: cast it first' : `takes ${taken.join(', ')}: cast it first`;
  throw new ShapeError('dtype', op, `operand of type ${dtype}; ${hint}`);
}

/** Requires an element type that an operation can give. @throws ShapeError saying which it gives */
export function requireResult(op: string, dtype: Dtype, given: readonly Dtype[]): void {
  if (given.includes(dtype)) return;
  const text =
    dtype === 'u8'
      ? 'u8 is for storage of inputs only and cannot be a target'
      : `${dtype} cannot be a target`;
  throw new ShapeError('dtype', op, `${text}; gives ${given.join(', ')}`);
}

/** Requires one element type for all operands. */
export function requireSameDtype(op: string, inputs: readonly ValueTypeOf[]): void {
  const types = inputs.map((input) => input.dtype);
  if (types.every((dtype) => dtype === types[0])) return;
  throw new ShapeError('dtype-mismatch', op, `operands of types ${types.join(' and ')}: cast one of them`);
}

/** The numbers that arithmetic takes. */
export const NUMBERS: readonly Dtype[] = ['f32', 'i32', 'u32'];

/** A shape with some axes taken out. */
export function without(shape: readonly Dim[], axes: readonly number[]): readonly Dim[] {
  return shape.filter((_, k) => !axes.includes(k));
}
