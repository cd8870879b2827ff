import {
  type Apply,
  type Axis,
  childrenOf,
  type Expr,
  Ranges,
  type ScalarDef,
  scalarOps,
  simplifier,
} from '../../loops/index.ts';

/** What is known of the expressions of a module, each thing computed once for all of its functions. */
export class Knowledge {
  readonly ranges = new Ranges();
  /** An expression with fewer operations and the same value. */
  readonly simplify = simplifier({ ranges: this.ranges });
  readonly #facts = new Map<number, Facts>();

  /** What an expression depends on, and what it costs. */
  factsOf(expr: Expr): Facts {
    const number = this.ranges.numbers.of(expr);
    const known = this.#facts.get(number);
    if (known !== undefined) return known;
    const axes = new Set<Axis>();
    const vars = new Set<string>();
    // A division may trap: it is not moved out of a condition.
    let loads = expr.kind === 'load' || (expr.kind === 'apply' && mayTrap(expr));
    let cost =
      expr.kind === 'load' ? 1 : expr.kind === 'apply' ? (scalarOps[expr.op] satisfies ScalarDef).cost : 0;
    if (expr.kind === 'axis') axes.add(expr.axis);
    if (expr.kind === 'var') vars.add(expr.name);
    for (const child of childrenOf(expr)) {
      const own = this.factsOf(child);
      for (const axis of own.axes) axes.add(axis);
      for (const name of own.vars) vars.add(name);
      loads ||= own.loads;
      cost += own.cost;
    }
    const facts = { axes, vars, loads, cost };
    this.#facts.set(number, facts);
    return facts;
  }
}

/** What must be known of an expression to place it. */
export interface Facts {
  readonly axes: ReadonlySet<Axis>;
  readonly vars: ReadonlySet<string>;
  /** Whether it loads or divides: such things stay under their condition. */
  readonly loads: boolean;
  readonly cost: number;
}

/** Whether an operation may end the program: a division whose divisor is not a constant. */
export function mayTrap(expr: Apply): boolean {
  return (expr.op === 'idiv' || expr.op === 'mod') && expr.args[1]?.kind !== 'const';
}
