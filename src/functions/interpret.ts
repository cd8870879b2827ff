import { floatOf, type Operation, type ScalarFunction, type Value, type ValueType } from './language.ts';
import { inOrder } from './statements.ts';

/** Values of one type, one for each point. Truth values are 0 and 1. */
type Column = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/**
 * Values of a function at many points, an operation after the other over all of them: what it is on a target that rounds
 * every operation to float32 and keeps subnormal numbers. For tests.
 *
 * @param args for each parameter as many floats as there are points
 */
export function interpret(
  f: ScalarFunction,
  ...args: readonly Float32Array<ArrayBuffer>[]
): Float32Array<ArrayBuffer> {
  const count = args[0]?.length ?? 0;
  if (args.length !== f.arity || args.some(({ length }) => length !== count))
    throw new RangeError(`${f.name} takes ${f.arity} lists of floats of one length`);
  const columns = new Map<Value, Column>();
  const known = (value: Value): Column => {
    const column = columns.get(value);
    if (column === undefined) throw new RangeError(`${f.name}: a value before its operands`);
    return column;
  };
  for (const value of inOrder(f.result)) columns.set(value, columnOf(value, count, args, known));
  const result = known(f.result);
  if (!(result instanceof Float32Array)) throw new TypeError(`${f.name} is not a float`);
  return result;
}

function columnOf(
  value: Value,
  count: number,
  args: readonly Float32Array<ArrayBuffer>[],
  known: (value: Value) => Column,
): Column {
  switch (value.kind) {
    case 'parameter':
      return args[value.index] ?? new Float32Array(count);
    case 'constant':
      return columnOfType(value.type, count).fill(value.type === 'f32' ? floatOf(value.bits) : value.bits);
    case 'named':
      return known(value.of);
    case 'apply': {
      const operands = value.args.map(known);
      const [a, b, c] = operands;
      if (a === undefined) throw new RangeError(`${value.op} without operands`);
      if (value.op === 'bitcast') return bitcast(a, value.type);
      const to = columnOfType(value.type, count);
      const evaluate = rules[value.op];
      const type = value.args[0]?.type ?? 'f32';
      for (let k = 0; k < count; k++) to[k] = evaluate(a[k] ?? 0, b?.[k] ?? 0, c?.[k] ?? 0, type);
      return to;
    }
    default:
      return value satisfies never;
  }
}

/** Each operation on numbers of the first operand's type; what it gives is rounded or wrapped where it is stored. */
const rules = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b, _, type) => (type === 'f32' ? a * b : Math.imul(a, b)),
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  div: (a, b) => a / b,
  sqrt: (a) => Math.sqrt(a),
  floor: (a) => Math.floor(a),
  round: (a) => (Math.abs(a) < 2 ** 23 ? a + 1.5 * 2 ** 52 - 1.5 * 2 ** 52 : a),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a, _b, _c, type) => (type === 'bool' ? 1 - a : ~a),
  shl: (a, b) => a << b,
  shr: (a, b, _, type) => (type === 'i32' ? a >> b : a >>> b),
  mulHigh: (a, b, _, type) =>
    type === 'u32' ? upper(a, b) : upper(a >>> 0, b >>> 0) - (a < 0 ? b : 0) - (b < 0 ? a : 0),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  eq: (a, b) => Number(a === b),
  select: (c, a, b) => (c !== 0 ? a : b),
  bitcast: (a) => a,
  convert: (a) => Math.trunc(a),
} satisfies Record<Operation, (a: number, b: number, c: number, type: ValueType) => number>;

/** The upper half of a product of two u32, by halves. */
function upper(a: number, b: number): number {
  const [low, high] = [b & 0xffff, b >>> 16];
  return Math.floor((a * high + Math.floor((a * low) / 2 ** 16)) / 2 ** 16);
}

function columnOfType(type: ValueType, count: number): Column {
  return type === 'f32'
    ? new Float32Array(count)
    : type === 'i32'
      ? new Int32Array(count)
      : new Uint32Array(count);
}

function bitcast({ buffer, byteOffset, length }: Column, type: ValueType): Column {
  const view = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array }[type];
  return new view(buffer, byteOffset, length);
}
