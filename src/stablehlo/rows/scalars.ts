import { type ScalarFunctionName, scalarFunctions } from '../../functions/index.ts';
import type { ElementwiseOp } from '../../graph/ops/elementwise.ts';
import { wholeNumbers } from '../../loops/index.ts';
import { bitcast, compare, convert, type Direction, higher, pointwise, select } from '../lines.ts';
import { splat } from '../literals.ts';
import { writeThreefry } from '../threefry.ts';
import { elementOf, type Line, type Value } from '../types.ts';
import { type HloRow, operandOf, type RowContext } from './row.ts';

/** An operation of StableHLO of the same values. */
function same(op: string): HloRow {
  return (context) => {
    const [first, ...others] = context.operands;
    return pointwise(op, first ?? operandOf(context, 0), ...others);
  };
}

/** One of CHLO, its dialect of functions. */
function chlo(op: string): HloRow {
  return (context) => higher(op, operandOf(context, 0));
}

/** A function of our own: StableHLO has none, or one with fewer digits. */
function own(name: ScalarFunctionName): HloRow {
  return (context) => {
    const [first, ...others] = context.operands;
    return context.functions.callScalar(scalarFunctions[name], [first ?? operandOf(context, 0), ...others]);
  };
}

function comparison(direction: Direction): HloRow {
  return (context) => compare(direction, operandOf(context, 0), operandOf(context, 1));
}

/** Of unsigned words, which have no sign, another row. */
function unsigned(row: HloRow, ofWords: HloRow): HloRow {
  return (context) => (operandOf(context, 0).type.element === 'ui32' ? ofWords : row)(context);
}

const itself: HloRow = (context) => operandOf(context, 0);

/** A number of the operands' shape. */
function number(context: RowContext, value: number, like = operandOf(context, 0)): Value {
  return context.scope.keep(splat(value, like.type));
}

/** Bits moved by 0 to 31 places; where the amount is another one, what `beyond` says of the operand. */
function shifted(op: (x: Value) => string, beyond: (context: RowContext) => Value): HloRow {
  return (context) => {
    const { scope } = context;
    const [x, amount] = [operandOf(context, 0), operandOf(context, 1)];
    // A negative amount is a large one.
    const word = amount.type.element === 'ui32' ? amount : scope.let(bitcast(amount, 'ui32'));
    const isInside = scope.let(compare('LT', word, number(context, 32, word)));
    return select(isInside, scope.let(pointwise(op(x), x, amount)), beyond(context));
  };
}

/** A quotient of integers that is rounded down, or the remainder that goes with it; both are 0 by 0. */
function floored(part: 'quotient' | 'rest'): HloRow {
  return (context) => {
    const { scope } = context;
    const [x, y] = [operandOf(context, 0), operandOf(context, 1)];
    const apply = (op: string, a: Value, b: Value): Value => scope.let(pointwise(op, a, b));
    const zero = number(context, 0);
    const isZero = scope.let(compare('EQ', y, zero));
    const divisor = scope.let(select(isZero, number(context, 1), y));
    const rest = part === 'rest' || x.type.element === 'i32' ? apply('remainder', x, divisor) : zero;
    let value = part === 'rest' ? rest : apply('divide', x, divisor);
    if (x.type.element === 'i32') {
      // StableHLO rounds towards zero: the rest has the sign of the dividend.
      const isNegative = (word: Value): Value => scope.let(compare('LT', word, zero));
      const differ = scope.let(compare('NE', isNegative(rest), isNegative(divisor)));
      const isRounded = apply('and', scope.let(compare('NE', rest, zero)), differ);
      const corrected =
        part === 'rest' ? apply('add', rest, divisor) : apply('subtract', value, number(context, 1));
      value = scope.let(select(isRounded, corrected, value));
    }
    return select(isZero, zero, value);
  };
}

/** The scalar operations of the graph. */
const elementwiseRows = {
  add: same('add'),
  sub: same('subtract'),
  mul: same('multiply'),
  div: same('divide'),
  idiv: floored('quotient'),
  mod: floored('rest'),
  bitAnd: same('and'),
  bitOr: same('or'),
  bitXor: same('xor'),
  bitNot: same('not'),
  shiftLeft: shifted(
    () => 'shift_left',
    (context) => number(context, 0),
  ),
  shiftRight: shifted(
    ({ type }) => (type.element === 'i32' ? 'shift_right_arithmetic' : 'shift_right_logical'),
    (context) => {
      const x = operandOf(context, 0);
      if (x.type.element !== 'i32') return number(context, 0);
      return context.scope.let(pointwise('shift_right_arithmetic', x, number(context, 31)));
    },
  ),
  threefry: ({ functions, operands }) => {
    const [key0, ...others] = operands;
    if (key0 === undefined) throw new RangeError('threefry takes four words');
    const doc =
      'The first word of Threefry-2x32 with 20 rounds (Salmon et al. 2011): key in x and y, counter in z and w.';
    return functions.call('threefry', doc, [key0, ...others], writeThreefry);
  },
  min: same('minimum'),
  max: same('maximum'),
  neg: same('negate'),
  abs: unsigned(same('abs'), itself),
  sign: unsigned(same('sign'), (context) => pointwise('minimum', operandOf(context, 0), number(context, 1))),
  floor: same('floor'),
  ceil: same('ceil'),
  trunc: (context) => {
    const { scope } = context;
    const x = operandOf(context, 0);
    const isNegative = scope.let(compare('LT', x, number(context, 0)));
    return select(isNegative, scope.let(pointwise('ceil', x)), scope.let(pointwise('floor', x)));
  },
  round: same('round_nearest_even'),
  exp: same('exponential'),
  log: same('log'),
  log1p: same('log_plus_one'),
  expm1: same('exponential_minus_one'),
  sqrt: same('sqrt'),
  tanh: same('tanh'),
  sigmoid: same('logistic'),
  erf: chlo('erf'),
  sin: same('sine'),
  cos: same('cosine'),
  tan: same('tan'),
  asin: chlo('asin'),
  acos: chlo('acos'),
  atan: chlo('atan'),
  atan2: same('atan2'),
  sinh: chlo('sinh'),
  cosh: chlo('cosh'),
  asinh: chlo('asinh'),
  acosh: chlo('acosh'),
  atanh: chlo('atanh'),
  exp2: own('exp2'),
  log2: own('log2'),
  log10: own('log10'),
  pow: same('power'),
  cbrt: same('cbrt'),
  erfinv: chlo('erf_inv'),
  lgamma: own('lgamma'),
  digamma: own('digamma'),
  trigamma: own('trigamma'),
  tetragamma: own('tetragamma'),
  fmod: same('remainder'),
  relu: unsigned((context) => pointwise('maximum', operandOf(context, 0), number(context, 0)), itself),
  lt: comparison('LT'),
  le: comparison('LE'),
  eq: comparison('EQ'),
  ne: comparison('NE'),
  and: same('and'),
  or: same('or'),
  not: same('not'),
  isNan: (context) => compare('NE', operandOf(context, 0), operandOf(context, 0)),
} satisfies Record<ElementwiseOp, HloRow>;

/** Element by element: the scalar table's rows, `cast` and `where`. */
export const scalarRows = {
  ...elementwiseRows,
  cast: (context) => casted(context),
  where: (context) => select(operandOf(context, 0), operandOf(context, 1), operandOf(context, 2)),
} satisfies Record<string, HloRow>;

/** To an integer towards zero and saturating, NaN to 0; to a truth value by `x ≠ 0`. */
function casted(context: RowContext): Line | Value {
  const { node, scope } = context;
  const x = operandOf(context, 0);
  const [from, to] = [x.type.element, elementOf[node.dtype]];
  if (from === to) return x;
  if (to === 'i1') return compare('NE', x, number(context, 0));
  if (to === 'f32' || from === 'i1' || from === 'ui8') return convert(x, to);
  if (from === 'i32') return convert(scope.let(pointwise('maximum', x, number(context, 0))), to);
  const [low, high] = to === 'i32' ? wholeNumbers.i32 : wholeNumbers.u32;
  if (from === 'ui32') return convert(scope.let(pointwise('minimum', x, number(context, high))), to);
  // The largest float below the end of the type; what lies beyond is chosen by itself.
  const end = high + 1;
  const inside = scope.let(
    pointwise('clamp', number(context, low), x, number(context, Math.fround(end * (1 - 2 ** -24)))),
  );
  const whole = scope.let(convert(inside, to));
  const most = scope.keep(splat(high, whole.type));
  const isBeyond = scope.let(compare('GE', x, number(context, end)));
  const saturated = scope.let(select(isBeyond, most, whole));
  const isNan = scope.let(compare('NE', x, x));
  return select(isNan, scope.keep(splat(0, whole.type)), saturated);
}
