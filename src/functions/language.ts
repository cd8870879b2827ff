/**
 * The language in which a scalar function is written once, for every target: straight-line programs over floats, integers
 * and truth values. Arithmetic of floats is float32's, rounded to nearest; that of integers wraps.
 *
 * What it leaves open, as WGSL does: subnormal floats may be zeros, comparisons and extrema of a NaN may give anything, and
 * sums and products of floats may be reassociated. Integers are exact everywhere: what must not be lost is computed in them,
 * and infinities and NaNs are known by their bits.
 */
export type ValueType = 'f32' | 'i32' | 'u32' | 'bool';

/** What a program applies to values. Every printer and the interpreter spell each (`satisfies Record<Operation, …>`). */
export type Operation =
  /** Of floats and integers. */
  | 'add'
  | 'sub'
  | 'mul'
  | 'neg'
  | 'abs'
  /** Of floats; `round` takes halves to the even side. */
  | 'div'
  | 'sqrt'
  | 'floor'
  | 'round'
  /** Bits of integers, and truth values. */
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  /** Shifts by an amount modulo 32; `shr` of an i32 keeps the sign. */
  | 'shl'
  | 'shr'
  /** The upper 32 bits of a product of 64. */
  | 'mulHigh'
  | 'lt'
  | 'le'
  | 'eq'
  /** `select(c, a, b)`: a where c holds, else b. */
  | 'select'
  /** The same bits as another type. */
  | 'bitcast'
  /** The same number: integers of at most 24 bits to floats, and floats in range to integers, towards zero. */
  | 'convert';

/** A value of a program. One that is used in two places is computed once. */
export type Value =
  | { readonly kind: 'parameter'; readonly type: ValueType; readonly index: number }
  /** Its bits, as a u32. */
  | { readonly kind: 'constant'; readonly type: ValueType; readonly bits: number }
  | { readonly kind: 'named'; readonly type: ValueType; readonly name: string; readonly of: Value }
  | {
      readonly kind: 'apply';
      readonly type: ValueType;
      readonly op: Operation;
      readonly args: readonly Value[];
    };

/** A function of one or two floats. */
export interface ScalarFunction<N extends 1 | 2 = 1 | 2> {
  readonly name: string;
  /** How many floats it takes. */
  readonly arity: N;
  /** How it computes, and its error, in a line or two: printed above it. */
  readonly doc: string;
  /** Its result, made when it is first asked for. */
  readonly result: Value;
}

/**
 * Defines a function of floats.
 *
 * ```ts
 * const cube = define('cube', 'x³; at most 1 ulp.', 1, ([x]) => x.mul(x).mul(x));
 * ```
 */
export function define<const N extends 1 | 2>(
  name: string,
  doc: string,
  arity: N,
  build: (parameters: N extends 1 ? readonly [F32] : readonly [F32, F32]) => F32,
): ScalarFunction<N> {
  let made: Value | undefined;
  const parameters: readonly F32[] = Array.from(
    { length: arity },
    (_, index) => new F32({ kind: 'parameter', type: 'f32', index }),
  );
  return {
    name,
    arity,
    doc,
    get result() {
      made ??= build(parameters as Parameters<typeof build>[0]).value;
      return made;
    },
  };
}

function apply(type: ValueType, op: Operation, ...args: readonly Value[]): Value {
  return { kind: 'apply', type, op, args };
}

/** A value of one type: the classes below have the operations of each. */
abstract class Typed {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }

  protected apply(op: Operation, ...others: readonly Value[]): Value {
    return apply(this.value.type, op, this.value, ...others);
  }

  protected test(op: Operation, other: Value): Bool {
    return new Bool(apply('bool', op, this.value, other));
  }
}

/** A float. Numbers beside it are float32 constants, bit for bit. */
export class F32 extends Typed {
  /** Gives the value a name in texts. */
  named(name: string): F32 {
    return new F32({ kind: 'named', type: 'f32', name, of: this.value });
  }
  add(other: F32 | number): F32 {
    return new F32(this.apply('add', operand(other)));
  }
  sub(other: F32 | number): F32 {
    return new F32(this.apply('sub', operand(other)));
  }
  mul(other: F32 | number): F32 {
    return new F32(this.apply('mul', operand(other)));
  }
  div(other: F32 | number): F32 {
    return new F32(this.apply('div', operand(other)));
  }
  neg(): F32 {
    return new F32(this.apply('neg'));
  }
  abs(): F32 {
    return new F32(this.apply('abs'));
  }
  sqrt(): F32 {
    return new F32(this.apply('sqrt'));
  }
  floor(): F32 {
    return new F32(this.apply('floor'));
  }
  /** To the nearest integer, halves to even. */
  round(): F32 {
    return new F32(this.apply('round'));
  }
  lt(other: F32 | number): Bool {
    return this.test('lt', operand(other));
  }
  le(other: F32 | number): Bool {
    return this.test('le', operand(other));
  }
  gt(other: F32 | number): Bool {
    return f32(other).lt(this);
  }
  ge(other: F32 | number): Bool {
    return f32(other).le(this);
  }
  eq(other: F32 | number): Bool {
    return this.test('eq', operand(other));
  }
  bits(): U32 {
    return new U32(apply('u32', 'bitcast', this.value));
  }
  /** Towards zero; within i32. */
  toI32(): I32 {
    return new I32(apply('i32', 'convert', this.value));
  }
}

/** Bits, or an integer from 0 on. */
export class U32 extends Typed {
  named(name: string): U32 {
    return new U32({ kind: 'named', type: 'u32', name, of: this.value });
  }
  add(other: U32 | number): U32 {
    return new U32(this.apply('add', u32(other).value));
  }
  sub(other: U32 | number): U32 {
    return new U32(this.apply('sub', u32(other).value));
  }
  mul(other: U32 | number): U32 {
    return new U32(this.apply('mul', u32(other).value));
  }
  /** The upper half of the product. */
  mulHigh(other: U32 | number): U32 {
    return new U32(this.apply('mulHigh', u32(other).value));
  }
  and(other: U32 | number): U32 {
    return new U32(this.apply('and', u32(other).value));
  }
  or(other: U32 | number): U32 {
    return new U32(this.apply('or', u32(other).value));
  }
  xor(other: U32 | number): U32 {
    return new U32(this.apply('xor', u32(other).value));
  }
  shl(amount: U32 | number): U32 {
    return new U32(this.apply('shl', u32(amount).value));
  }
  shr(amount: U32 | number): U32 {
    return new U32(this.apply('shr', u32(amount).value));
  }
  lt(other: U32 | number): Bool {
    return this.test('lt', u32(other).value);
  }
  le(other: U32 | number): Bool {
    return this.test('le', u32(other).value);
  }
  gt(other: U32 | number): Bool {
    return u32(other).lt(this);
  }
  ge(other: U32 | number): Bool {
    return u32(other).le(this);
  }
  eq(other: U32 | number): Bool {
    return this.test('eq', u32(other).value);
  }
  /** The float of these bits. */
  asF32(): F32 {
    return new F32(apply('f32', 'bitcast', this.value));
  }
  asI32(): I32 {
    return new I32(apply('i32', 'bitcast', this.value));
  }
  /** The float of this number; exact below 2²⁴, and only there the same everywhere. */
  toF32(): F32 {
    return new F32(apply('f32', 'convert', this.value));
  }
}

/** A signed integer. */
export class I32 extends Typed {
  named(name: string): I32 {
    return new I32({ kind: 'named', type: 'i32', name, of: this.value });
  }
  add(other: I32 | number): I32 {
    return new I32(this.apply('add', i32(other).value));
  }
  sub(other: I32 | number): I32 {
    return new I32(this.apply('sub', i32(other).value));
  }
  mul(other: I32 | number): I32 {
    return new I32(this.apply('mul', i32(other).value));
  }
  /** The upper half of the product, with its sign. */
  mulHigh(other: I32 | number): I32 {
    return new I32(this.apply('mulHigh', i32(other).value));
  }
  neg(): I32 {
    return new I32(this.apply('neg'));
  }
  abs(): I32 {
    return new I32(this.apply('abs'));
  }
  shl(amount: U32 | number): I32 {
    return new I32(this.apply('shl', u32(amount).value));
  }
  /** With its sign: a quotient that is rounded down. */
  shr(amount: U32 | number): I32 {
    return new I32(this.apply('shr', u32(amount).value));
  }
  lt(other: I32 | number): Bool {
    return this.test('lt', i32(other).value);
  }
  le(other: I32 | number): Bool {
    return this.test('le', i32(other).value);
  }
  gt(other: I32 | number): Bool {
    return i32(other).lt(this);
  }
  ge(other: I32 | number): Bool {
    return i32(other).le(this);
  }
  eq(other: I32 | number): Bool {
    return this.test('eq', i32(other).value);
  }
  asU32(): U32 {
    return new U32(apply('u32', 'bitcast', this.value));
  }
  /** The float of this number; exact below 2²⁴, and only there the same everywhere. */
  toF32(): F32 {
    return new F32(apply('f32', 'convert', this.value));
  }
}

/** A truth value. */
export class Bool extends Typed {
  named(name: string): Bool {
    return new Bool({ kind: 'named', type: 'bool', name, of: this.value });
  }
  and(other: Bool): Bool {
    return new Bool(this.apply('and', other.value));
  }
  or(other: Bool): Bool {
    return new Bool(this.apply('or', other.value));
  }
  not(): Bool {
    return new Bool(this.apply('not'));
  }
  /** `a` where it holds, else `b`; both are computed. */
  select(a: F32 | number, b: F32 | number): F32;
  select(a: U32, b: U32): U32;
  select(a: I32, b: I32): I32;
  select(a: Bool, b: Bool): Bool;
  select<T extends F32 | U32 | I32 | Bool>(a: T | number, b: T | number): F32 | U32 | I32 | Bool {
    const [x, y] = [typeof a === 'number' ? f32(a) : a, typeof b === 'number' ? f32(b) : b];
    const { type } = x.value;
    const chosen = apply(type, 'select', this.value, x.value, y.value);
    switch (type) {
      case 'f32':
        return new F32(chosen);
      case 'u32':
        return new U32(chosen);
      case 'i32':
        return new I32(chosen);
      case 'bool':
        return new Bool(chosen);
      default:
        return type satisfies never;
    }
  }
}

/** A float constant, as float32 has it. */
export function f32(x: F32 | number): F32 {
  return x instanceof F32 ? x : new F32(operand(x));
}

/** An unsigned constant. */
export function u32(x: U32 | number): U32 {
  return x instanceof U32 ? x : new U32({ kind: 'constant', type: 'u32', bits: x >>> 0 });
}

/** A signed constant. */
export function i32(x: I32 | number): I32 {
  return x instanceof I32 ? x : new I32({ kind: 'constant', type: 'i32', bits: x >>> 0 });
}

function operand(x: F32 | number): Value {
  return x instanceof F32 ? x.value : { kind: 'constant', type: 'f32', bits: bitsOf(x) };
}

/** The bits of a float32. */
export function bitsOf(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  return view.getUint32(0);
}

/** The float32 of some bits. */
export function floatOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}
