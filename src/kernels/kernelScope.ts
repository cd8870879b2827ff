import { childrenOf, type Expr, mapExpr, varRef } from '../loops/index.ts';
import { type Range, Ranges } from '../loops/interval.ts';
import { intersection } from '../loops/range.ts';
import { type Kernel, LOCAL_ID, type Stmt, WORKGROUP_ID } from './kernel.ts';

/** The ranges where a fact holds, or does not. */
type Learn = (ranges: Ranges, fact: Expr, holds: boolean) => Ranges;

type For = Extract<Stmt, { kind: 'for' }>;

/**
 * What is known of a kernel's integers at one place: ranges of variables, and the conditions that hold there.
 * Variables that a kernel assigns are unknown, and no fact about them or about memory is kept: both change.
 */
export class KernelScope {
  readonly ranges: Ranges;
  readonly #known: Known;

  private constructor(ranges: Ranges, known: Known) {
    this.ranges = ranges;
    this.#known = known;
  }

  /** The scope of a kernel's outermost statements. */
  static of(kernel: Pick<Kernel, 'grid' | 'workgroup'>): KernelScope {
    const variables = new Map<string, Range>([
      [WORKGROUP_ID, { low: 0, high: Math.max(0, kernel.grid - 1) }],
      [LOCAL_ID, { low: 0, high: kernel.workgroup - 1 }],
    ]);
    const ranges = new Ranges((leaf) => (leaf.kind === 'var' ? variables.get(leaf.name) : undefined));
    return new KernelScope(ranges, {
      variables,
      values: new Map(),
      conditions: new Map(),
      mutable: new Set(),
      fixed: new Map(),
      expanded: new Map(),
      spelled: new Map(),
    });
  }

  /** Notes a `let` or `var` that the rest of its block sees. */
  define(stmt: Extract<Stmt, { kind: 'let' | 'var' }>): void {
    const { mutable, variables, values, conditions } = this.#known;
    if (stmt.kind === 'var') {
      mutable.add(stmt.name);
      return;
    }
    variables.set(stmt.name, this.range(stmt.value));
    if (stmt.value.dtype === 'f32') return;
    const value = this.#asOfNow(stmt.value);
    values.set(stmt.name, this.expanded(value));
    if (value.dtype === 'bool') conditions.set(stmt.name, this.#spelled(value));
  }

  /** The expression with names for what memory and variables hold here: later they may hold something else. */
  #asOfNow(expr: Expr): Expr {
    if (this.isFixed(expr)) return expr;
    const { variables, mutable } = this.#known;
    const held = new Map<number, Expr>();
    return mapExpr(expr, (e) => {
      if (e.kind !== 'load' && (e.kind !== 'var' || !mutable.has(e.name))) return e;
      const number = this.ranges.numbers.of(e);
      let value = held.get(number);
      if (value === undefined) {
        // No name of a kernel has a space.
        const name = `value ${variables.size}`;
        variables.set(name, this.ranges.of(e));
        value = varRef(name, e.dtype);
        held.set(number, value);
      }
      return value;
    });
  }

  /** The scope of a loop's body, as far as its first `break`. */
  inLoop(stmt: For): KernelScope {
    this.#known.variables.set(stmt.name, { low: stmt.from, high: stmt.to - 1 });
    return this;
  }

  /** The scope of what follows a statement in its block. */
  after(stmt: Stmt): KernelScope {
    return stmt.kind === 'break' ? this.inBlock(stmt.condition, false) : this;
  }

  /** The scope of a block's statements, which run where `condition` is `truth`. */
  inBlock(condition: Expr, truth: boolean): KernelScope {
    return this.#under(condition, truth, (ranges, fact, holds) => ranges.inBlock(fact, holds));
  }

  /** The scope of a part of an expression, which is needed where `condition` is `truth`. */
  where(condition: Expr, truth: boolean): KernelScope {
    return this.#under(condition, truth, (ranges, fact, holds) => ranges.under(fact, holds));
  }

  #under(condition: Expr, truth: boolean, learn: Learn): KernelScope {
    if (this.isFixed(condition)) {
      const [spelled, expanded] = [this.#spelled(condition), this.expanded(condition)];
      const plain = learn(this.ranges, spelled, truth);
      const ranges = expanded === spelled ? plain : learn(plain, expanded, truth);
      return ranges === this.ranges ? this : new KernelScope(ranges, this.#known);
    }
    if (condition.kind !== 'apply') return this;
    const [inner] = condition.args;
    if (condition.op === 'not' && inner !== undefined) return this.#under(inner, !truth, learn);
    if (condition.op !== (truth ? 'and' : 'or')) return this;
    return condition.args.reduce<KernelScope>((scope, part) => scope.#under(part, truth, learn), this);
  }

  /** The interval of an expression here, by its own form or with the locals' values put in. */
  range(expr: Expr): Range {
    const [spelled, expanded] = [this.#spelled(expr), this.expanded(expr)];
    const plain = this.ranges.of(spelled);
    return expanded === spelled ? plain : intersection(plain, this.ranges.of(expanded));
  }

  /** Whether an expression's value cannot change while the kernel runs. */
  isFixed(expr: Expr): boolean {
    let fixed = this.#known.fixed.get(expr);
    if (fixed === undefined) {
      fixed =
        expr.kind !== 'load' &&
        (expr.kind !== 'var' || !this.#known.mutable.has(expr.name)) &&
        childrenOf(expr).every((child) => this.isFixed(child));
      this.#known.fixed.set(expr, fixed);
    }
    return fixed;
  }

  /** The expression with conditions in the place of their names: of a number, a name often says more than its value. */
  #spelled(expr: Expr): Expr {
    const { conditions, spelled } = this.#known;
    return mapExpr(expr, (e) => (e.kind === 'var' ? (conditions.get(e.name) ?? e) : e), spelled);
  }

  /** The expression with the values of immutable locals, floats apart, in their place. */
  expanded(expr: Expr): Expr {
    const { values, expanded } = this.#known;
    return mapExpr(expr, (e) => (e.kind === 'var' ? (values.get(e.name) ?? e) : e), expanded);
  }
}

/**
 * What the scopes of one kernel share. Names are unique in a kernel and stand before their uses, so what was
 * found of an expression stays true.
 */
interface Known {
  readonly variables: Map<string, Range>;
  /** What immutable locals hold, without locals that have such a value. */
  readonly values: Map<string, Expr>;
  /** What immutable conditions hold, without conditions that have such a value. */
  readonly conditions: Map<string, Expr>;
  readonly mutable: Set<string>;
  readonly fixed: Map<Expr, boolean>;
  readonly expanded: Map<Expr, Expr>;
  readonly spelled: Map<Expr, Expr>;
}
