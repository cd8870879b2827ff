import type { Dtype } from './dtype.ts';
import { apply, cast, constant, type Expr, float, int } from './expr.ts';

/**
 * How a reduction combines: one row of a table. A monoid works on a tuple of *parts*; it is described by
 * expressions, so that every printer and interpreter runs the same text.
 */
export interface MonoidDef {
  /** Types of the parts, given the element's type. */
  readonly parts: (element: Dtype) => readonly Dtype[];
  /** The neutral tuple. */
  readonly identity: (element: Dtype) => readonly Expr[];
  /** The tuple of one element; `index` is its position in the reduction (i32, row-major over its axes). */
  readonly lift: (value: Expr, index: Expr) => readonly Expr[];
  /** Two tuples into one; associative. The left one comes from smaller indices. */
  readonly combine: (a: readonly Expr[], b: readonly Expr[]) => readonly Expr[];
  /** What a reduction is read for: expressions over the final parts. */
  readonly results: Readonly<Record<string, (parts: readonly Expr[]) => Expr>>;
  readonly doc: string;
}

export type Monoid = keyof typeof monoids;

const at = (parts: readonly Expr[], k: number): Expr => {
  const part = parts[k];
  if (part === undefined) throw new RangeError(`monoid: part ${k} of ${parts.length}`);
  return part;
};

/** Smallest and largest value of a type: what no element lies below or above. */
function lowest(dtype: Dtype): Expr {
  return constant(dtype === 'f32' ? -Infinity : dtype === 'i32' ? -2147483648 : 0, dtype);
}
function highest(dtype: Dtype): Expr {
  return constant(
    dtype === 'f32' ? Infinity : dtype === 'i32' ? 2147483647 : dtype === 'bool' ? 1 : 4294967295,
    dtype,
  );
}

/** Arg-extremum: the better value, the first index where equal; a NaN is better than any number. */
function argExtremum(
  better: (a: Expr, b: Expr) => Expr,
  worst: (dtype: Dtype) => Expr,
  doc: string,
): MonoidDef {
  return {
    parts: (dtype) => [dtype, 'i32'],
    identity: (dtype) => [worst(dtype), int(2147483647)],
    lift: (value, index) => [value, index],
    combine: (a, b) => {
      const [x, i, y, j] = [at(a, 0), at(a, 1), at(b, 0), at(b, 1)];
      const nan = (e: Expr): Expr => (e.dtype === 'f32' ? apply('isNan', e) : constant(0, 'bool'));
      const wins = apply('or', better(y, x), apply('and', nan(y), apply('not', nan(x))));
      const ties = apply('or', apply('eq', x, y), apply('and', nan(x), nan(y)));
      const take = apply('or', wins, apply('and', ties, apply('lt', j, i)));
      const keepNan = apply('and', nan(x), apply('not', nan(y)));
      const chosen = apply('and', take, apply('not', keepNan));
      return [apply('select', chosen, y, x), apply('select', chosen, j, i)];
    },
    results: { value: (p) => at(p, 0), index: (p) => at(p, 1) },
    doc,
  };
}

export const monoids = {
  sum: {
    parts: (dtype) => [dtype],
    identity: (dtype) => [constant(0, dtype)],
    lift: (value) => [value],
    combine: (a, b) => [apply('add', at(a, 0), at(b, 0))],
    results: { value: (p) => at(p, 0) },
    doc: 'sum; 0 of none',
  },
  product: {
    parts: (dtype) => [dtype],
    identity: (dtype) => [constant(1, dtype)],
    lift: (value) => [value],
    combine: (a, b) => [apply('mul', at(a, 0), at(b, 0))],
    results: { value: (p) => at(p, 0) },
    doc: 'product; 1 of none',
  },
  max: {
    parts: (dtype) => [dtype],
    identity: (dtype) => [lowest(dtype)],
    lift: (value) => [value],
    combine: (a, b) => [apply('max', at(a, 0), at(b, 0))],
    results: { value: (p) => at(p, 0) },
    doc: 'maximum; NaN if any is; -infinity (the least integer) of none',
  },
  min: {
    parts: (dtype) => [dtype],
    identity: (dtype) => [highest(dtype)],
    lift: (value) => [value],
    combine: (a, b) => [apply('min', at(a, 0), at(b, 0))],
    results: { value: (p) => at(p, 0) },
    doc: 'minimum; NaN if any is; infinity (the greatest integer) of none',
  },
  argmax: argExtremum(
    (a, b) => apply('lt', b, a),
    lowest,
    'value and index of the first maximum; a NaN counts as the maximum; index 2147483647 of none',
  ),
  argmin: argExtremum(
    (a, b) => apply('lt', a, b),
    highest,
    'value and index of the first minimum; a NaN counts as the minimum; index 2147483647 of none',
  ),
  logSumExp: {
    parts: () => ['f32', 'f32'],
    identity: () => [float(-Infinity), float(0)],
    lift: (value) => [value, float(1)],
    // Running maximum and sum (Milakov and Gimelshein 2018): what has the smaller maximum is scaled to the other's. Equal
    // maxima are taken apart from the subtraction, since two infinities of one sign have no difference.
    combine: (a, b) => {
      const [m, s, n, t] = [at(a, 0), at(a, 1), at(b, 0), at(b, 1)];
      const apart = apply('exp', apply('neg', apply('abs', apply('sub', m, n))));
      const scale = apply('select', apply('eq', m, n), float(1), apart);
      const sum = apply(
        'select',
        apply('lt', m, n),
        apply('add', apply('mul', s, scale), t),
        apply('add', s, apply('mul', t, scale)),
      );
      return [apply('max', m, n), sum];
    },
    results: { value: (p) => apply('add', at(p, 0), apply('log', at(p, 1))), max: (p) => at(p, 0) },
    doc: 'log of the sum of exponentials, by running maximum and sum; -infinity of none',
  },
  moments: {
    // Halves are summed up: no two of them differ by more than the largest float, so that only an infinity among the
    // elements makes a mean that is not finite.
    parts: () => ['f32', 'f32', 'f32', 'f32'],
    identity: () => [float(0), float(0), float(0), float(0)],
    lift: (value) => [float(1), apply('mul', value, float(0.5)), float(0), float(0)],
    // Count, an element, mean distance from it, and variance (Welford 1962; Chan, Golub and LeVeque 1983). Distances
    // from an element keep the digits that a mean loses beside a large offset; a variance, in the place of a sum of
    // squares, overflows no earlier than the result.
    combine: (a, b) => {
      const [n, origin, mean, variance] = [at(a, 0), at(a, 1), at(a, 2), at(a, 3)];
      const [k, origin2, mean2, variance2] = [at(b, 0), at(b, 1), at(b, 2), at(b, 3)];
      const count = apply('add', n, k);
      const one = apply('div', float(1), apply('select', apply('eq', count, float(0)), float(1), count));
      const [share, share2] = [apply('mul', n, one), apply('mul', k, one)];
      const from = apply('select', apply('eq', n, float(0)), origin2, origin);
      const delta = apply('sub', apply('add', apply('sub', origin2, from), mean2), mean);
      const within = apply('add', apply('mul', variance, share), apply('mul', variance2, share2));
      const between = apply('mul', apply('mul', delta, share), apply('mul', delta, share2));
      return [count, from, apply('add', mean, apply('mul', delta, share2)), apply('add', within, between)];
    },
    results: {
      mean: (p) => apply('mul', apply('add', at(p, 1), at(p, 2)), float(2)),
      variance: (p) => {
        const hasLimits = apply('lt', apply('abs', at(p, 2)), float(Infinity));
        const isSome = apply('lt', float(0), at(p, 0));
        const variance = apply('mul', at(p, 3), float(4));
        return apply('select', apply('and', isSome, hasLimits), variance, float(Number.NaN));
      },
      count: (p) => cast(at(p, 0), 'i32'),
    },
    doc: 'mean and biased variance, by Welford; NaN variance of none, and where an element is infinite',
  },
} satisfies Record<string, MonoidDef>;

/** The tuple that a reduction's body stands for: that of one element, or the parts that it holds. */
export function lifted(monoid: Monoid, body: Expr, index: Expr): readonly Expr[] {
  return body.kind === 'parts' ? body.items : monoidDef(monoid).lift(body, index);
}

/** The row of a monoid, at its general type. */
export function monoidDef(monoid: Monoid): MonoidDef {
  return monoids[monoid];
}
