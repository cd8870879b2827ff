import type { Dtype } from './dtype.ts';
import { loadedDtype } from './dtype.ts';
import { type ScalarDef, type ScalarOp, scalarOps, takesCondition } from './scalar.ts';
import type { Dim, Size } from './size.ts';

/** Whose storage a tensor is. */
export type TensorRole =
  /** The rows of a dataset or of an uploaded batch; its first extent is known only at run time. */
  | 'data'
  /** Row numbers into `data`, one for each row of the batch (i32). */
  | 'rows'
  /** An input without a bounded first dimension, uploaded whole. */
  | 'input'
  /** A given array of the program. */
  | 'constant'
  /** A parameter or an optimizer's moment, as it was before the step. */
  | 'state'
  /** The same after the step. */
  | 'next'
  /** Lives within one step. */
  | 'temp'
  /** An output of the entry. */
  | 'result'
  /** An array of a kernel, shared by a workgroup. */
  | 'workgroup'
  /** An array of a kernel, one for each invocation. */
  | 'private';

/** A tensor that loops read and write. Two tensors are the same if they are the same object. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: Dtype;
  readonly role: TensorRole;
  /** Of a `next`: the state that it is written over. */
  readonly over?: Tensor;
}

/** A loop axis; an identity of its own. `live` bounds it at run time (an axis over `batch` rows). */
export interface Axis {
  readonly name: string;
  readonly extent: number;
  readonly live?: Exclude<Dim, number>;
}

/** A run-time scalar of the step's uniform block, or of the caller. */
export interface Param {
  /** `step` counts the entry's steps from 1; any other name is the user's (`lr`). */
  readonly name: string;
  readonly dtype: 'f32' | 'i32' | 'u32';
  /** Value until a caller gives another one. */
  readonly initial: number;
}

/**
 * A scalar expression. Immutable; shared subexpressions are one object, so passes memoise by identity.
 *
 * - `axis`: the value of a loop axis (i32)
 * - `live`: the live extent of a size (i32)
 * - `acc`: a component of a reduction's result, in a loop's output values only
 * - `var`: a variable of a kernel, in kernels only
 * - `parts`: what another loop has reduced already, in the place of an element: the parts of the monoid, as the whole body
 *   of a reduction only; typed as the elements that were reduced
 */
export type Expr =
  | { readonly kind: 'const'; readonly value: number; readonly dtype: Dtype }
  | { readonly kind: 'axis'; readonly axis: Axis; readonly dtype: 'i32' }
  | { readonly kind: 'live'; readonly size: Size; readonly dtype: 'i32' }
  | { readonly kind: 'param'; readonly param: Param; readonly dtype: Dtype }
  | { readonly kind: 'acc'; readonly reduction: number; readonly part: number; readonly dtype: Dtype }
  | { readonly kind: 'var'; readonly name: string; readonly dtype: Dtype }
  | { readonly kind: 'load'; readonly tensor: Tensor; readonly at: readonly Expr[]; readonly dtype: Dtype }
  | { readonly kind: 'apply'; readonly op: ScalarOp; readonly args: readonly Expr[]; readonly dtype: Dtype }
  | { readonly kind: 'parts'; readonly items: readonly Expr[]; readonly dtype: Dtype };

export type Load = Extract<Expr, { kind: 'load' }>;
export type Apply = Extract<Expr, { kind: 'apply' }>;

export const constant = (value: number, dtype: Dtype): Expr => ({ kind: 'const', value, dtype });
export const int = (value: number): Expr => constant(value, 'i32');
export const float = (value: number): Expr => constant(value, 'f32');
export const axisRef = (axis: Axis): Expr => ({ kind: 'axis', axis, dtype: 'i32' });
export const liveExtent = (size: Size): Expr => ({ kind: 'live', size, dtype: 'i32' });
export const paramRef = (param: Param): Expr => ({ kind: 'param', param, dtype: param.dtype });
export const accRef = (reduction: number, part: number, dtype: Dtype): Expr => ({
  kind: 'acc',
  reduction,
  part,
  dtype,
});
export const varRef = (name: string, dtype: Dtype): Expr => ({ kind: 'var', name, dtype });

/** An element of a tensor: `at` has one i32 index for each dimension. */
export function load(tensor: Tensor, at: readonly Expr[]): Expr {
  if (at.length !== tensor.shape.length) {
    throw new TypeError(`load of ${tensor.name}: ${at.length} indices for ${tensor.shape.length} dimensions`);
  }
  return { kind: 'load', tensor, at, dtype: loadedDtype(tensor.dtype) };
}

/** One application, typed by the operation's row; constants are not folded here. */
export function apply(op: Exclude<ScalarOp, 'cast'>, ...args: readonly Expr[]): Expr {
  const def: ScalarDef = scalarOps[op];
  if (args.length !== def.arity) throw new TypeError(`${op}: ${args.length} operands, takes ${def.arity}`);
  const typed = takesCondition(def) ? args.slice(1) : args;
  const dtype = (typed[0] as Expr).dtype;
  if (typed.some((arg) => arg.dtype !== dtype)) {
    throw new TypeError(`${op}: operands of different types: ${args.map((arg) => arg.dtype).join(', ')}`);
  }
  return { kind: 'apply', op, args, dtype: def.result === 'bool' ? 'bool' : dtype };
}

/** `expr` as `dtype`; itself if it is of that type. */
export function cast(expr: Expr, dtype: Dtype): Expr {
  return expr.dtype === dtype ? expr : { kind: 'apply', op: 'cast', args: [expr], dtype };
}

/** The parts of a monoid of several, as the body of a reduction; the first one has the type of the elements. */
export function partsOf(items: readonly Expr[]): Expr {
  const [first] = items;
  if (first === undefined) throw new TypeError('parts of a reduction: there are none');
  return { kind: 'parts', items, dtype: first.dtype };
}

const NONE: readonly Expr[] = [];

/** The operands of an expression, left to right (a load's indices). */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'apply':
      return expr.args;
    case 'load':
      return expr.at;
    case 'parts':
      return expr.items;
    default:
      return NONE;
  }
}

/** The same expression over other operands; itself if none changed. */
export function withChildren(expr: Expr, children: readonly Expr[]): Expr {
  const old = childrenOf(expr);
  if (old.every((child, i) => child === children[i])) return expr;
  // Made as `apply` and `load` make them: objects of one layout are faster to read.
  if (expr.kind === 'apply') return { kind: 'apply', op: expr.op, args: children, dtype: expr.dtype };
  if (expr.kind === 'load') return { kind: 'load', tensor: expr.tensor, at: children, dtype: expr.dtype };
  if (expr.kind === 'parts') return { kind: 'parts', items: children, dtype: expr.dtype };
  return expr;
}

/** The same expression over what `by` makes of its operands, left to right; itself if none changed. */
export function mapChildren(expr: Expr, by: (child: Expr) => Expr): Expr {
  let changed: Expr[] | undefined;
  let k = 0;
  const old = childrenOf(expr);
  for (const child of old) {
    const next = by(child);
    if (next !== child) {
      changed ??= [...old];
      changed[k] = next;
    }
    k++;
  }
  return changed === undefined ? expr : withChildren(expr, changed);
}

/**
 * Rewrites bottom-up: `rule` sees each expression after its operands were rewritten and gives its
 * replacement. Sharing is kept: every distinct object is visited once for each `memo`.
 */
export function mapExpr(expr: Expr, rule: (expr: Expr) => Expr, memo: Map<Expr, Expr> = new Map()): Expr {
  const known = memo.get(expr);
  if (known !== undefined) return known;
  const result = rule(mapChildren(expr, (child) => mapExpr(child, rule, memo)));
  memo.set(expr, result);
  return result;
}

/** Replaces axes by expressions. */
export function substituteAxes(
  expr: Expr,
  by: ReadonlyMap<Axis, Expr>,
  memo: Map<Expr, Expr> = new Map(),
): Expr {
  return mapExpr(expr, (e) => (e.kind === 'axis' ? (by.get(e.axis) ?? e) : e), memo);
}

/** Every distinct subexpression object, operands before their users. Does not recurse. */
export function subexpressions(...roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const order: Expr[] = [];
  /** The expressions on the way to the one that is looked at, and how many operands of each were. */
  const open: Expr[] = [];
  const looked: number[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    open.push(root);
    looked.push(0);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const operands = childrenOf(top);
      let k = looked[looked.length - 1] ?? 0;
      let next = operands[k++];
      while (next !== undefined && seen.has(next)) next = operands[k++];
      looked[looked.length - 1] = k;
      if (next !== undefined) {
        seen.add(next);
        open.push(next);
        looked.push(0);
        continue;
      }
      order.push(top);
      open.pop();
      looked.pop();
    }
  }
  return order;
}

/** Every distinct load in the expressions, loads inside indices included. */
export function loadsIn(...roots: readonly Expr[]): Load[] {
  return subexpressions(...roots).filter((expr): expr is Load => expr.kind === 'load');
}

/** The axes that an expression depends on. */
export function axesIn(...roots: readonly Expr[]): Set<Axis> {
  const axes = new Set<Axis>();
  for (const expr of subexpressions(...roots)) if (expr.kind === 'axis') axes.add(expr.axis);
  return axes;
}

/**
 * Numbers for expressions, equal for structurally equal ones: by equality of operator, attributes and the
 * operands' numbers, never by a hash alone. Linear in distinct objects, however much is shared.
 */
export class ValueNumbers {
  readonly #byObject = new Map<Expr, number>();
  /** Numbers of leaves by their text, of operations and types by their names, of axes and tensors by identity. */
  readonly #ofHeads = new Map<string | Axis | Tensor, number>();
  /** Numbers of sequences: of each that is one longer than another, by that one's number and the last element's. */
  readonly #ofPairs = new Map<number, number>();
  #count = 0;

  of(expr: Expr): number {
    let number = this.#byObject.get(expr);
    if (number === undefined) {
      number = this.#numberOf(expr);
      this.#byObject.set(expr, number);
    }
    return number;
  }

  same(a: Expr, b: Expr): boolean {
    return a === b || this.of(a) === this.of(b);
  }

  #numberOf(expr: Expr): number {
    switch (expr.kind) {
      case 'const':
        return this.#ofHead(`c ${expr.dtype} ${Object.is(expr.value, -0) ? '-0' : expr.value}`);
      case 'axis':
        return this.#ofHead(expr.axis);
      case 'live':
        return this.#ofHead(`l ${expr.size.name}`);
      case 'param':
        return this.#ofHead(`p ${expr.dtype} ${expr.param.name}`);
      case 'acc':
        return this.#ofHead(`r ${expr.dtype} ${expr.reduction} ${expr.part}`);
      case 'var':
        return this.#ofHead(`v ${expr.dtype} ${expr.name}`);
      case 'load':
        return this.#followed(this.#ofHead(expr.tensor), expr.at);
      case 'apply':
        return this.#followed(this.#pair(this.#ofHead(expr.op), this.#ofHead(expr.dtype)), expr.args);
      case 'parts':
        return this.#followed(this.#ofHead(`parts ${expr.dtype}`), expr.items);
      default:
        return expr satisfies never;
    }
  }

  #followed(head: number, operands: readonly Expr[]): number {
    let number = head;
    for (const operand of operands) number = this.#pair(number, this.of(operand));
    return number;
  }

  #pair(first: number, second: number): number {
    const key = first * MOST_NUMBERS + second;
    let number = this.#ofPairs.get(key);
    if (number === undefined) {
      number = this.#next();
      this.#ofPairs.set(key, number);
    }
    return number;
  }

  #ofHead(head: string | Axis | Tensor): number {
    let number = this.#ofHeads.get(head);
    if (number === undefined) {
      number = this.#next();
      this.#ofHeads.set(head, number);
    }
    return number;
  }

  #next(): number {
    if (this.#count >= MOST_NUMBERS) throw new RangeError(`more than ${MOST_NUMBERS} distinct expressions`);
    return this.#count++;
  }
}

/** Two numbers below this make one exact number. */
const MOST_NUMBERS = 2 ** 26;
