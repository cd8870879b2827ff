import { apply, type Expr, int, ValueNumbers } from './expr.ts';

/** One term of an affine form: `coefficient * atom`; the atom is an i32 expression that is no sum itself. */
export interface Term {
  readonly atom: Expr;
  readonly coefficient: number;
}

/**
 * An i32 expression as a sum: `constant + Σ coefficient * atom`, with exact integers. Terms stand in the
 * order of first occurrence; no coefficient is 0 and no atom occurs twice.
 *
 * The form is congruent to the expression modulo 2³², and equal to it wherever the form's value fits an i32.
 */
export interface Affine {
  readonly terms: readonly Term[];
  readonly constant: number;
}

const LARGEST_COEFFICIENT = 2 ** 31 - 1;

/** Whether every number of the form is an i32, so that the form can be written as an expression. */
export function isWritable(form: Affine): boolean {
  return fits(form.constant) && form.terms.every((t) => fits(t.coefficient));
}

function fits(n: number): boolean {
  return Math.abs(n) <= LARGEST_COEFFICIENT;
}

/** Affine forms of expressions, memoised by object; atoms are the same if `numbers` says so. */
export class AffineForms {
  readonly numbers: ValueNumbers;
  readonly #memo = new Map<Expr, Affine>();

  constructor(numbers: ValueNumbers = new ValueNumbers()) {
    this.numbers = numbers;
  }

  /** The form of an i32 expression; an expression that is no sum or product with a constant is an atom. */
  of(expr: Expr): Affine {
    const known = this.#memo.get(expr);
    if (known !== undefined) return known;
    const atom: Affine = { terms: [{ atom: expr, coefficient: 1 }], constant: 0 };
    const form = this.#compute(expr) ?? atom;
    const result = isWritable(form) ? form : atom;
    this.#memo.set(expr, result);
    return result;
  }

  /** `a + factor * b`. */
  add(a: Affine, b: Affine, factor = 1): Affine {
    const constant = a.constant + factor * b.constant;
    if (b.terms.length === 0 || factor === 0) return { terms: a.terms, constant };
    // forms are short: a search through the terms is faster than a map
    const terms = [...a.terms];
    for (const { atom, coefficient } of b.terms) {
      const number = this.numbers.of(atom);
      const at = terms.findIndex((t) => this.numbers.of(t.atom) === number);
      const old = terms[at];
      if (old === undefined) terms.push({ atom, coefficient: factor * coefficient });
      else terms[at] = { atom: old.atom, coefficient: old.coefficient + factor * coefficient };
    }
    return { terms: terms.filter((t) => t.coefficient !== 0), constant };
  }

  /** The coefficient of an atom; 0 where it does not occur. */
  coefficient(form: Affine, atom: Expr): number {
    return form.terms.find((t) => this.numbers.same(t.atom, atom))?.coefficient ?? 0;
  }

  #compute(expr: Expr): Affine | undefined {
    if (expr.dtype !== 'i32') return undefined;
    if (expr.kind === 'const') return { terms: [], constant: expr.value };
    if (expr.kind !== 'apply') return undefined;
    const [x, y] = expr.args;
    if (x === undefined) return undefined;
    switch (expr.op) {
      case 'neg':
        return scaleAffine(this.of(x), -1);
      case 'add':
        return y && this.add(this.of(x), this.of(y));
      case 'sub':
        return y && this.add(this.of(x), this.of(y), -1);
      case 'mul': {
        if (y === undefined) return undefined;
        const [a, b] = [this.of(x), this.of(y)];
        if (b.terms.length === 0) return scaleAffine(a, b.constant);
        if (a.terms.length === 0) return scaleAffine(b, a.constant);
        return undefined;
      }
      default:
        return undefined;
    }
  }
}

/** The affine form of one i32 expression. */
export function affineOf(expr: Expr): Affine {
  return new AffineForms().of(expr);
}

/** `factor * form`. */
export function scaleAffine(form: Affine, factor: number): Affine {
  if (factor === 0) return { terms: [], constant: 0 };
  return {
    terms: form.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient * factor })),
    constant: form.constant * factor,
  };
}

/** The greatest common divisor of two integers; that of 0 and n is |n|. */
export function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/**
 * An expression of the form, with few operations: positive terms, then negative ones, then the constant; a
 * common factor is taken out where that saves products.
 */
export function affineExpr(form: Affine): Expr {
  const entries = form.terms.length + (form.constant === 0 ? 0 : 1);
  const common = form.terms.reduce((g, t) => gcd(g, t.coefficient), form.constant);
  if (entries > 1 && common > 1) {
    const divided = {
      terms: form.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / common })),
      constant: form.constant / common,
    };
    if (productsOf(divided) + 1 < productsOf(form)) return apply('mul', affineExpr(divided), int(common));
  }
  const positive = form.terms.filter((t) => t.coefficient > 0);
  const negative = form.terms.filter((t) => t.coefficient < 0);
  let constant = form.constant + 0;
  let sum: Expr | undefined;
  for (const t of positive) sum = sum === undefined ? productOf(t) : apply('add', sum, productOf(t));
  if (sum === undefined && constant > 0) {
    sum = int(constant);
    constant = 0;
  }
  for (const t of negative) {
    if (sum !== undefined) sum = apply('sub', sum, productOf(t));
    else sum = t.coefficient === -1 ? apply('neg', t.atom) : apply('mul', t.atom, int(t.coefficient));
  }
  if (sum === undefined) return int(constant);
  if (constant > 0) return apply('add', sum, int(constant));
  return constant < 0 ? apply('sub', sum, int(-constant)) : sum;
}

/** `|coefficient| * atom`. */
function productOf({ atom, coefficient }: Term): Expr {
  const c = Math.abs(coefficient);
  return c === 1 ? atom : apply('mul', atom, int(c));
}

function productsOf(form: Affine): number {
  return form.terms.filter((t) => Math.abs(t.coefficient) !== 1).length;
}
