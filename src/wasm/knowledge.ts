import {
  type Axis,
  childrenOf,
  type Expr,
  Ranges,
  type ScalarDef,
  scalarOps,
  simplifier,
} from '../loops/index.ts';
import { driver } from './code.ts';

/** What is known of the expressions of a module, each thing computed once for all of its functions. */
export class Knowledge {
  readonly ranges = new Ranges();
  /** An expression with fewer operations and the same value. */
  readonly simplify = simplifier({ ranges: this.ranges });
  readonly #facts = new Map<number, Facts>();
  readonly #drivers = new Map<string, Axis>();

  /**
   * The variable of a name and an extent: the same for all functions, so that what is found of an expression over it in one is
   * known in the next.
   *
   * @param which tells those apart of which one function has several
   */
  driver(name: string, extent: number, which = ''): Axis {
    const key = `${which} ${name} ${extent}`;
    const known = this.#drivers.get(key);
    if (known !== undefined) return known;
    const made = driver(name, extent);
    this.#drivers.set(key, made);
    return made;
  }

  /** What an expression depends on, and what it costs. */
  factsOf(expr: Expr): Facts {
    const number = this.ranges.numbers.of(expr);
    const known = this.#facts.get(number);
    if (known !== undefined) return known;
    let axes: ReadonlySet<Axis> = expr.kind === 'axis' ? new Set([expr.axis]) : NO_AXES;
    let vars: ReadonlySet<string> = expr.kind === 'var' ? new Set([expr.name]) : NO_VARS;
    let loads = expr.kind === 'load';
    let cost =
      expr.kind === 'load' ? 1 : expr.kind === 'apply' ? (scalarOps[expr.op] satisfies ScalarDef).cost : 0;
    for (const child of childrenOf(expr)) {
      const own = this.factsOf(child);
      axes = union(axes, own.axes);
      vars = union(vars, own.vars);
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
  /** Whether it loads: loads stay under their condition. */
  readonly loads: boolean;
  readonly cost: number;
}

const NO_AXES: ReadonlySet<Axis> = new Set();
const NO_VARS: ReadonlySet<string> = new Set();

/** What is in one of two sets: the larger one itself where it holds the other, as it mostly does. */
function union<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  const [large, small] = a.size >= b.size ? [a, b] : [b, a];
  for (const element of small) if (!large.has(element)) return new Set([...large, ...small]);
  return large;
}
