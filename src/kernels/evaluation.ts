import {
  type Apply,
  apply,
  applyScalar,
  childrenOf,
  constant,
  type Expr,
  extentOf,
  int,
  type Load,
  subexpressions,
  type Tensor,
  ValueNumbers,
  withChildren,
} from '../loops/index.ts';
import type { KernelScope } from './kernelScope.ts';

/** How one statement's expressions are evaluated: `shared` ones once, in this order, then the roots. */
export interface Evaluation {
  readonly shared: readonly Expr[];
  readonly roots: readonly Expr[];
}

/** Nodes of a printed expression: beyond it, a part gets a name of its own. */
const MOST_NODES = 20;

/**
 * Plans evaluations of a kernel's statements: constants folded, equal subexpressions evaluated once (printed
 * texts stay linear in distinct values), each load with one flat row-major index, its tensor's offset
 * included.
 *
 * `select` evaluates only the chosen operand; a text may evaluate both, so a load that happens under a
 * condition and is not known to be in range takes its index as `select(condition, index, 0)`: element 0 is
 * read where the load does not happen. Where the condition would hold the load itself, its index is clamped.
 */
export class Evaluations {
  readonly #offset: (tensor: Tensor) => number;
  readonly #numbers = new ValueNumbers();
  readonly #byNumber = new Map<number, Expr>();
  readonly #folded = new Map<Expr, Expr>();

  /** @param offset element of its arena where a tensor starts, as far as it is a constant */
  constructor(offset: (tensor: Tensor) => number) {
    this.#offset = offset;
  }

  plan(roots: readonly Expr[], scope: KernelScope): Evaluation {
    const folded = roots.map((root) => this.#fold(root));
    const flatten = new Flattening(this, this.#offset, needs(folded, this.#numbers, this.#byNumber), scope);
    return this.#share(folded.map((root) => flatten.of(root)));
  }

  /** The one object for all expressions equal to `expr`, whose operands are such objects. */
  canonical(expr: Expr): Expr {
    const number = this.#numbers.of(expr);
    const first = this.#byNumber.get(number);
    if (first !== undefined) return first;
    this.#byNumber.set(number, expr);
    return expr;
  }

  isCanonical(expr: Expr): boolean {
    return this.#byNumber.get(this.#numbers.of(expr)) === expr;
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
      // Its text names the operand twice.
      if (expr.kind === 'apply' && expr.op === 'relu') for (const child of expr.args) count(child);
    }
    const named = new Set<Expr>();
    const nodes = new Map<Expr, number>();
    for (const expr of order) {
      const size = (child: Expr): number => (named.has(child) ? 1 : (nodes.get(child) ?? 1));
      const total = (): number => childrenOf(expr).reduce((n, child) => n + size(child), 1);
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
  const values = expr.args.map((arg) => (arg.kind === 'const' ? arg.value : undefined));
  if (!values.every((value) => value !== undefined)) return expr;
  return constant(applyScalar(expr.op, values, expr.dtype, true), expr.dtype);
}

/**
 * When a value is needed: always; or in any of these cases, each a conjunction of literals (`2 * number` for
 * a condition that fails, `2 * number + 1` for one that holds); or in too many cases to tell.
 */
type Need =
  | { readonly kind: 'always' }
  | { readonly kind: 'when'; readonly cases: readonly (readonly number[])[] }
  | { readonly kind: 'unknown' };

const ALWAYS: Need = { kind: 'always' };
const MOST_CASES = 4;

interface Needs {
  readonly of: (expr: Expr) => Need;
  readonly condition: (literal: number) => Expr | undefined;
}

function needs(roots: readonly Expr[], numbers: ValueNumbers, byNumber: ReadonlyMap<number, Expr>): Needs {
  const known = new Map<Expr, Need>();
  const add = (expr: Expr, need: Need): void => {
    const old = known.get(expr);
    known.set(expr, old === undefined ? need : either(old, need));
  };
  for (const root of roots) add(root, ALWAYS);
  // Operands come before their users in the list: users first.
  for (const expr of subexpressions(...roots).reverse()) {
    const need = known.get(expr) ?? ALWAYS;
    const [condition, x, y] = childrenOf(expr);
    if (expr.kind === 'apply' && expr.op === 'select' && condition && x && y) {
      let [plain, truth] = [condition, 1];
      while (plain.kind === 'apply' && plain.op === 'not' && plain.args[0]) {
        [plain, truth] = [plain.args[0], 1 - truth];
      }
      const literal = 2 * numbers.of(plain);
      add(condition, need);
      add(x, both(need, literal + truth));
      add(y, both(need, literal + 1 - truth));
    } else for (const child of childrenOf(expr)) add(child, need);
  }
  return {
    of: (expr) => known.get(expr) ?? ALWAYS,
    condition: (literal) => byNumber.get(Math.floor(literal / 2)),
  };
}

function both(need: Need, literal: number): Need {
  switch (need.kind) {
    case 'always':
      return { kind: 'when', cases: [[literal]] };
    case 'when': {
      // A case in which the condition fails and holds does not happen.
      const cases = need.cases
        .filter((c) => !c.includes(literal ^ 1))
        .map((c) => (c.includes(literal) ? c : [...c, literal]));
      return cases.length === 0 ? need : { kind: 'when', cases };
    }
    case 'unknown':
      return need;
    default:
      return need satisfies never;
  }
}

function either(a: Need, b: Need): Need {
  if (a.kind === 'always' || b.kind === 'always') return ALWAYS;
  if (a.kind === 'unknown' || b.kind === 'unknown') return { kind: 'unknown' };
  let cases = [...a.cases];
  const queue = [...b.cases];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const item = next;
    if (cases.some((c) => c.every((l) => item.includes(l)))) continue;
    cases = cases.filter((c) => !item.every((l) => c.includes(l)));
    // x and c, or x and not c: x.
    const partner = cases.find(
      (c) => c.length === item.length && c.filter((l) => !item.includes(l)).length === 1 && opposite(c, item),
    );
    if (partner === undefined) {
      cases.push(item);
      continue;
    }
    cases = cases.filter((c) => c !== partner);
    const rest = item.filter((l) => partner.includes(l));
    if (rest.length === 0) return ALWAYS;
    queue.push(rest);
  }
  return cases.length > MOST_CASES ? { kind: 'unknown' } : { kind: 'when', cases };
}

/** Whether one literal of `b` is missing in `a`, and `a` has its opposite. */
function opposite(a: readonly number[], b: readonly number[]): boolean {
  const own = b.filter((l) => !a.includes(l));
  return own.length === 1 && own[0] !== undefined && a.includes(own[0] ^ 1);
}

/** Rewrites loads to flat, safe indices; one for each statement. */
class Flattening {
  readonly #parent: Evaluations;
  readonly #offset: (tensor: Tensor) => number;
  readonly #needs: Needs;
  readonly #scope: KernelScope;
  readonly #done = new Map<Expr, Expr>();
  readonly #open = new Set<Expr>();

  constructor(parent: Evaluations, offset: (tensor: Tensor) => number, needs: Needs, scope: KernelScope) {
    this.#parent = parent;
    this.#offset = offset;
    this.#needs = needs;
    this.#scope = scope;
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
    return this.#tree(
      withChildren(
        expr,
        childrenOf(expr).map((child) => this.of(child)),
      ),
    );
  }

  #load(load: Load): Expr {
    const offset = this.#offset(load.tensor);
    const index = this.#tree(
      flatIndex(
        load.tensor,
        load.at.map((i) => this.of(i)),
        offset,
      ),
    );
    return this.#parent.canonical({ ...load, at: [this.#safe(load, index, offset)] });
  }

  #safe(load: Load, index: Expr, offset: number): Expr {
    const need = this.#needs.of(load);
    if (need.kind === 'always' || index.kind === 'const' || this.#inRange(load)) return index;
    const guard = need.kind === 'when' ? this.#condition(need.cases) : undefined;
    if (guard !== undefined) return this.#tree(apply('select', guard, index, int(0)));
    // The rows of `data` are counted at run time only; WGSL itself keeps reads inside of a binding.
    if (load.tensor.role === 'data') return index;
    const size = load.tensor.shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
    return this.#tree(apply('min', apply('max', index, int(offset)), int(offset + Math.max(0, size - 1))));
  }

  #inRange(load: Load): boolean {
    return load.at.every((index, d) => {
      if (d === 0 && load.tensor.role === 'data') return false;
      const { low, high } = this.#scope.range(index);
      return low >= 0 && high < extentOf(load.tensor.shape[d] ?? 0);
    });
  }

  /** The condition of a need; undefined where it reads what it should guard. */
  #condition(cases: readonly (readonly number[])[]): Expr | undefined {
    const any: Expr[] = [];
    for (const literals of cases) {
      const all: Expr[] = [];
      for (const literal of literals) {
        const condition = this.#needs.condition(literal);
        if (condition === undefined || subexpressions(condition).some((e) => this.#open.has(e))) {
          return undefined;
        }
        const safe = this.of(condition);
        all.push(literal % 2 === 1 ? safe : apply('not', safe));
      }
      any.push(all.reduce((a, b) => apply('and', a, b)));
    }
    return any.reduce((a, b) => apply('or', a, b));
  }

  /** The canonical object of an expression that was just built over canonical ones. */
  #tree(expr: Expr): Expr {
    if (expr.kind !== 'apply') return this.#parent.canonical(expr);
    if (this.#parent.isCanonical(expr)) return expr;
    const args = expr.args.map((arg) => this.#tree(arg));
    return this.#parent.canonical(foldConstants({ ...expr, args } satisfies Apply));
  }
}

/** The row-major element number at `at`, plus `offset`; constants gathered at the end. */
export function flatIndex(tensor: Tensor, at: readonly Expr[], offset: number): Expr {
  let [sum, rest]: [Expr | undefined, number] = [undefined, offset];
  let stride = 1;
  const terms: Expr[] = [];
  for (let d = at.length - 1; d >= 0; d--) {
    let extent = extentOf(tensor.shape[d] ?? 1);
    let index = at[d];
    // A dimension that was split in two, and is read at the quotient and the remainder of one number, is whole again.
    let whole = splitNumber(at[d - 1], index, extent);
    while (whole !== undefined) {
      index = whole;
      d--;
      extent *= extentOf(tensor.shape[d] ?? 1);
      whole = splitNumber(at[d - 1], index, extent);
    }
    // The only index of an extent of one is 0; the first of `data` may be any row.
    const fixed = extent === 1 && !(d === 0 && tensor.role === 'data');
    if (index !== undefined && !fixed) {
      if (index.kind === 'apply' && index.op === 'add' && index.args[1]?.kind === 'const') {
        rest += index.args[1].value * stride;
        index = index.args[0];
      }
      if (index?.kind === 'const') rest += index.value * stride;
      else if (index !== undefined) terms.unshift(stride === 1 ? index : apply('mul', index, int(stride)));
    }
    stride *= extent;
  }
  for (const term of terms) sum = sum === undefined ? term : apply('add', sum, term);
  if (sum === undefined) return int(rest);
  if (rest === 0) return sum;
  return rest > 0 ? apply('add', sum, int(rest)) : apply('sub', sum, int(-rest));
}

/**
 * The number that two indices are the quotient and the remainder of by `extent`, if they are; where the quotient is a
 * remainder itself, the remainder of that number by both.
 */
function splitNumber(outer: Expr | undefined, inner: Expr | undefined, extent: number): Expr | undefined {
  const [rest, quotient] = [dividedBy(inner, 'mod'), dividedBy(outer, 'idiv')];
  if (rest?.by !== extent) return undefined;
  if (quotient !== undefined) return quotient.by === extent && quotient.of === rest.of ? rest.of : undefined;
  const above = dividedBy(outer, 'mod');
  const part = dividedBy(above?.of, 'idiv');
  if (above === undefined || part?.by !== extent || part.of !== rest.of) return undefined;
  return apply('mod', rest.of, int(extent * above.by));
}

/** What is divided by which constant; undefined where nothing is. */
function dividedBy(
  expr: Expr | undefined,
  op: 'idiv' | 'mod',
): { readonly of: Expr; readonly by: number } | undefined {
  if (expr?.kind !== 'apply' || expr.op !== op) return undefined;
  const [of, by] = expr.args;
  return of !== undefined && by?.kind === 'const' ? { of, by: by.value } : undefined;
}
