import { type Apply, type Expr, mapExpr, type Tensor, ValueNumbers, varRef } from '../loops/index.ts';
import { type Stmt, statementsIn } from './kernel.ts';

/**
 * What a driver's compiler sees in the floats of a kernel: the expression behind every variable and every element of a
 * private array, and the operations that it might merge.
 *
 * WGSL lets a compiler reassociate floats, and SPIRV-Tools does: `x * y / y` becomes x, `x + 1e8 - 1e8` too, and
 * `x * y + x * z` becomes `x * (y + z)`. Where float32 arithmetic overflows, is NaN or rounds, that is another number.
 * One operand of such a pair is to be hidden. Statements are told in their order.
 */
export class Roundings {
  readonly #numbers = new ValueNumbers();
  /** What variables and private elements hold, without variables that have a known value. */
  readonly #held = new Map<string, Expr>();
  readonly #isPrivate: (tensor: Tensor) => boolean;
  readonly #hidden = new Map<number, HiddenOperand>();
  readonly #chains = new Map<string, Chain>();
  #changes = 0;
  #seen = new Map<Expr, Expr>();

  /** @param isPrivate whether a tensor is an array of one invocation: a driver may keep its elements in registers */
  constructor(isPrivate: (tensor: Tensor) => boolean) {
    this.#isPrivate = isPrivate;
  }

  /** An expression as a driver sees it here. */
  seen(expr: Expr): Expr {
    const held = (e: Expr): Expr => {
      if (e.kind === 'var') return this.#held.get(e.name) ?? e;
      return e.kind === 'load' && this.#isPrivate(e.tensor)
        ? (this.#held.get(this.#place(e.tensor, e.at)) ?? e)
        : e;
    };
    return mapExpr(expr, held, this.#seen);
  }

  /** The operand of a sum, difference, product or quotient that is to be hidden. */
  hiddenOperand(expr: Apply): HiddenOperand {
    const seen = this.seen(expr);
    return seen.kind === 'apply' ? this.#hiddenOf(seen) : undefined;
  }

  /** Notes what a variable holds from here on. */
  holds(name: string, value: Expr): void {
    const seen = this.seen(value);
    // Numbered now: what is deep is so by many statements, each of moderate depth.
    this.#numbers.of(seen);
    this.#held.set(name, seen);
    this.#seen = new Map();
  }

  /** Notes what an element holds from here on. @param index as a load of it has it */
  stores(tensor: Tensor, index: Expr, value: Expr): void {
    if (this.#isPrivate(tensor)) this.holds(this.#place(tensor, [this.seen(index)]), value);
  }

  /** Forgets what statements change: before a loop, a later turn of which sees it, and after what may not run. */
  forget(body: readonly Stmt[]): void {
    for (const stmt of statementsIn(body)) {
      if (stmt.kind === 'assign') {
        this.#held.set(stmt.name, varRef(`${stmt.name} ${this.#changes++}`, stmt.value.dtype));
      } else if (stmt.kind === 'store' && this.#isPrivate(stmt.tensor)) {
        const places = [...this.#held.keys()].filter((place) => place.startsWith(`${stmt.tensor.name}[`));
        for (const place of places) this.#held.delete(place);
      }
    }
    this.#seen = new Map();
  }

  #place(tensor: Tensor, at: readonly Expr[]): string {
    return `${tensor.name}[${at.map((index) => this.#numbers.of(index)).join(' ')}`;
  }

  #hiddenOf(expr: Apply): HiddenOperand {
    const kind = chainKind(expr);
    if (kind === undefined) return undefined;
    const number = this.#numbers.of(expr);
    if (this.#hidden.has(number)) return this.#hidden.get(number);
    const [a, b] = expr.args;
    let hidden: HiddenOperand;
    if (a !== undefined && b !== undefined && this.#merge(expr, kind, a, b))
      hidden = isCompound(a, kind) || !isCompound(b, kind) ? 0 : 1;
    this.#hidden.set(number, hidden);
    return hidden;
  }

  /** Whether a driver might merge the operands of an operation. */
  #merge(expr: Apply, kind: ChainKind, a: Expr, b: Expr): boolean {
    const [left, right] = [this.#chain(a, kind), this.#chain(b, kind)];
    if (left.hasConstant && right.hasConstant) return true;
    const turned = expr.op === 'sub' || expr.op === 'div';
    for (const [term, side] of left.terms) {
      const other = right.terms.get(term) ?? 0;
      // Once plain and once inverted, they cancel.
      if ((side & (turned ? other : inverted(other))) !== 0) return true;
    }
    return kind === 'sum' && this.#haveCommonFactor(a, b);
  }

  /** `x * y + x * z`. */
  #haveCommonFactor(a: Expr, b: Expr): boolean {
    const [x, y] = [withoutSign(a), withoutSign(b)];
    if (x.kind !== 'apply' || y.kind !== 'apply' || x.op !== 'mul' || y.op !== 'mul') return false;
    return x.args.some((p) => y.args.some((q) => this.#numbers.same(withoutSign(p), withoutSign(q))));
  }

  /** The terms of a sum, or the factors of a product, as far as no hidden operand ends it. */
  #chain(expr: Expr, kind: ChainKind): Chain {
    const e = withoutSign(expr);
    const number = this.#numbers.of(e);
    const flips = kind === 'sum' && e !== expr && isNegated(expr);
    const chain = this.#plainChain(e, number, kind);
    return flips ? invertedChain(chain) : chain;
  }

  #plainChain(e: Expr, number: number, kind: ChainKind): Chain {
    if (e.kind === 'const') {
      // Adding zero changes nothing; multiplying by it does.
      return { terms: new Map(), hasConstant: kind === 'product' || e.value !== 0 };
    }
    if (e.kind !== 'apply' || chainKind(e) !== kind) return leaf(number);
    const key = `${kind} ${number}`;
    const known = this.#chains.get(key);
    if (known !== undefined) return known;
    const hidden = this.#hiddenOf(e);
    const parts = e.args.map((arg, k) => {
      // A hidden operand is another value than what it hides.
      const part = k === hidden ? leaf(-1 - this.#numbers.of(arg)) : this.#chain(arg, kind);
      return k === 1 && (e.op === 'sub' || e.op === 'div') ? invertedChain(part) : part;
    });
    const chain = joined(parts);
    this.#chains.set(key, chain);
    return chain;
  }
}

/** Which operand of two is hidden. */
export type HiddenOperand = 0 | 1 | undefined;

/** Sums and differences, or products and quotients: what is reassociated with one another. */
type ChainKind = 'sum' | 'product';

/** What a chain adds or multiplies: by value number, 1 where it stands plain, 2 where inverted, 3 for both. */
interface Chain {
  readonly terms: ReadonlyMap<number, number>;
  readonly hasConstant: boolean;
}

/** Terms of a chain that are looked at: a compiler does not look further, and long sums stay cheap. */
const MOST_TERMS = 16;

function chainKind(expr: Apply): ChainKind | undefined {
  if (expr.dtype !== 'f32') return undefined;
  if (expr.op === 'add' || expr.op === 'sub') return 'sum';
  return expr.op === 'mul' || expr.op === 'div' ? 'product' : undefined;
}

function isCompound(expr: Expr, kind: ChainKind): boolean {
  const e = withoutSign(expr);
  return e.kind === 'apply' && chainKind(e) !== undefined && (kind === 'sum' || chainKind(e) === kind);
}

function leaf(number: number): Chain {
  return { terms: new Map([[number, 1]]), hasConstant: false };
}

function inverted(sides: number): number {
  return ((sides & 1) << 1) | (sides >> 1);
}

function invertedChain({ terms, hasConstant }: Chain): Chain {
  return { terms: new Map([...terms].map(([term, sides]) => [term, inverted(sides)])), hasConstant };
}

function joined(parts: readonly Chain[]): Chain {
  const terms = new Map<number, number>();
  // The last operand is the nearest one in a chain that grows to the left.
  for (const part of [...parts].reverse()) {
    for (const [term, sides] of part.terms) {
      if (terms.size >= MOST_TERMS && !terms.has(term)) break;
      terms.set(term, (terms.get(term) ?? 0) | sides);
    }
  }
  return { terms, hasConstant: parts.some((part) => part.hasConstant) };
}

/** Without negations around it. */
function withoutSign(expr: Expr): Expr {
  let e = expr;
  while (e.kind === 'apply' && e.op === 'neg' && e.args[0] !== undefined) e = e.args[0];
  return e;
}

function isNegated(expr: Expr): boolean {
  let [e, negated] = [expr, false];
  while (e.kind === 'apply' && e.op === 'neg' && e.args[0] !== undefined)
    [e, negated] = [e.args[0], !negated];
  return negated;
}
