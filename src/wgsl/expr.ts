import { type ScalarFunctionName, scalarFunctionNames } from '../functions/index.ts';
import type { Roundings } from '../kernels/roundings.ts';
import type { Apply, Dtype, Expr, Load, ScalarOp } from '../loops/index.ts';
import { floatLiteral } from './floatLiteral.ts';
import { wgslNameOf } from './functionText.ts';
import type { WgslConstant, WgslFunctionName } from './math.ts';

/**
 * Text and how tightly it binds: 6 primary, 5 unary, 4 product, 3 sum, 2 comparison, 1 logical. WGSL has no
 * precedence between `&` and `|`, nor chains of comparisons: what is not tighter than its operator is put in
 * parentheses.
 */
export interface Printed {
  readonly text: string;
  readonly level: 1 | 2 | 3 | 4 | 5 | 6;
}

/** What an expression's text depends on beside the expression. */
export interface ExprContext {
  readonly variable: (name: string) => string;
  /** The step field of a live extent (as i32) or of a run-time scalar. */
  readonly step: (expr: Extract<Expr, { kind: 'live' | 'param' }>) => string;
  /** A load's element. @param print a text for its index, as the place of its tensor makes it */
  readonly element: (load: Load, print: (index: Expr) => string) => Printed;
  /** Whether an integer expression is known to be at least 0. */
  readonly nonNegative: (expr: Expr) => boolean;
  /** Whether it is known to be at least 1. */
  readonly positive: (expr: Expr) => boolean;
  /** Whether an integer expression is known to have values of at most 24 bits, which floats hold. */
  readonly fitsFloat: (expr: Expr) => boolean;
  /** The name of a zero that no optimiser knows. */
  readonly zero: () => string;
  /** The name of 32 zero bits that no optimiser knows. */
  readonly noBits: () => string;
  /** What a driver's compiler sees in floats. */
  readonly roundings: Roundings;
  readonly useFunction: (name: WgslFunctionName) => void;
  readonly useConstant: (name: WgslConstant) => void;
}

/** One expression as WGSL. */
export function printWgslExpr(expr: Expr, ctx: ExprContext): Printed {
  switch (expr.kind) {
    case 'const':
      return printConst(expr.value, expr.dtype, ctx);
    case 'var':
      return primary(ctx.variable(expr.name));
    case 'live':
    case 'param':
      return primary(ctx.step(expr));
    case 'load':
      return ctx.element(expr, (index) => printWgslExpr(index, ctx).text);
    case 'apply':
      return spellings[expr.op](
        expr.args.map((arg) => printWgslExpr(arg, ctx)),
        expr,
        ctx,
      );
    case 'axis':
    case 'acc':
    case 'parts':
      throw new TypeError(`${expr.kind} in a kernel: the schedule must have replaced it by a variable`);
    default:
      return expr satisfies never;
  }
}

/** A constant, bit for bit: floats as the shortest decimal that float32 reads back. */
function printConst(value: number, dtype: Dtype, ctx: ExprContext): Printed {
  switch (dtype) {
    case 'bool':
      return primary(value !== 0 ? 'true' : 'false');
    case 'i32':
      return primary(String(value | 0));
    case 'u32':
    case 'u8':
      return primary(`${value >>> 0}u`);
    case 'f32': {
      const float = Math.fround(value);
      if (Number.isNaN(float)) {
        ctx.useConstant('nan');
        return primary('bitcast<f32>(nan_bits)');
      }
      if (!Number.isFinite(float)) {
        ctx.useConstant('infinity');
        return float > 0
          ? primary('bitcast<f32>(infinity_bits)')
          : { text: '-bitcast<f32>(infinity_bits)', level: 5 };
      }
      return primary(floatLiteral(float));
    }
    default:
      return dtype satisfies never;
  }
}

type Spelling = (args: readonly Printed[], expr: Apply, ctx: ExprContext) => Printed;

const primary = (text: string): Printed => ({ text, level: 6 });

/** Operand `k`, in parentheses unless it binds at least as tightly as `level`. */
function operand(args: readonly Printed[], k: number, level: number): string {
  const arg = args[k];
  if (arg === undefined) throw new RangeError(`operand ${k} of ${args.length}`);
  return arg.level >= level ? arg.text : `(${arg.text})`;
}

function infix(symbol: string, level: Printed['level'], leftLevel: number = level): Spelling {
  return (args) => ({
    text: `${operand(args, 0, leftLevel)} ${symbol} ${operand(args, 1, level + 1)}`,
    level,
  });
}

/**
 * Without a jump: with `&&` every operand becomes a branch, and of a kernel with dozens of guards a driver's compiler
 * makes one in most of a minute (SwiftShader, a padded convolution: 47 s, this way 0.5 s). Operands have no effects,
 * so all may be computed. A chain of one operator needs no parentheses; WGSL refuses a mixed one, and comparisons.
 */
function logical(symbol: '&' | '|' | '^'): Spelling {
  return (args, expr) => {
    const [left] = expr.args;
    const isChain = left?.kind === 'apply' && left.op === expr.op;
    return { text: `${operand(args, 0, isChain ? 1 : 5)} ${symbol} ${operand(args, 1, 5)}`, level: 1 };
  };
}

const call =
  (name: string): Spelling =>
  (args) =>
    primary(`${name}(${args.map((arg) => arg.text).join(', ')})`);

/** A call of a function of our own. */
const own =
  (name: WgslFunctionName): Spelling =>
  (args, expr, ctx) => {
    ctx.useFunction(name);
    return call(name)(args, expr, ctx);
  };

/** One spelling for floats, another for integers. */
const byType =
  (float: Spelling, integer: Spelling): Spelling =>
  (args, expr, ctx) =>
    (expr.args[0]?.dtype === 'f32' ? float : integer)(args, expr, ctx);

/**
 * Float arithmetic that drivers leave as it is. An operand that they might merge with the other one goes through bits
 * that they do not know.
 */
const arithmetic =
  (symbol: '+' | '-' | '*' | '/', level: 3 | 4): Spelling =>
  (args, expr, ctx) => {
    if (expr.dtype !== 'f32') return infix(symbol, level)(args, expr, ctx);
    const hidden = ctx.roundings.hiddenOperand(expr);
    const operands = args.map((arg, k) => {
      const shown = level === 4 ? withoutZero(arg, expr.args[k], ctx) : arg;
      return k === hidden && shown === arg ? rounded(arg, ctx) : shown;
    });
    return infix(symbol, level)(operands, expr, ctx);
  };

/**
 * A factor or divisor that is a constant zero: drivers take the result for zero, which it is not where the other operand
 * is infinite or NaN. The zero is computed where they cannot see it.
 */
function withoutZero(arg: Printed, operand: Expr | undefined, ctx: ExprContext): Printed {
  if (operand?.dtype !== 'f32') return arg;
  if (operand.kind === 'const' && operand.value === 0)
    return Object.is(operand.value, -0) ? { text: `-${ctx.zero()}`, level: 5 } : primary(ctx.zero());
  const seen = ctx.roundings.seen(operand);
  return seen.kind === 'const' && seen.value === 0 ? rounded(arg, ctx) : arg;
}

/** A float behind its own bits, combined with none that a driver knows of. */
function rounded(arg: Printed, ctx: ExprContext): Printed {
  ctx.useFunction('rounded');
  return primary(`rounded(${arg.text}, ${ctx.noBits()})`);
}

/** WGSL's own operator truncates: right where the dividend is known not to be negative, and the divisor positive. */
const floored =
  (symbol: '/' | '%', op: 'div' | 'mod'): Spelling =>
  (args, expr, ctx) => {
    const [x, y] = expr.args;
    const isPositive = y !== undefined && ctx.positive(y);
    if (!isPositive) return own(expr.dtype === 'u32' ? `${op}_u32` : `${op}_i32`)(args, expr, ctx);
    const isPlain = expr.dtype === 'u32' || (x !== undefined && ctx.nonNegative(x));
    return isPlain ? infix(symbol, 4)(args, expr, ctx) : own(`floor_${op}`)(args, expr, ctx);
  };

/** Operators on the bits of integers are as loose as logical ones, and WGSL refuses mixed ones too. */
const shift =
  (symbol: '<<' | '>>', name: 'shift_left' | 'shift_right'): Spelling =>
  (args, expr, ctx) => {
    const [, n] = expr.args;
    const x = operand(args, 0, 5);
    if (n?.kind === 'const' && n.value >= 0 && n.value < 32)
      return { text: `${x} ${symbol} ${n.value}u`, level: 1 };
    if (expr.dtype === 'u32') return own(name)(args, expr, ctx);
    const places = n?.kind === 'const' ? '32u' : `u32(${args[1]?.text})`;
    // Signs are all that is left beyond 31 places, as behind 31.
    if (name === 'shift_right') return { text: `${x} >> min(${places}, 31u)`, level: 1 };
    ctx.useFunction(name);
    return primary(`i32(${name}(u32(${args[0]?.text}), ${places}))`);
  };

// `!(a == b)`: WGSL's `!=` may be false for a NaN.
const different: Spelling = (args, expr, ctx) =>
  expr.args[0]?.dtype === 'f32'
    ? { text: `!(${infix('==', 2, 3)(args, expr, ctx).text})`, level: 5 }
    : infix('!=', 2, 3)(args, expr, ctx);

const negate: Spelling = (args, expr) =>
  expr.dtype === 'u32'
    ? { text: `0u - ${operand(args, 0, 4)}`, level: 3 }
    : // A sign before a sign would read as a decrement.
      { text: args[0]?.text.startsWith('-') ? `-(${args[0].text})` : `-${operand(args, 0, 5)}`, level: 5 };

/** `select(y, x, c)`: WGSL's order. */
const choose: Spelling = ([c, x, y], expr, ctx) => call('select')([y, x, c] as Printed[], expr, ctx);

const rectify: Spelling = (args, expr) => {
  const x = args[0]?.text ?? '';
  if (expr.dtype === 'u32') return primary(x);
  // A comparison with NaN is false: the NaN stays.
  return expr.dtype === 'f32'
    ? primary(`select(${x}, 0.0, ${operand(args, 0, 3)} < 0.0)`)
    : primary(`max(${x}, 0)`);
};

const convert: Spelling = (args, expr, ctx) => {
  const from = expr.args[0]?.dtype;
  const x = args[0]?.text ?? '';
  switch (expr.dtype) {
    case 'f32': {
      const [integer] = expr.args;
      if (from === 'bool' || (integer && ctx.fitsFloat(integer))) return primary(`f32(${x})`);
      return own(from === 'i32' ? 'float_i32' : 'float_u32')(args, expr, ctx);
    }
    case 'bool':
      if (from === 'f32') return { text: `!(${operand(args, 0, 3)} == 0.0)`, level: 5 };
      return { text: `${operand(args, 0, 3)} != ${from === 'u32' ? '0u' : '0'}`, level: 2 };
    case 'i32':
      if (from === 'f32') return own('to_i32')(args, expr, ctx);
      return primary(from === 'u32' ? `i32(min(${x}, 2147483647u))` : `i32(${x})`);
    case 'u32':
    case 'u8':
      if (from === 'f32') return own('to_u32')(args, expr, ctx);
      return primary(
        from === 'i32' && !(expr.args[0] && ctx.nonNegative(expr.args[0]))
          ? `u32(max(${x}, 0))`
          : `u32(${x})`,
      );
    default:
      return expr.dtype satisfies never;
  }
};

const sign: Spelling = (args, expr, ctx) => {
  if (expr.dtype === 'u32') return primary(`min(${args[0]?.text}, 1u)`);
  return byType(own('sign_nan'), call('sign'))(args, expr, ctx);
};

/** Those that are defined once for every target. */
const functionSpellings = Object.fromEntries(
  scalarFunctionNames.map((name) => [name, own(wgslNameOf(name))]),
) as Record<ScalarFunctionName, Spelling>;

/** How WGSL spells each operation. */
const spellings = {
  add: arithmetic('+', 3),
  sub: arithmetic('-', 3),
  mul: arithmetic('*', 4),
  div: arithmetic('/', 4),
  idiv: floored('/', 'div'),
  mod: floored('%', 'mod'),
  bitAnd: logical('&'),
  bitOr: logical('|'),
  bitXor: logical('^'),
  bitNot: (args) => ({ text: `~${operand(args, 0, 5)}`, level: 5 }),
  shiftLeft: shift('<<', 'shift_left'),
  shiftRight: shift('>>', 'shift_right'),
  threefry: own('threefry'),
  min: byType(own('min_nan'), call('min')),
  max: byType(own('max_nan'), call('max')),
  neg: negate,
  abs: call('abs'),
  sign,
  floor: call('floor'),
  ceil: call('ceil'),
  trunc: call('trunc'),
  round: call('round'),
  exp: own('exp_f32'),
  log: own('log_f32'),
  log1p: own('log1p_f32'),
  expm1: own('expm1_f32'),
  sqrt: own('sqrt_nan'),
  tanh: own('tanh_f32'),
  sigmoid: own('sigmoid_f32'),
  erf: own('erf_f32'),
  ...functionSpellings,
  relu: rectify,
  lt: infix('<', 2, 3),
  le: infix('<=', 2, 3),
  eq: infix('==', 2, 3),
  ne: different,
  and: logical('&'),
  or: logical('|'),
  not: (args) => ({ text: `!${operand(args, 0, 5)}`, level: 5 }),
  isNan: own('is_nan'),
  select: choose,
  listed: (args) => args[0] ?? primary('true'),
  cast: convert,
} satisfies Record<ScalarOp, Spelling>;
