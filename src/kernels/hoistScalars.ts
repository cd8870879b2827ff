import {
  childrenOf,
  type Expr,
  type ScalarDef,
  scalarOps,
  subexpressions,
  type Tensor,
  ValueNumbers,
  varRef,
  withChildren,
} from '../loops/index.ts';
import { type Kernel, LOCAL_ID, type Stmt, statementsIn, WORKGROUP_ID } from './kernel.ts';
import { Names } from './names.ts';

/**
 * Computes before a loop what depends on the step alone: on run-time scalars, live extents, and elements at constant
 * indices of tensors that the kernel does not write (`1 - b^t` of Adam, out of the count of updates). It is the same for
 * every element, and a driver cannot know that no store changes what it loads.
 *
 * Only what takes more than a name is worth it. Operands have no effects and such loads are in range, so what stands under
 * a condition may be computed without it.
 */
export function hoistScalars(kernel: Kernel): Kernel {
  const body = new Hoisting(kernel).block(kernel.body, undefined, new Map());
  return { ...kernel, body };
}

/**
 * The cost of an operation, in additions (`scalarOps`), from which on it is worth a name: that of a quotient, a root, an
 * exponential. Assumed: a name is a register for the length of a loop. With half of it the programs of the workloads w2, w3, w8
 * and w9 are the same; with twice, quotients in kernels of w3 and w9 for webgpu are computed for each element.
 */
const WORTH = 4;

/** What is known of an expression by itself. */
interface Kind {
  /** Whether it depends on the step alone. */
  readonly isScalar: boolean;
  readonly isWorth: boolean;
}

/** Names of values, by their numbers. */
type Known = Map<number, Expr>;

/** Where the outermost of the loops around a statement begins. */
interface Before {
  readonly lets: Stmt[];
  readonly known: Known;
}

class Hoisting {
  readonly #stored = new Set<Tensor>();
  readonly #arrays: ReadonlySet<Tensor>;
  readonly #names: Names;
  readonly #numbers = new ValueNumbers();
  readonly #kinds = new Map<Expr, Kind>();

  constructor(kernel: Kernel) {
    this.#arrays = new Set(kernel.arrays);
    const taken = [WORKGROUP_ID, LOCAL_ID, ...kernel.arrays.map(({ name }) => name)];
    for (const stmt of statementsIn(kernel.body)) {
      if (stmt.kind === 'store') this.#stored.add(stmt.tensor);
      if (stmt.kind === 'let' || stmt.kind === 'var' || stmt.kind === 'for') taken.push(stmt.name);
    }
    this.#names = new Names(taken);
  }

  /**
   * @param before the outermost loop around the statements; undefined where there is none
   * @param known names that the statements may use
   */
  block(body: readonly Stmt[], before: Before | undefined, known: Known): Stmt[] {
    const own = new Map(known);
    return body.flatMap((stmt): Stmt[] => {
      const over = (expr: Expr): Expr => (before === undefined ? expr : this.#hoisted(expr, before));
      switch (stmt.kind) {
        case 'let':
        case 'var':
        case 'assign':
          return [{ ...stmt, value: over(stmt.value) }];
        case 'store':
          return [{ ...stmt, at: stmt.at.map(over), value: over(stmt.value) }];
        case 'break':
          return [{ ...stmt, condition: over(stmt.condition) }];
        case 'if': {
          const [then, otherwise] = [stmt.body, stmt.otherwise].map((part) => this.block(part, before, own));
          return [{ ...stmt, condition: over(stmt.condition), body: then ?? [], otherwise: otherwise ?? [] }];
        }
        case 'for': {
          const outermost = before ?? { lets: [], known: own };
          const inner = this.block(stmt.body, outermost, own);
          return [...(before === undefined ? outermost.lets : []), { ...stmt, body: inner }];
        }
        case 'barrier':
        case 'comment':
          return [stmt];
        default:
          return stmt satisfies never;
      }
    });
  }

  /** An expression with names for what is worth to be computed before. */
  #hoisted(root: Expr, before: Before): Expr {
    const made = new Map<Expr, Expr>();
    const over = (expr: Expr): Expr => {
      const { isScalar, isWorth } = this.#kindOf(expr);
      return isScalar && isWorth ? this.#named(expr, before) : (made.get(expr) ?? expr);
    };
    for (const expr of subexpressions(root))
      if (!this.#kindOf(expr).isScalar) made.set(expr, withChildren(expr, childrenOf(expr).map(over)));
    return over(root);
  }

  #named(expr: Expr, { lets, known }: Before): Expr {
    const number = this.#numbers.of(expr);
    let name = known.get(number);
    if (name === undefined) {
      const fresh = this.#names.fresh('scalar');
      lets.push({ kind: 'let', name: fresh, value: expr });
      name = varRef(fresh, expr.dtype);
      known.set(number, name);
    }
    return name;
  }

  /** Operands are asked before their users. */
  #kindOf(expr: Expr): Kind {
    let kind = this.#kinds.get(expr);
    if (kind === undefined) {
      const parts = childrenOf(expr).map((child) => this.#kindOf(child));
      const isScalar = this.#isStepAlone(expr) && parts.every((part) => part.isScalar);
      const isExpensive =
        expr.kind === 'apply' &&
        expr.dtype === 'f32' &&
        (scalarOps[expr.op] satisfies ScalarDef).cost >= WORTH;
      kind = { isScalar, isWorth: isExpensive || parts.some((part) => part.isWorth) };
      this.#kinds.set(expr, kind);
    }
    return kind;
  }

  /** Whether an expression depends on the step alone if its operands do. */
  #isStepAlone(expr: Expr): boolean {
    switch (expr.kind) {
      case 'const':
      case 'live':
      case 'param':
        return true;
      case 'load':
        return (
          !this.#stored.has(expr.tensor) &&
          !this.#arrays.has(expr.tensor) &&
          expr.at.every(({ kind }) => kind === 'const')
        );
      case 'apply':
        return true;
      case 'var':
      case 'axis':
      case 'acc':
      case 'parts':
        return false;
      default:
        return expr satisfies never;
    }
  }
}
