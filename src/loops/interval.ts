import { type Affine, AffineForms, gcd } from './affine.ts';
import { type Apply, apply, type Expr, ValueNumbers } from './expr.ts';
import {
  binaryRange,
  castRange,
  fullRange,
  I32,
  intersection,
  type Range,
  scaled,
  scaledInverse,
  unaryRange,
  union,
  within,
} from './range.ts';

export type { Range } from './range.ts';

/** What is known of a leaf (axis, live extent, parameter, variable, load); undefined where nothing is. */
export type RangeOfLeaf = (leaf: Expr) => Range | undefined;

/** The values that an expression takes, at most: an interval that holds them all. */
export function rangeOf(expr: Expr, env: RangeOfLeaf = () => undefined): Range {
  return new Ranges(env).of(expr);
}

const MOST_NESTED_FACTS = 8;

/** `low <= Σ coefficient * atom <= high`: what a condition tells; the coefficients have no common factor. */
interface Fact extends Range {
  readonly form: Affine;
}

/**
 * Ranges of expressions in one scope. An axis ranges over `[0, extent - 1]` and a live extent over
 * `[0, max]` unless the environment says otherwise. `under` gives the scope in which a condition holds;
 * facts are about sums of atoms, so `i + k - 1 >= 0` also bounds `4 * i + 4 * k`.
 */
export class Ranges {
  readonly numbers: ValueNumbers;
  readonly forms: AffineForms;
  readonly #env: RangeOfLeaf;
  readonly #facts: readonly Fact[];
  readonly #depth: number;
  readonly #memo = new Map<Expr, Range>();
  readonly #scopes = new Map<string, Ranges>();

  /** @param depth how many conditions of nested choices hold */
  constructor(env: RangeOfLeaf = () => undefined, parent?: Ranges, facts: readonly Fact[] = [], depth = 0) {
    this.#env = env;
    this.numbers = parent?.numbers ?? new ValueNumbers();
    this.forms = parent?.forms ?? new AffineForms(this.numbers);
    this.#facts = facts;
    this.#depth = depth;
  }

  /** The interval of `expr` in this scope, as the machine computes it (a sum that may wrap is unknown). */
  of(expr: Expr): Range {
    const known = this.#memo.get(expr);
    if (known !== undefined) return known;
    const computed = this.#compute(expr);
    const result = expr.dtype === 'i32' && expr.kind !== 'const' ? this.#refined(expr, computed) : computed;
    this.#memo.set(expr, result);
    return result;
  }

  /** The interval of a form over exact integers; it may exceed an i32. */
  ofForm(form: Affine): Range {
    let range = this.#withFacts(form, 0);
    for (const { atom, coefficient } of form.terms) {
      const whole = this.#withoutRemainder(form, atom, coefficient);
      if (whole !== undefined) range = intersection(range, this.#withFacts(whole, 0));
    }
    return range;
  }

  /**
   * The form with `x - k * (x // k)` for a remainder `x % k`, where that leaves fewer of all terms of `x`: of
   * `x - x % k` the multiple of k that it is. Undefined where it does not, or the atom is not a remainder.
   */
  #withoutRemainder(form: Affine, atom: Expr, coefficient: number): Affine | undefined {
    if (atom.kind !== 'apply' || atom.op !== 'mod' || form.terms.length < 2) return undefined;
    const [x, k] = atom.args;
    if (x === undefined || k?.kind !== 'const' || k.value <= 0) return undefined;
    const whole = this.forms.of(x);
    const isLess = whole.terms.every((t) => {
      const share = -coefficient * t.coefficient;
      return this.forms.coefficient(form, t.atom) / share >= 1;
    });
    if (!isLess || whole.terms.length === 0 || !this.isExact(x)) return undefined;
    const remainder = { terms: [{ atom, coefficient: 1 }], constant: 0 };
    const quotient = { terms: [{ atom: apply('idiv', x, k), coefficient: 1 }], constant: 0 };
    const rest = this.forms.add(this.forms.add(form, remainder, -coefficient), whole, coefficient);
    return this.forms.add(rest, quotient, -coefficient * k.value);
  }

  /** Whether an i32 expression equals its affine form: the form's values all fit an i32. */
  isExact(expr: Expr): boolean {
    return within(this.ofForm(this.forms.of(expr)), I32);
  }

  /** The difference `a - b` of two i32 expressions as an exact form; undefined where one of them may wrap. */
  difference(a: Expr, b: Expr): Affine | undefined {
    if (!this.isExact(a) || !this.isExact(b)) return undefined;
    return this.forms.add(this.forms.of(a), this.forms.of(b), -1);
  }

  /** The form of an i32 expression; the expression as it is where its form may not fit an i32. */
  #exactForm(expr: Expr): Affine {
    return this.isExact(expr)
      ? this.forms.of(expr)
      : { terms: [{ atom: expr, coefficient: 1 }], constant: 0 };
  }

  /** The value of a condition, where the ranges decide it. */
  truth(condition: Expr): boolean | undefined {
    const { low, high } = this.of(condition);
    return low === high ? low !== 0 : undefined;
  }

  /**
   * The scope in which `condition` is `truth`: this one itself where the condition tells nothing new about
   * integers, or where scopes are nested too deep to go on.
   */
  under(condition: Expr, truth: boolean): Ranges {
    return this.#depth >= MOST_NESTED_FACTS ? this : this.#where(condition, truth, this.#depth + 1);
  }

  /**
   * The same for the statements of a block, however deep: there are only so many blocks, where nested choices of one
   * expression are twice as many scopes at each level.
   */
  inBlock(condition: Expr, truth: boolean): Ranges {
    return this.#where(condition, truth, this.#depth);
  }

  #where(condition: Expr, truth: boolean, depth: number): Ranges {
    const key = `${this.numbers.of(condition)} ${truth} ${depth}`;
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const facts: Fact[] = [];
      this.#learn(condition, truth, facts);
      scope = facts.length === 0 ? this : new Ranges(this.#env, this, [...this.#facts, ...facts], depth);
      this.#scopes.set(key, scope);
    }
    return scope;
  }

  /** The interval of a form by its atoms, and by those facts from the `first` on that are a part of it. */
  #withFacts(form: Affine, first: number): Range {
    const plain = this.#plain(form);
    let { low, high } = plain;
    for (let k = first; k < this.#facts.length; k++) {
      const fact = this.#facts[k];
      if (fact === undefined || fact.form.terms.length < 2) continue;
      const multiple = this.#multipleOf(form, fact.form);
      if (multiple === 0) continue;
      const rest = this.forms.add(form, fact.form, -multiple);
      const [part, others] = [scaled(fact, multiple), this.#withFacts(rest, k + 1)];
      low = Math.max(low, part.low + others.low);
      high = Math.min(high, part.high + others.high);
    }
    return low <= high ? { low, high } : plain;
  }

  #plain(form: Affine): Range {
    let [low, high] = [form.constant, form.constant];
    for (const t of form.terms) {
      const r = scaled(this.of(t.atom), t.coefficient);
      low += r.low;
      high += r.high;
    }
    return { low, high };
  }

  /** The number c with `form = c * part + (terms that part lacks)`; 0 where there is none. */
  #multipleOf(form: Affine, part: Affine): number {
    let multiple = 0;
    for (const t of part.terms) {
      const c = this.forms.coefficient(form, t.atom) / t.coefficient;
      if (c === 0 || !Number.isInteger(c) || (multiple !== 0 && c !== multiple)) return 0;
      multiple = c;
    }
    return multiple;
  }

  #refined(expr: Expr, range: Range): Range {
    let { low, high } = range;
    for (const fact of this.#facts) {
      const [term] = fact.form.terms;
      if (term === undefined || fact.form.terms.length !== 1 || !this.numbers.same(term.atom, expr)) continue;
      const r = scaled(fact, term.coefficient);
      low = Math.max(low, r.low);
      high = Math.min(high, r.high);
    }
    return low <= high ? { low, high } : range;
  }

  #learn(condition: Expr, truth: boolean, facts: Fact[]): void {
    if (condition.kind !== 'apply') return;
    const [a, b] = condition.args;
    if (a === undefined) return;
    if (condition.op === 'not') this.#learn(a, !truth, facts);
    if (condition.op === 'listed') this.#learn(a, truth, facts);
    if (b === undefined) return;
    if (condition.op === (truth ? 'and' : 'or')) {
      this.#learn(a, truth, facts);
      this.#learn(b, truth, facts);
    }
    if (a.dtype !== 'i32' || b.dtype !== 'i32') return;
    const difference = this.forms.add(this.#exactForm(a), this.#exactForm(b), -1);
    switch (condition.op) {
      case 'lt':
        this.#bound(difference, truth ? { low: -Infinity, high: -1 } : { low: 0, high: Infinity }, facts);
        break;
      case 'le':
        this.#bound(difference, truth ? { low: -Infinity, high: 0 } : { low: 1, high: Infinity }, facts);
        break;
      case 'eq':
      case 'ne': {
        if ((condition.op === 'eq') === truth) this.#bound(difference, { low: 0, high: 0 }, facts);
        else {
          const { low, high } = this.ofForm(difference);
          if (low === 0) this.#bound(difference, { low: 1, high: Infinity }, facts);
          if (high === 0) this.#bound(difference, { low: -Infinity, high: -1 }, facts);
        }
        break;
      }
      default:
    }
  }

  /** Notes `form` in `range`, and what follows for each of its atoms. */
  #bound(form: Affine, range: Range, facts: Fact[]): void {
    const common = form.terms.reduce((g, t) => gcd(g, t.coefficient), 0);
    if (common === 0) return;
    const linear: Affine = {
      terms: form.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / common })),
      constant: 0,
    };
    const low = Math.ceil((range.low - form.constant) / common);
    const high = Math.floor((range.high - form.constant) / common);
    facts.push({ form: linear, low, high });
    this.#boundWithoutLive(linear, { low, high }, facts);
    const total = this.#plain(linear);
    for (const t of linear.terms) {
      const own = scaled(this.of(t.atom), t.coefficient);
      // low <= c * atom + others <= high
      const bounds = scaledInverse(
        { low: low - (total.high - own.high), high: high - (total.low - own.low) },
        t.coefficient,
      );
      if (linear.terms.length > 1) {
        facts.push({ form: { terms: [{ atom: t.atom, coefficient: 1 }], constant: 0 }, ...bounds });
      }
      const inner = t.atom.kind === 'apply' && t.atom.op === 'idiv' ? t.atom.args : [];
      const [a, k] = inner;
      if (a === undefined || k?.kind !== 'const' || k.value <= 0 || !this.isExact(a)) continue;
      const next = { low: bounds.low * k.value, high: (bounds.high + 1) * k.value - 1 };
      this.#bound(this.forms.of(a), next, facts);
    }
  }

  /** What a fact about live extents says of the rest of its terms, by their maxima: `i + k < live` of `i + k`. */
  #boundWithoutLive(form: Affine, range: Range, facts: Fact[]): void {
    const [live, rest] = [true, false].map((isLive) => ({
      terms: form.terms.filter(({ atom }) => (atom.kind === 'live') === isLive),
      constant: 0,
    }));
    if (live === undefined || rest === undefined || live.terms.length === 0 || rest.terms.length < 2) return;
    const extents = this.#plain(live);
    facts.push({ form: rest, low: range.low - extents.high, high: range.high - extents.low });
  }

  #compute(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return Number.isNaN(expr.value) ? fullRange('f32') : { low: expr.value, high: expr.value };
      case 'axis':
        return this.#env(expr) ?? { low: 0, high: Math.max(0, expr.axis.extent - 1) };
      case 'live':
        return this.#env(expr) ?? { low: 0, high: expr.size.max };
      case 'load':
        return this.#env(expr) ?? fullRange(expr.tensor.dtype);
      case 'param':
      case 'acc':
      case 'var':
        return this.#env(expr) ?? fullRange(expr.dtype);
      case 'parts':
        return fullRange(expr.dtype);
      case 'apply':
        return this.#computeApply(expr);
      default:
        return expr satisfies never;
    }
  }

  #computeApply(expr: Apply): Range {
    const full = fullRange(expr.dtype);
    const [a, b, c] = expr.args;
    if (a === undefined) return full;
    if (expr.op === 'select') {
      if (b === undefined || c === undefined) return full;
      const truth = this.truth(a);
      if (truth !== undefined) return this.of(truth ? b : c);
      return union(this.under(a, true).of(b), this.under(a, false).of(c));
    }
    if (expr.op === 'cast') return castRange(this.of(a), a.dtype, expr.dtype);
    if (expr.dtype === 'bool') return this.#computeTruth(expr, a, b);
    if (expr.dtype === 'f32') return full;
    const form = expr.dtype === 'i32' ? this.forms.of(expr) : undefined;
    if (form !== undefined && form.terms[0]?.atom !== expr) {
      const range = this.ofForm(form);
      if (within(range, full)) return range;
    }
    const x = this.of(a);
    if (b === undefined) return wrapped(unaryRange(expr.op, x) ?? full, full);
    if (expr.dtype === 'i32' && (expr.op === 'min' || expr.op === 'max')) {
      const difference = this.difference(a, b);
      const r = difference === undefined ? full : this.ofForm(difference);
      if (r.high <= 0) return this.of(expr.op === 'min' ? a : b);
      if (r.low >= 0) return this.of(expr.op === 'min' ? b : a);
    }
    return wrapped(binaryRange(expr.op, x, this.of(b)) ?? full, full);
  }

  #computeTruth(expr: Apply, a: Expr, b: Expr | undefined): Range {
    const p = a.dtype === 'bool' ? this.truth(a) : undefined;
    const q = b?.dtype === 'bool' ? this.truth(b) : undefined;
    if (expr.op === 'not') return truthRange(p === undefined ? undefined : !p);
    if (expr.op === 'listed') return truthRange(p);
    if (expr.op === 'and') return truthRange(p === false || q === false ? false : p && q);
    if (expr.op === 'or')
      return truthRange(p === true || q === true ? true : p === undefined ? undefined : q);
    if (b === undefined || a.dtype === 'f32') return fullRange('bool');
    let r: Range;
    if (a.dtype === 'i32') {
      const difference = this.difference(a, b);
      if (difference === undefined) return fullRange('bool');
      r = this.ofForm(difference);
    } else {
      const [x, y] = [this.of(a), this.of(b)];
      r = { low: x.low - y.high, high: x.high - y.low };
    }
    switch (expr.op) {
      case 'lt':
        return truthRange(r.high < 0 ? true : r.low >= 0 ? false : undefined);
      case 'le':
        return truthRange(r.high <= 0 ? true : r.low > 0 ? false : undefined);
      case 'eq':
      case 'ne': {
        const equal = r.low === 0 && r.high === 0 ? true : r.low > 0 || r.high < 0 ? false : undefined;
        return truthRange(equal === undefined ? undefined : equal === (expr.op === 'eq'));
      }
      default:
        return fullRange('bool');
    }
  }
}

/** What is left of a range where a machine's numbers wrap. */
function wrapped(range: Range, full: Range): Range {
  return within(range, full) ? range : full;
}

function truthRange(value: boolean | undefined): Range {
  return value === undefined ? fullRange('bool') : { low: Number(value), high: Number(value) };
}
