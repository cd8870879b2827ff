import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import type { Operators } from './operator.ts';

type Binary = 'add' | 'sub' | 'mul' | 'minimum' | 'maximum';

/** Arithmetic of two operands, which broadcast. */
const arithmetic = (method: Binary, isCommutative: boolean): Operators[string] => ({
  since: 7,
  wraps: true,
  import: (ctx) => {
    if (isCommutative && ctx.value(0).kind === 'known') return ctx.tensor(1)[method](numberOr(ctx, 0, 1));
    return ctx.tensor(0)[method](numberOr(ctx, 1, 0));
  },
});

/** Operand `k` beside another one. */
export function numberOr(ctx: NodeContext, k: number, beside: number): Tensor | number {
  return ctx.operand(k, ctx.shape(beside).length);
}

/** Of any number of operands. */
const variadic = (
  method: Binary,
  finish = (sum: Tensor, _count: number): Tensor => sum,
): Operators[string] => ({
  since: 6,
  wraps: true,
  import: (ctx) => {
    const tensors = ctx.tensors();
    const [first] = tensors;
    if (first === undefined) return ctx.fail('takes at least one operand');
    const result = tensors.slice(1).reduce((a, b) => a[method](b), first);
    return finish(result, tensors.length);
  },
});

type Unary =
  | ('neg' | 'abs' | 'sign' | 'sqrt' | 'reciprocal' | 'exp' | 'log' | 'erf' | 'floor' | 'ceil' | 'round')
  | ('sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan')
  | ('sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh');

/** A function of one operand. */
const unary = (method: Unary, since = 1): Operators[string] => ({
  since,
  wraps: true,
  import: (ctx) => ctx.tensor(0)[method](),
});

/** The type of a tensor of integers. */
export function integerOf({ dtype }: Tensor): 'i32' | 'u32' {
  return dtype === 'u32' ? 'u32' : 'i32';
}

/** Integers rounded towards zero, as C's. */
function truncatedQuotient(a: Tensor, b: Tensor | number): Tensor {
  if (a.dtype === 'u32') return a.floorDiv(b);
  const other = typeof b === 'number' ? b : b.abs();
  const magnitude = a.abs().floorDiv(typeof other === 'number' ? Math.abs(other) : other);
  const sign = typeof b === 'number' ? a.sign().mul(Math.sign(b)) : a.sign().mul(b.sign());
  return magnitude.mul(sign);
}

/** Arithmetic and functions, element by element. */
export const elementwise = {
  Add: arithmetic('add', true),
  Sub: arithmetic('sub', false),
  Mul: arithmetic('mul', true),
  Div: {
    since: 7,
    wraps: true,
    import: (ctx) => {
      const [a, b] = [ctx.tensor(0), numberOr(ctx, 1, 0)];
      return a.dtype === 'f32' ? a.div(b) : truncatedQuotient(a, b);
    },
  },
  Mod: {
    since: 10,
    import: (ctx) => {
      const [a, b] = [ctx.tensor(0), numberOr(ctx, 1, 0)];
      if (!ctx.flag('fmod')) return a.mod(b);
      return a.dtype === 'f32' ? a.fmod(b) : a.sub(truncatedQuotient(a, b).mul(b));
    },
  },
  Pow: {
    since: 7,
    wraps: true,
    import: (ctx) => {
      const [x, y] = [ctx.tensor(0), numberOr(ctx, 1, 0)];
      if (typeof y === 'number') {
        if (x.dtype === 'f32' || (Number.isInteger(y) && y >= 0)) return x.pow(y);
        return x.cast('f32').pow(y).cast(integerOf(x));
      }
      const exponent = y.dtype === 'f32' ? y : y.cast('f32');
      if (x.dtype === 'f32') return x.pow(exponent);
      // Rounded: powers of floats are exact only where they are small.
      const power = x.cast('f32').pow(exponent);
      return (y.dtype === 'f32' ? power : power.round()).cast(integerOf(x));
    },
  },
  Max: variadic('maximum'),
  Min: variadic('minimum'),
  Sum: variadic('add'),
  Mean: variadic('add', (sum, count) => sum.div(count)),
  Neg: unary('neg'),
  Abs: unary('abs'),
  Sign: unary('sign', 9),
  Sqrt: unary('sqrt'),
  Reciprocal: unary('reciprocal'),
  Exp: unary('exp'),
  Log: unary('log'),
  Erf: unary('erf', 9),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round', 11),
  Sin: unary('sin', 7),
  Cos: unary('cos', 7),
  Tan: unary('tan', 7),
  Asin: unary('asin', 7),
  Acos: unary('acos', 7),
  Atan: unary('atan', 7),
  Sinh: unary('sinh', 9),
  Cosh: unary('cosh', 9),
  Tanh: unary('tanh'),
  Asinh: unary('asinh', 9),
  Acosh: unary('acosh', 9),
  Atanh: unary('atanh', 9),
  Clip: {
    since: 6,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const bound = (name: string, k: number): Tensor | number | undefined => {
        if (ctx.opset < 11) return ctx.attribute(name, 'float')?.value;
        return ctx.has(k) ? numberOr(ctx, k, 0) : undefined;
      };
      const [low, high] = [bound('min', 1), bound('max', 2)];
      if (typeof low === 'number' && typeof high === 'number' && low <= high) return x.clamp(low, high);
      const above = low === undefined ? x : x.maximum(low);
      return high === undefined ? above : above.minimum(high);
    },
  },
  BitShift: {
    since: 11,
    wraps: true,
    import: (ctx) => {
      const [x, places] = [ctx.tensor(0), numberOr(ctx, 1, 0)];
      return ctx.text('direction') === 'LEFT' ? x.shiftLeft(places) : x.shiftRight(places);
    },
  },
  BitwiseAnd: { since: 18, import: (ctx) => ctx.tensor(0).bitAnd(numberOr(ctx, 1, 0)) },
  BitwiseOr: { since: 18, import: (ctx) => ctx.tensor(0).bitOr(numberOr(ctx, 1, 0)) },
  BitwiseXor: { since: 18, import: (ctx) => ctx.tensor(0).bitXor(numberOr(ctx, 1, 0)) },
  BitwiseNot: { since: 18, wraps: true, import: (ctx) => ctx.tensor(0).bitNot() },
} satisfies Operators;
