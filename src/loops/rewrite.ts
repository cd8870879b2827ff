import { type Apply, childrenOf, constant, type Expr, mapExpr, type ValueNumbers, varRef } from './expr.ts';
import { parseExpr } from './parseExpr.ts';
import type { Range } from './range.ts';
import { applyScalar, type ScalarDef, scalarOps } from './scalar.ts';

interface RuleText {
  readonly name: string;
  /** Both sides in the text form. A name is a variable; one that begins with `k` matches a constant only. */
  readonly left: string;
  readonly right: string;
  /** Before and after, over axes `i`, `j` (i32, 0 to 31), tensors `x[]`, `y[]` (f32) and `b[]`, `c[]` (bool). */
  readonly example: readonly [before: string, after: string];
}

/**
 * A rule for 32-bit integers, whose variables have ranges. Sums and products with constants need none: their
 * affine form says it all (see `simplify`).
 */
export interface IndexRule extends RuleText {
  readonly when?: (bound: { constant: (name: string) => number; range: (name: string) => Range }) => boolean;
}

/** A rule for floats: exact in IEEE arithmetic, for zeros of both signs, infinities and NaN. */
export interface FloatRule extends RuleText {
  readonly when?: (bound: { constant: (name: string) => number }) => boolean;
}

/** A rule for truth values; variables are truth values, except `i` and `j` (i32). */
export interface TruthRule extends RuleText {
  readonly when?: undefined;
}

/** A rule whose sides are parsed and whose condition is ready to ask. */
export interface Rule {
  readonly name: string;
  readonly left: Expr;
  readonly right: Expr;
  /** The first operand of the left side that is no variable. */
  readonly needs: Expr | undefined;
  readonly holds: (bindings: Bindings, rangeOf: (expr: Expr) => Range) => boolean;
}

/** What the variables of a pattern stand for. */
export type Bindings = ReadonlyMap<string, Expr>;

const constantOf =
  (bindings: Bindings) =>
  (name: string): number => {
    const expr = bindings.get(name);
    if (expr?.kind !== 'const') throw new TypeError(`rule: ${name} is not bound to a constant`);
    return expr.value;
  };

/** Parses rules on integers. */
export function indexRule(rule: IndexRule): Rule {
  return ruleOf(rule, 'i32', (bindings, rangeOf) => {
    if (rule.when === undefined) return true;
    const range = (name: string): Range => {
      const expr = bindings.get(name);
      if (expr === undefined) throw new TypeError(`rule ${rule.name}: no variable ${name}`);
      return rangeOf(expr);
    };
    return rule.when({ constant: constantOf(bindings), range });
  });
}

/** Parses rules on floats. */
export function floatRule(rule: FloatRule): Rule {
  return ruleOf(rule, 'f32', (bindings) => rule.when?.({ constant: constantOf(bindings) }) ?? true);
}

/** Parses rules on truth values. */
export function truthRule(rule: TruthRule): Rule {
  return ruleOf(rule, 'bool', () => true);
}

function ruleOf(rule: RuleText, dtype: 'i32' | 'f32' | 'bool', holds: Rule['holds']): Rule {
  const typeOf = (name: string): 'i32' | 'f32' | 'bool' => {
    if (/^c\d?$/.test(name)) return 'bool';
    return dtype === 'bool' && /^[ij]$/.test(name) ? 'i32' : dtype;
  };
  const other = (name: string): Expr => varRef(name, typeOf(name));
  const left = parseExpr(rule.left, { other });
  let right: Expr | undefined;
  return {
    name: rule.name,
    left,
    needs: childrenOf(left).find((operand) => operand.kind !== 'var'),
    // Most rules never apply: what they give is parsed when one does.
    get right() {
      right ??= parseExpr(rule.right, { other });
      return right;
    },
    holds,
  };
}

/** Rules by the operation at the root of their left side. */
export function rulesByRoot(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const byRoot = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (rule.left.kind !== 'apply') throw new TypeError(`rule ${rule.name}: the left side is no operation`);
    const list = byRoot.get(rule.left.op) ?? [];
    list.push(rule);
    byRoot.set(rule.left.op, list);
  }
  return byRoot;
}

/**
 * Ways in which `expr` is an instance of `pattern`: variables of the pattern match any expression of their
 * type, the same one at each occurrence; operands of a commutative operation match in both orders.
 */
export function* matches(
  pattern: Expr,
  expr: Expr,
  numbers: ValueNumbers,
  bindings: Bindings = new Map(),
): Generator<Bindings> {
  if (pattern.dtype !== expr.dtype) return;
  if (pattern.kind === 'var') {
    const bound = bindings.get(pattern.name);
    if (bound !== undefined) {
      if (numbers.same(bound, expr)) yield bindings;
    } else if (!pattern.name.startsWith('k') || expr.kind === 'const') {
      yield new Map(bindings).set(pattern.name, expr);
    }
    return;
  }
  if (pattern.kind !== 'apply') {
    if (numbers.same(pattern, expr)) yield bindings;
    return;
  }
  if (expr.kind !== 'apply' || expr.op !== pattern.op) return;
  yield* matchAll(pattern.args, expr.args, numbers, bindings);
  const def: ScalarDef = scalarOps[expr.op];
  if (def.commutative) yield* matchAll(pattern.args, [...expr.args].reverse(), numbers, bindings);
}

function* matchAll(
  patterns: readonly Expr[],
  exprs: readonly Expr[],
  numbers: ValueNumbers,
  bindings: Bindings,
): Generator<Bindings> {
  const [pattern, ...morePatterns] = patterns;
  const [expr, ...moreExprs] = exprs;
  if (pattern === undefined || expr === undefined) {
    yield bindings;
    return;
  }
  for (const found of matches(pattern, expr, numbers, bindings)) {
    yield* matchAll(morePatterns, moreExprs, numbers, found);
  }
}

/** Whether some operand of an expression looks like an operand of a pattern, from outside. */
function hasOperand(expr: Apply, pattern: Expr): boolean {
  for (const arg of expr.args) {
    if (arg.kind !== pattern.kind || arg.dtype !== pattern.dtype) continue;
    if (arg.kind === 'const' && pattern.kind === 'const' && !Object.is(arg.value, pattern.value)) continue;
    if (arg.kind === 'apply' && pattern.kind === 'apply' && arg.op !== pattern.op) continue;
    return true;
  }
  return false;
}

/** The first rule that applies at the root of `expr`, applied; undefined where none does. */
export function rewriteRoot(
  expr: Expr,
  rules: ReadonlyMap<string, readonly Rule[]>,
  numbers: ValueNumbers,
  rangeOf: (expr: Expr) => Range,
): Expr | undefined {
  if (expr.kind !== 'apply') return undefined;
  for (const rule of rules.get(expr.op) ?? []) {
    // Most rules fail by this alone, without a try to bind their variables.
    if (rule.needs !== undefined && !hasOperand(expr, rule.needs)) continue;
    for (const bindings of matches(rule.left, expr, numbers)) {
      if (rule.holds(bindings, rangeOf)) return instantiate(rule.right, bindings);
    }
  }
  return undefined;
}

/** A pattern with its variables replaced; operations on constants alone are computed. */
export function instantiate(pattern: Expr, bindings: Bindings): Expr {
  return mapExpr(pattern, (e) => foldConstants(e.kind === 'var' ? (bindings.get(e.name) ?? e) : e));
}

/** An operation on constants as its value, floats in float32; any other expression as it is. */
export function foldConstants(expr: Expr): Expr {
  if (expr.kind !== 'apply') return expr;
  const values: number[] = [];
  for (const arg of expr.args) {
    if (arg.kind !== 'const') return expr;
    values.push(arg.dtype === 'f32' ? Math.fround(arg.value) : arg.value);
  }
  return constant(applyScalar(expr.op, values, expr.dtype, true), expr.dtype);
}
