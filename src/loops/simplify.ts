import { type Affine, affineExpr, gcd, isWritable, scaleAffine } from './affine.ts';
import {
  type Apply,
  apply,
  childrenOf,
  constant,
  type Expr,
  int,
  mapChildren,
  withChildren,
} from './expr.ts';
import { type RangeOfLeaf, Ranges } from './interval.ts';
import type { Loop } from './loop.ts';
import { I32, within } from './range.ts';
import { floatRule, foldConstants, indexRule, rewriteRoot, rulesByRoot, truthRule } from './rewrite.ts';
import { floatRules, indexRules, truthRules } from './rules.ts';

/** What a simplification may know, and what it may remember. */
export interface SimplifyOptions {
  /** Ranges of leaves; axes run over their extent and live extents up to their bound without it. */
  readonly range?: RangeOfLeaf;
  /** What is known of expressions already, instead of `range`. */
  readonly ranges?: Ranges;
}

/**
 * An expression of the same value, at most as large as a tree: sums in affine form, quotients, remainders,
 * comparisons, minima and choices decided by ranges and by the guards above them, and the rules of
 * `rules.ts`. Floats change by IEEE-exact rules only; constants are folded in float32.
 *
 * Idempotent, and the very same object where nothing changed.
 */
export function simplify(expr: Expr, options: SimplifyOptions = {}): Expr {
  return simplifier(options)(expr);
}

/** One simplifier for many expressions under the same ranges: it remembers what it has seen. */
export function simplifier(options: SimplifyOptions = {}): (expr: Expr) => Expr {
  const work = new Simplifier(options);
  return (expr) => work.simplify(expr);
}

/** The loop with all of its expressions simplified; itself if nothing changed. */
export function simplifyLoop(loop: Loop, options: SimplifyOptions = {}): Loop {
  const simple = simplifier(options);
  const reductions = loop.reductions.map((r) => {
    const body = simple(r.body);
    return body === r.body ? r : { ...r, body };
  });
  const outs = loop.outs.map((o) => {
    const value = simple(o.value);
    return value === o.value ? o : { ...o, value };
  });
  const same =
    reductions.every((r, k) => r === loop.reductions[k]) && outs.every((o, k) => o === loop.outs[k]);
  return same ? loop : { ...loop, reductions, outs };
}

const rules = {
  i32: rulesByRoot(indexRules.map(indexRule)),
  f32: rulesByRoot(floatRules.map(floatRule)),
  bool: rulesByRoot(truthRules.map(truthRule)),
};

class Simplifier {
  readonly #root: Ranges;
  /** For each scope results by value number. */
  readonly #memos = new Map<Ranges, Map<number, Expr>>();
  readonly #sizes = new Map<Expr, number>();
  readonly #readsTensors = new Map<Expr, boolean>();
  /** Rewritten expressions by value number, so that equal results are one object. */
  readonly #interned = new Map<number, Expr>();

  constructor(options: SimplifyOptions) {
    this.#root = options.ranges ?? new Ranges(options.range);
  }

  simplify(expr: Expr, scope: Ranges = this.#root): Expr {
    const { numbers } = scope;
    let memo = this.#memos.get(scope);
    if (memo === undefined) {
      memo = new Map();
      this.#memos.set(scope, memo);
    }
    // By number: what was put together again of the same parts is not simplified again.
    const number = numbers.of(expr);
    let result = memo.get(number);
    if (result === undefined) {
      const inside = this.#simplifyChildren(expr, scope);
      const next = this.#step(inside, scope);
      result = this.#interning(next === inside ? next : this.simplify(next, scope));
      memo.set(number, result);
      memo.set(numbers.of(result), result);
    }
    // What did not change stays itself.
    return result === expr || numbers.of(result) === number ? expr : result;
  }

  /** Equal results are one object. */
  #interning(result: Expr): Expr {
    const number = this.#root.numbers.of(result);
    const known = this.#interned.get(number);
    if (known !== undefined) return known;
    this.#interned.set(number, result);
    return result;
  }

  #simplifyChildren(expr: Expr, scope: Ranges): Expr {
    if (expr.kind !== 'apply') {
      return mapChildren(expr, (child) => this.simplify(child, scope));
    }
    const [a, b, c] = expr.args;
    if (expr.op === 'select' && a !== undefined && b !== undefined && c !== undefined) {
      const condition = this.simplify(a, scope);
      const truth = scope.truth(condition);
      if (truth !== undefined) return this.simplify(truth ? b : c, scope);
      return withChildren(expr, [
        condition,
        this.simplify(b, scope.under(condition, true)),
        this.simplify(c, scope.under(condition, false)),
      ]);
    }
    if (expr.op === 'and' || expr.op === 'or') return this.#simplifyChain(expr, expr.op, scope);
    return mapChildren(expr, (arg) => this.simplify(arg, scope));
  }

  /**
   * `p && q && …` or `p || q || …`: each operand matters only where the others do not decide, so it is
   * simplified under them. But an operand that reads is evaluated anyway, and knows nothing.
   */
  #simplifyChain(expr: Apply, op: 'and' | 'or', scope: Ranges): Expr {
    const original: Expr[] = [];
    const flatten = (e: Expr): void => {
      if (e.kind === 'apply' && e.op === op) e.args.forEach(flatten);
      else original.push(e);
    };
    flatten(expr);
    const neutral = { kind: 'const', value: op === 'and' ? 1 : 0, dtype: 'bool' } as const;
    let operands: Expr[] = original
      .map((e) => this.simplify(e, scope))
      .map((e, n, all) => (all.findIndex((other) => scope.numbers.same(other, e)) < n ? neutral : e));
    let before: readonly Expr[] = [];
    for (let round = 0; round < 4 && operands.some((e, n) => e !== before[n]); round++) {
      before = operands;
      // from the last on, so that of two that imply each other the first stays
      for (let n = operands.length - 1; n >= 0; n--) {
        const operand = operands[n];
        if (operand === undefined || this.#reads(operand)) continue;
        const others = operands.filter((_, m) => m !== n);
        const given = others.reduce((inner, other) => inner.under(other, op === 'and'), scope);
        operands = operands.with(n, this.simplify(operand, given));
      }
    }
    if (operands.every((e, n) => e === original[n])) return expr;
    const kept = operands.filter((e) => e.kind !== 'const' || e.value !== neutral.value);
    if (kept.some((e) => e.kind === 'const')) return constant(op === 'and' ? 0 : 1, 'bool');
    const [first = neutral, ...rest] = kept;
    return rest.reduce((chain, e) => apply(op, chain, e), first);
  }

  /** One rewriting at the root of an expression with simple operands; itself where none applies. */
  #step(expr: Expr, scope: Ranges): Expr {
    if (expr.dtype === 'i32' && expr.kind !== 'const') {
      const { low, high } = scope.of(expr);
      // integers have no negative zero, which a product of ranges may make
      if (low === high) return int(low + 0);
    }
    if (expr.kind !== 'apply') return expr;
    const folded = foldConstants(expr);
    if (folded !== expr) return folded;
    if (expr.dtype === 'bool') {
      const truth = scope.truth(expr);
      if (truth !== undefined) return constant(truth ? 1 : 0, 'bool');
    }
    const structural = this.#structural(expr, scope);
    if (structural !== undefined && !scope.numbers.same(structural, expr)) return structural;
    if (expr.dtype === 'u32' || expr.dtype === 'u8') return expr;
    return rewriteRoot(expr, rules[expr.dtype], scope.numbers, (e) => scope.of(e)) ?? expr;
  }

  #structural(expr: Apply, scope: Ranges): Expr | undefined {
    const [a, b] = expr.args;
    if (a === undefined) return undefined;
    const integers = a.dtype === 'i32';
    switch (expr.op) {
      case 'neg':
      case 'add':
      case 'sub':
      case 'mul':
        return integers ? this.#sum(expr, scope) : undefined;
      case 'idiv':
      case 'mod':
        if (!integers || b?.kind !== 'const' || b.value <= 0) return undefined;
        return this.#quotient(expr, expr.op, a, b.value, scope);
      case 'min':
      case 'max': {
        const difference = integers && b !== undefined ? scope.difference(a, b) : undefined;
        if (difference === undefined) return undefined;
        const { low, high } = scope.ofForm(difference);
        if (high <= 0) return expr.op === 'min' ? a : b;
        if (low >= 0) return expr.op === 'min' ? b : a;
        return undefined;
      }
      case 'lt':
      case 'le':
      case 'eq':
      case 'ne':
        return integers && b !== undefined ? this.#comparison(expr, expr.op, a, b, scope) : undefined;
      case 'select':
        return b !== undefined && expr.args[2] !== undefined && scope.numbers.same(b, expr.args[2])
          ? b
          : undefined;
      default:
        return undefined;
    }
  }

  /** The smaller of an expression and candidates of the same value; the expression itself where they tie. */
  #smallest(expr: Expr, candidates: readonly Expr[]): Expr {
    let best = expr;
    for (const candidate of candidates) if (this.#size(candidate) < this.#size(best)) best = candidate;
    return best;
  }

  #sum(expr: Apply, scope: Ranges): Expr {
    const { forms } = scope;
    let form = forms.of(expr);
    let best = this.#smallest(expr, [affineExpr(form)]);
    // remainders and quotients of one number make it whole again: (a // k) * k + a % k = a
    for (let found = true; found; ) {
      found = false;
      for (const candidate of this.#joined(form, scope)) {
        if (!isWritable(candidate)) continue;
        const smaller = this.#smallest(best, [affineExpr(candidate)]);
        if (smaller === best) continue;
        [best, form, found] = [smaller, candidate, true];
        break;
      }
    }
    return best;
  }

  /** Forms of the same value in which a remainder or a quotient is replaced by what it is in terms of the other. */
  *#joined(form: Affine, scope: Ranges): Generator<Affine> {
    const { forms } = scope;
    for (const { atom, coefficient } of form.terms) {
      if (atom.kind !== 'apply' || (atom.op !== 'mod' && atom.op !== 'idiv')) continue;
      const [a, k] = atom.args;
      if (a === undefined || k?.kind !== 'const' || k.value <= 0) continue;
      const alone: Affine = { terms: [{ atom, coefficient }], constant: 0 };
      const without = forms.add(form, alone, -1);
      if (atom.op === 'mod') {
        const quotient = forms.of(this.simplify(apply('idiv', a, k), scope));
        const whole = forms.add(without, forms.of(a), coefficient);
        yield forms.add(whole, quotient, -coefficient * k.value);
      } else if (coefficient % k.value === 0) {
        const remainder = forms.of(this.simplify(apply('mod', a, k), scope));
        const whole = forms.add(without, forms.of(a), coefficient / k.value);
        yield forms.add(whole, remainder, -coefficient / k.value);
      }
    }
  }

  /**
   * `a // k` or `a % k` by splitting `a = k * q + r`: then `a // k = q + r // k` and `a % k = r % k`, with
   * floors, whatever the signs. Where `r` lies within one multiple of k, it is decided. Where
   * `a = g * s + r` with `0 <= r < g` and g divides k, r does not matter: `a // k = s // (k / g)`.
   */
  #quotient(expr: Apply, op: 'idiv' | 'mod', a: Expr, k: number, scope: Ranges): Expr | undefined {
    const { forms } = scope;
    if (k === 1) return op === 'idiv' ? a : int(0);
    if (!scope.isExact(a)) return undefined;
    const form = forms.of(a);
    const split = (by: number, constantPart: number): { multiples: Affine; rest: Affine } => ({
      multiples: {
        terms: form.terms
          .filter((t) => t.coefficient % by === 0)
          .map((t) => ({ atom: t.atom, coefficient: t.coefficient / by })),
        constant: (form.constant - constantPart) / by,
      },
      rest: { terms: form.terms.filter((t) => t.coefficient % by !== 0), constant: constantPart },
    });
    const modulo = (n: number, by: number): number => n - Math.floor(n / by) * by;
    const { multiples, rest } = split(k, modulo(form.constant, k));
    const { low, high } = scope.ofForm(rest);
    const turn = Math.floor(low / k);
    if (turn === Math.floor(high / k)) {
      const decided = op === 'idiv' ? multiples : rest;
      const shift = op === 'idiv' ? turn : -turn * k;
      return affineExpr({ ...decided, constant: decided.constant + shift });
    }
    const candidates: Expr[] = [];
    if (multiples.terms.length > 0 || multiples.constant !== 0) {
      for (const part of [split(k, modulo(form.constant, k)), split(k, form.constant % k)]) {
        if (!within(scope.ofForm(part.rest), I32)) continue;
        const over = apply(op, affineExpr(part.rest), int(k));
        candidates.push(op === 'mod' ? over : apply('add', affineExpr(part.multiples), over));
        // tie on size, but the dividend has fewer terms: the same direction always
        const fewer = part.rest.terms.length < form.terms.length && part.rest.terms.length > 0;
        const last = candidates.at(-1);
        if (fewer && last !== undefined && this.#size(last) <= this.#size(expr)) return last;
      }
    }
    for (const t of form.terms) {
      const g = gcd(k, t.coefficient);
      if (g === 1 || g === k) continue;
      const part = split(g, modulo(form.constant, g));
      const r = scope.ofForm(part.rest);
      if (r.low < 0 || r.high >= g) continue;
      const over = apply(op, affineExpr(part.multiples), int(k / g));
      if (op === 'idiv') candidates.push(over);
      else {
        const scaled = scaleAffine(forms.of(this.simplify(over, scope)), g);
        candidates.push(affineExpr(forms.add(scaled, part.rest)));
      }
    }
    return this.#smallest(expr, candidates);
  }

  /** A comparison with equal terms cancelled, a common factor divided out and the constant on one side. */
  #comparison(expr: Apply, op: 'lt' | 'le' | 'eq' | 'ne', a: Expr, b: Expr, scope: Ranges): Expr {
    const ordered = op === 'lt' || op === 'le';
    // floor(x / k) < n exactly where x < n * k, and n <= floor(x / k) exactly where n * k <= x
    const numerator = (side: Expr, other: Expr): Expr | undefined => {
      if (side.kind !== 'apply' || side.op !== 'idiv' || other.kind !== 'const') return undefined;
      const [x, k] = side.args;
      const fits = k?.kind === 'const' && k.value > 0 && Math.abs(other.value * k.value) < 2 ** 31;
      return fits ? x : undefined;
    };
    const product = (side: Expr, other: Expr): Expr => {
      const k = side.kind === 'apply' ? side.args[1] : undefined;
      return int(other.kind === 'const' && k?.kind === 'const' ? other.value * k.value : 0);
    };
    const left = op === 'lt' ? numerator(a, b) : undefined;
    if (left !== undefined) return apply('lt', left, product(a, b));
    const right = op === 'le' ? numerator(b, a) : undefined;
    if (right !== undefined) return apply('le', product(b, a), right);

    const difference = scope.difference(a, b);
    if (difference === undefined || !isWritable(difference)) return expr;
    const common = difference.terms.reduce((g, t) => gcd(g, t.coefficient), 0);
    if (common === 0) return expr;
    const terms = difference.terms.map((t) => ({ ...t, coefficient: t.coefficient / common }));
    const positive = terms.filter((t) => t.coefficient > 0);
    const negative = terms.filter((t) => t.coefficient < 0);
    // terms + constant / common (< | <= | =) 0, the constant rounded so that the same integers satisfy it
    const offset = difference.constant / common;
    if (!ordered && !Number.isInteger(offset)) return constant(op === 'ne' ? 1 : 0, 'bool');
    const whole = op === 'lt' ? Math.floor(offset) : Math.ceil(offset);
    const sides = (onLeft: boolean): Expr => {
      const lhs: Affine = { terms: positive, constant: onLeft ? whole : 0 };
      const rhs: Affine = {
        ...scaleAffine({ terms: negative, constant: 0 }, -1),
        constant: onLeft ? 0 : -whole,
      };
      const fits = [lhs, rhs].every((f) => within(scope.ofForm(f), I32));
      return fits ? apply(op, affineExpr(lhs), affineExpr(rhs)) : expr;
    };
    return this.#smallest(expr, [sides(true), sides(false)]);
  }

  /** Nodes of the expression as a tree; capped, since a shared expression's tree may be huge. */
  #size(expr: Expr): number {
    let size = this.#sizes.get(expr);
    if (size === undefined) {
      size = Math.min(
        1e9,
        childrenOf(expr).reduce((n, child) => n + this.#size(child), 1),
      );
      this.#sizes.set(expr, size);
    }
    return size;
  }

  #reads(expr: Expr): boolean {
    let reads = this.#readsTensors.get(expr);
    if (reads === undefined) {
      reads = expr.kind === 'load' || childrenOf(expr).some((child) => this.#reads(child));
      this.#readsTensors.set(expr, reads);
    }
    return reads;
  }
}
