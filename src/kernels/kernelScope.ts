import { apply, childrenOf, type Expr, mapExpr, varRef } from '../loops/index.ts';
import { type Range, Ranges } from '../loops/interval.ts';
import { type Kernel, LOCAL_ID, type Stmt, WORKGROUP_ID } from './kernel.ts';

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
      mutable: new Set(),
      fixed: new Map(),
      expanded: new Map(),
    });
  }

  /** Notes a `let` or `var` that the rest of its block sees. */
  define(stmt: Extract<Stmt, { kind: 'let' | 'var' }>): void {
    if (stmt.kind === 'var') this.#known.mutable.add(stmt.name);
    else if (stmt.value.dtype === 'i32') {
      this.#known.variables.set(stmt.name, this.range(stmt.value));
      if (this.isFixed(stmt.value)) this.#known.values.set(stmt.name, this.expanded(stmt.value));
    }
  }

  /** The scope of a loop's body. */
  inLoop(stmt: For): KernelScope {
    const [from, to] = [this.range(stmt.from), this.range(stmt.to)];
    // From a known start, the last turn is a whole number of steps away.
    const width = to.high - 1 - from.low;
    const last = from.low + (from.low === from.high ? Math.floor(width / stmt.step) * stmt.step : width);
    this.#known.variables.set(stmt.name, { low: from.low, high: Math.max(from.low, last) });
    const variable = varRef(stmt.name, 'i32');
    let inside: KernelScope = this;
    if (stmt.to.kind !== 'const') inside = inside.where(apply('lt', variable, stmt.to), true);
    if (stmt.from.kind !== 'const') inside = inside.where(apply('le', stmt.from, variable), true);
    return inside;
  }

  /** The scope in which `condition` is `truth`. */
  where(condition: Expr, truth: boolean): KernelScope {
    if (condition.kind === 'apply' && condition.op === 'not') {
      const [inner] = condition.args;
      return inner === undefined ? this : this.where(inner, !truth);
    }
    if (condition.kind === 'apply' && condition.op === (truth ? 'and' : 'or')) {
      return condition.args.reduce<KernelScope>((scope, part) => scope.where(part, truth), this);
    }
    if (!this.isFixed(condition)) return this;
    const plain = this.ranges.under(condition, truth);
    const expanded = this.expanded(condition);
    const ranges = expanded === condition ? plain : plain.under(expanded, truth);
    return ranges === this.ranges ? this : new KernelScope(ranges, this.#known);
  }

  /** The interval of an integer expression here, by its own form or with the locals' values put in. */
  range(expr: Expr): Range {
    const plain = this.ranges.of(expr);
    const expanded = this.expanded(expr);
    if (expanded === expr) return plain;
    const other = this.ranges.of(expanded);
    const [low, high] = [Math.max(plain.low, other.low), Math.min(plain.high, other.high)];
    return low <= high ? { low, high } : plain;
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

  /** The expression with the values of immutable integer locals in their place. */
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
  readonly values: Map<string, Expr>;
  readonly mutable: Set<string>;
  readonly fixed: Map<Expr, boolean>;
  readonly expanded: Map<Expr, Expr>;
}
