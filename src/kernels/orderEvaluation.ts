import {
  type Apply,
  apply,
  applyScalar,
  childrenOf,
  constant,
  type Expr,
  elementCount,
  extentOf,
  int,
  type Load,
  mapExpr,
  subexpressions,
  type Tensor,
  ValueNumbers,
  varRef,
  withChildren,
} from '../loops/index.ts';
import type { Range } from '../loops/interval.ts';
import { flatIndex } from './flatIndex.ts';
import {
  type EvaluatedKernel,
  type Kernel,
  LOCAL_ID,
  type Stmt,
  statementsIn,
  WORKGROUP_ID,
} from './kernel.ts';
import { KernelScope } from './kernelScope.ts';
import { Names } from './names.ts';
import { type Needs, needs } from './need.ts';

/**
 * Decides how the expressions of a kernel are evaluated, so that a printer only spells them:
 *
 * - constants are folded, as float32 arithmetic gives them
 * - equal subexpressions of a statement are evaluated once, by a `let` before it (texts stay linear in distinct values)
 * - elements have one row-major number, in place of an index for each dimension
 * - all operands may be evaluated, those of a `select` too: no index leaves its tensor
 *
 * A load under a condition that keeps it in range takes its index as `select(condition, index, 0)`: element 0 is
 * read where the load does not happen. Where that cannot be proven, or the condition may change while the kernel
 * runs, the index is clamped. Of a tensor that the kernel writes, each dimension's index is: another element than its own may be
 * one that another invocation writes.
 *
 * The pass is idempotent, and values stay what they were.
 */
export function orderEvaluation(kernel: Kernel): EvaluatedKernel {
  return new Ordering(kernel).kernel();
}

/** How one statement's expressions are evaluated: `shared` ones first, in this order, then the roots. */
interface Evaluation {
  readonly shared: readonly Expr[];
  readonly roots: readonly Expr[];
}

class Ordering {
  readonly #kernel: Kernel;
  readonly #names: Names;
  readonly #values: Values;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#values = new Values(writtenBy(kernel));
    const taken = kernel.arrays.map((array) => array.name);
    for (const stmt of statementsIn(kernel.body)) {
      if (stmt.kind === 'let' || stmt.kind === 'var' || stmt.kind === 'for') taken.push(stmt.name);
    }
    this.#names = new Names([WORKGROUP_ID, LOCAL_ID, ...taken]);
  }

  kernel(): EvaluatedKernel {
    const body = this.#block(this.#kernel.body, KernelScope.of(this.#kernel));
    return { ...this.#kernel, body, flat: true };
  }

  #block(body: readonly Stmt[], scope: KernelScope): Stmt[] {
    let here = scope;
    return body.flatMap((stmt) => {
      const made = this.#statement(stmt, here);
      const last = made.at(-1);
      if (last !== undefined) here = here.after(last);
      return made;
    });
  }

  #statement(stmt: Stmt, scope: KernelScope): Stmt[] {
    switch (stmt.kind) {
      case 'let':
      case 'var': {
        const [lets, [value = stmt.value]] = this.#evaluate([stmt.value], scope);
        const next: Stmt = { ...stmt, value };
        scope.define(next);
        return [...lets, next];
      }
      case 'assign': {
        const [lets, [value = stmt.value]] = this.#evaluate([stmt.value], scope);
        return [...lets, { ...stmt, value }];
      }
      case 'store': {
        const element = this.#kernel.flat ? stmt.at[0] : flatIndex(stmt.tensor, stmt.at);
        const [lets, [at = int(0), value = stmt.value]] = this.#evaluate(
          [element ?? int(0), stmt.value],
          scope,
        );
        return [...lets, { ...stmt, at: [at], value }];
      }
      case 'for':
        return [{ ...stmt, body: this.#block(stmt.body, scope.inLoop(stmt)) }];
      case 'break': {
        const [lets, [condition = stmt.condition]] = this.#evaluate([stmt.condition], scope);
        return [...lets, { ...stmt, condition }];
      }
      case 'if': {
        const [lets, [condition = stmt.condition]] = this.#evaluate([stmt.condition], scope);
        const body = this.#block(stmt.body, scope.inBlock(condition, true));
        const otherwise = this.#block(stmt.otherwise, scope.inBlock(condition, false));
        return [...lets, { ...stmt, condition, body, otherwise }];
      }
      case 'barrier':
      case 'comment':
        return [stmt];
      default:
        return stmt satisfies never;
    }
  }

  /** The `let`s for what is shared, and the roots over them. */
  #evaluate(roots: readonly Expr[], scope: KernelScope): [Stmt[], Expr[]] {
    const plan = this.#values.plan(roots, scope, this.#kernel.flat ?? false);
    const lets: Stmt[] = [];
    const named = new Map<Expr, Expr>();
    const over = (expr: Expr): Expr => mapExpr(expr, (e) => e, named);
    for (const expr of plan.shared) {
      const value = over(expr);
      named.set(expr, this.#let(this.#names.fresh(wishFor(expr)), value, scope, lets));
    }
    return [lets, plan.roots.map(over)];
  }

  #let(name: string, value: Expr, scope: KernelScope, lets: Stmt[]): Expr {
    const stmt = { kind: 'let', name, value } as const;
    lets.push(stmt);
    scope.define(stmt);
    return varRef(name, value.dtype);
  }
}

/** A name for a shared subexpression: the tensor that it loads, else a letter for its type. */
function wishFor(expr: Expr): string {
  if (expr.kind === 'load') return expr.tensor.name;
  return { f32: 't', i32: 'i', u32: 'u', u8: 'u', bool: 'holds' }[expr.dtype];
}

/** Nodes of an expression: beyond it, a part gets a name of its own. */
const MOST_NODES = 20;

/** The distinct values of a kernel's expressions, each as one object, and the plans of statements over them. */
class Values {
  readonly numbers = new ValueNumbers();
  readonly #byNumber = new Map<number, Expr>();
  readonly #folded = new Map<Expr, Expr>();

  readonly #written: ReadonlySet<Tensor>;

  /** @param written the tensors that the kernel writes */
  constructor(written: ReadonlySet<Tensor>) {
    this.#written = written;
  }

  /** @param isFlat whether loads have flat indices already */
  plan(roots: readonly Expr[], scope: KernelScope, isFlat: boolean): Evaluation {
    const folded = roots.map((root) => this.#fold(root));
    const flatten = new Flattening(this, needs(folded, this.numbers), scope, isFlat, this.#written);
    return this.#share(folded.map((root) => flatten.of(root)));
  }

  /** The one object for all expressions equal to `expr`, whose operands are such objects. */
  canonical(expr: Expr): Expr {
    const number = this.numbers.of(expr);
    const first = this.#byNumber.get(number);
    if (first !== undefined) return first;
    this.#byNumber.set(number, expr);
    return expr;
  }

  isCanonical(expr: Expr): boolean {
    return this.#byNumber.get(this.numbers.of(expr)) === expr;
  }

  /** The condition of a literal. */
  condition(literal: number): Expr | undefined {
    return this.#byNumber.get(Math.floor(literal / 2));
  }

  #fold(expr: Expr): Expr {
    const known = this.#folded.get(expr);
    if (known !== undefined) return known;
    const result = this.canonical(
      foldConstants(
        withChildren(
          expr,
          childrenOf(expr).map((child) => this.#fold(child)),
        ),
      ),
    );
    this.#folded.set(expr, result);
    return result;
  }

  #share(roots: readonly Expr[]): Evaluation {
    const uses = new Map<Expr, number>();
    const count = (expr: Expr): void => void uses.set(expr, (uses.get(expr) ?? 0) + 1);
    const order = subexpressions(...roots);
    for (const root of roots) count(root);
    for (const expr of order) {
      for (const child of childrenOf(expr)) count(child);
      // A comparison and a choice: its text names the operand twice.
      if (expr.kind === 'apply' && expr.op === 'relu') for (const child of expr.args) count(child);
    }
    const named = new Set<Expr>();
    const nodes = new Map<Expr, number>();
    for (const expr of order) {
      const size = (child: Expr): number => (named.has(child) ? 1 : (nodes.get(child) ?? 1));
      const own = expr.kind === 'load' && isPlaced(expr.tensor) ? 2 : 1;
      const total = (): number => childrenOf(expr).reduce((n, child) => n + size(child), own);
      while (total() > MOST_NODES) {
        const largest = childrenOf(expr).reduce((a, b) => (size(b) > size(a) ? b : a));
        if (size(largest) <= 2) break;
        named.add(largest);
      }
      nodes.set(expr, total());
      if ((uses.get(expr) ?? 0) > 1 && !isTrivial(expr)) named.add(expr);
    }
    return { shared: order.filter((expr) => named.has(expr)), roots };
  }
}

/** Whether the number of an element is added to the place of its tensor in an arena, a constant that is known later. */
function isPlaced({ role }: Tensor): boolean {
  switch (role) {
    case 'constant':
    case 'state':
    case 'next':
    case 'temp':
    case 'result':
      return true;
    case 'data':
    case 'rows':
    case 'input':
    case 'workgroup':
    case 'private':
      return false;
    default:
      return role satisfies never;
  }
}

/** Leaves, and integer arithmetic on two of them: as short as a name, and no work. */
function isTrivial(expr: Expr): boolean {
  if (expr.kind === 'load') return false;
  if (expr.kind !== 'apply') return true;
  const simple = expr.op === 'add' || expr.op === 'sub' || expr.op === 'mul' || expr.op === 'not';
  return (
    simple && expr.dtype !== 'f32' && expr.args.every((arg) => arg.kind !== 'load' && arg.kind !== 'apply')
  );
}

/** One application of constants as the constant that float32 arithmetic gives. */
function foldConstants(expr: Expr): Expr {
  if (expr.kind !== 'apply') return expr;
  const [condition, x, y] = expr.args;
  if (expr.op === 'select' && condition?.kind === 'const') {
    return (condition.value !== 0 ? x : y) ?? expr;
  }
  const values = expr.args.map((arg) => {
    if (arg.kind !== 'const') return undefined;
    return arg.dtype === 'f32' ? Math.fround(arg.value) : arg.value;
  });
  if (!values.every((value) => value !== undefined)) return expr;
  const value = applyScalar(expr.op, values, expr.dtype, true);
  // In 32 bits, as targets compute: the least i32 has no opposite.
  if (expr.dtype === 'i32') return int(value | 0);
  return constant(expr.dtype === 'u32' ? value >>> 0 : value, expr.dtype);
}

/** What a kernel writes that several invocations see. */
function writtenBy({ body }: Kernel): ReadonlySet<Tensor> {
  const written = new Set<Tensor>();
  for (const stmt of statementsIn(body))
    if (stmt.kind === 'store' && stmt.tensor.role !== 'private') written.add(stmt.tensor);
  return written;
}

/** Rewrites loads to flat, safe indices; one for each statement. */
class Flattening {
  readonly #values: Values;
  readonly #needs: Needs;
  readonly #scope: KernelScope;
  readonly #isFlat: boolean;
  readonly #written: ReadonlySet<Tensor>;
  readonly #done = new Map<Expr, Expr>();
  readonly #open = new Set<Expr>();

  constructor(
    values: Values,
    needed: Needs,
    scope: KernelScope,
    isFlat: boolean,
    written: ReadonlySet<Tensor>,
  ) {
    this.#written = written;
    this.#values = values;
    this.#needs = needed;
    this.#scope = scope;
    this.#isFlat = isFlat;
  }

  of(expr: Expr): Expr {
    const known = this.#done.get(expr);
    if (known !== undefined) return known;
    this.#open.add(expr);
    const result = expr.kind === 'load' ? this.#load(expr) : this.#other(expr);
    this.#open.delete(expr);
    this.#done.set(expr, result);
    return result;
  }

  #other(expr: Expr): Expr {
    const children = childrenOf(expr).map((child) => this.of(child));
    return this.#tree(withChildren(expr, children));
  }

  #load(load: Load): Expr {
    const { tensor } = load;
    const index = this.#index(load);
    return this.#values.canonical({ kind: 'load', tensor, at: [index], dtype: load.dtype });
  }

  #index(load: Load): Expr {
    const { tensor } = load;
    const at = load.at.map((index) => this.of(index));
    if (this.#isFlat) return tensor.role === 'data' ? (at[0] ?? int(0)) : this.#inside(at[0] ?? int(0), load);
    if (tensor.role !== 'data')
      return this.#inside(this.#tree(flatIndex(tensor, this.#ownElement(load, at))), load);
    // How many rows there are is known at run time only; the other indices are those of a fixed shape.
    const cases = this.#cases(load);
    const scopes = cases.length === 0 ? [this.#scope] : cases.map((facts) => this.#where(facts));
    for (let d = 1; d < at.length; d++) {
      const [index, extent] = [load.at[d] ?? int(0), extentOf(tensor.shape[d] ?? 1)];
      const isInside = scopes.every((scope) => within(scope.range(index), extent));
      if (!isInside) at[d] = this.#clamped(at[d] ?? int(0), extent);
    }
    const index = this.#tree(flatIndex(tensor, at));
    const guard = this.#guard(cases);
    return guard === undefined || index.kind === 'const' ? index : this.#guarded(guard, index);
  }

  /** The indices of a load, each in its range where the kernel writes the tensor, and the whole would not be in its own. */
  #ownElement({ tensor, at: given }: Load, at: readonly Expr[]): readonly Expr[] {
    const count = elementCount(tensor.shape);
    if (!this.#written.has(tensor) || within(this.#scope.range(flatIndex(tensor, at)), count)) return at;
    return at.map((index, d) => {
      const extent = extentOf(tensor.shape[d] ?? 1);
      return within(this.#scope.range(given[d] ?? index), extent) ? index : this.#clamped(index, extent);
    });
  }

  /** An index that is in range, wherever it is evaluated. */
  #inside(index: Expr, load: Load): Expr {
    const count = elementCount(load.tensor.shape);
    if (within(this.#scope.range(index), count)) return index;
    const guard = this.#guard(this.#cases(load));
    if (guard !== undefined && index.kind !== 'const') {
      const guarded = this.#guarded(guard, index);
      if (within(this.#scope.range(guarded), count)) return guarded;
    }
    return this.#clamped(index, count);
  }

  #guarded(guard: Expr, index: Expr): Expr {
    return this.#tree(apply('select', guard, index, int(0)));
  }

  #clamped(index: Expr, extent: number): Expr {
    return this.#tree(apply('min', apply('max', index, int(0)), int(Math.max(0, extent - 1))));
  }

  /** The cases in which a load happens, as far as facts tell them apart; none where it may happen without one. */
  #cases(load: Load): readonly (readonly Fact[])[] {
    const need = this.#needs.of(load);
    const cases = need.kind === 'when' ? need.cases.map((literals) => this.#facts(literals)) : [];
    return cases.some((facts) => facts.length === 0) ? [] : cases;
  }

  #where(facts: readonly Fact[]): KernelScope {
    return facts.reduce((scope, { condition, truth }) => scope.where(condition, truth), this.#scope);
  }

  /** Those of a case's conditions that nothing changes, and that do not read what they should guard. */
  #facts(literals: readonly number[]): Fact[] {
    return literals.flatMap((literal) => {
      const condition = this.#values.condition(literal);
      if (condition === undefined || !this.#scope.isFixed(condition)) return [];
      if (subexpressions(condition).some((e) => this.#open.has(e))) return [];
      return [{ condition, truth: literal % 2 === 1 }];
    });
  }

  /** Whether one of the cases holds, as an expression; undefined where there are none. */
  #guard(cases: readonly (readonly Fact[])[]): Expr | undefined {
    if (cases.length === 0) return undefined;
    return cases
      .map((facts) =>
        facts
          .map(({ condition, truth }) => {
            const safe = this.of(condition);
            return truth ? safe : apply('not', safe);
          })
          .reduce((a, b) => apply('and', a, b)),
      )
      .reduce((a, b) => apply('or', a, b));
  }

  /** The canonical object of an expression that was just built over canonical ones. */
  #tree(expr: Expr): Expr {
    if (expr.kind !== 'apply') return this.#values.canonical(expr);
    if (this.#values.isCanonical(expr)) return expr;
    const args = expr.args.map((arg) => this.#tree(arg));
    return this.#values.canonical(foldConstants({ ...expr, args } satisfies Apply));
  }
}

/** Whether all indices of a range are below an extent, and none is below 0. */
function within({ low, high }: Range, extent: number): boolean {
  return low >= 0 && high < extent;
}

/** A condition that holds, or does not. */
interface Fact {
  readonly condition: Expr;
  readonly truth: boolean;
}
