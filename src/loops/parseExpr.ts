import type { Dtype } from './dtype.ts';
import {
  type Axis,
  apply,
  axisRef,
  constant,
  type Expr,
  int,
  liveExtent,
  load,
  type Param,
  paramRef,
  partsOf,
  type Tensor,
  varRef,
} from './expr.ts';
import { type ScalarOp, scalarOps } from './scalar.ts';
import type { Size } from './size.ts';
import { infixOperators, LoopTextError, type Token, tokenize } from './token.ts';

/** What an expression's text may name. */
export interface ExprScope {
  readonly axes?: ReadonlyMap<string, Axis>;
  readonly tensors?: ReadonlyMap<string, Tensor>;
  readonly params?: ReadonlyMap<string, Param>;
  /** Expressions that `%n` stands for. */
  readonly shared?: ReadonlyMap<number, Expr>;
  /** The accumulator `rK.part`. */
  readonly acc?: (reduction: number, part: number) => Expr | undefined;
  /** Any other name, such as a pattern's variable. */
  readonly other?: (name: string) => Expr | undefined;
}

/** An expression from its text (see `printExpr`). Throws LoopTextError. */
export function parseExpr(text: string, scope: ExprScope = {}): Expr {
  const parser = new ExprParser(tokenize(text), scope);
  const expr = parser.expression();
  if (!parser.atEnd()) parser.fail('expected the end of the expression');
  return expr;
}

const DTYPES: readonly Dtype[] = ['f32', 'i32', 'u32', 'bool', 'u8'];
const levels: readonly (readonly [ScalarOp, string])[][] = [1, 2, 3, 4, 5, 6].map((level) =>
  (Object.keys(infixOperators) as (keyof typeof infixOperators)[])
    .filter((op) => infixOperators[op].level === level)
    .map((op) => [op, infixOperators[op].symbol] as const),
);

/** A parser by recursive descent over tokens; the parser of loops builds on it. */
export class ExprParser {
  protected scope: ExprScope;
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[], scope: ExprScope) {
    this.#tokens = tokens;
    this.scope = scope;
  }

  expression(level = 0): Expr {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.expression(level + 1);
    for (;;) {
      const token = this.peek();
      const found = operators.find(([, symbol]) => token.kind === 'symbol' && token.text === symbol);
      if (found === undefined) return left;
      this.next();
      const right = this.expression(level + 1);
      left = this.#applied(found[0], [left, right], token);
    }
  }

  /** A constant alone, with its sign. */
  literal(): Extract<Expr, { kind: 'const' }> {
    const token = this.peek();
    const expr = this.#unary();
    if (expr.kind !== 'const') return this.fail('expected a constant', token);
    return expr;
  }

  peek(): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)];
    if (token === undefined) throw new LoopTextError('no text', 1, 1);
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#position++;
    return token;
  }

  atEnd(): boolean {
    return this.peek().kind === 'end';
  }

  atWord(...words: readonly string[]): boolean {
    const token = this.peek();
    return token.kind === 'name' && !token.quoted && words.includes(token.text);
  }

  acceptWord(word: string): boolean {
    if (!this.atWord(word)) return false;
    this.next();
    return true;
  }

  atSymbol(symbol: string): boolean {
    const token = this.peek();
    return token.kind === 'symbol' && token.text === symbol;
  }

  accept(symbol: string): boolean {
    if (!this.atSymbol(symbol)) return false;
    this.next();
    return true;
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) this.fail(`expected ${symbol}`);
  }

  skipLines(): void {
    while (this.peek().kind === 'newline') this.next();
  }

  endLine(): void {
    if (this.peek().kind !== 'newline' && !this.atEnd()) this.fail('expected the end of the line');
  }

  /** Items with commas between them, up to the closing symbol, which is read too. */
  list<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.accept(close)) return items;
    do items.push(item());
    while (this.accept(','));
    this.expect(close);
    return items;
  }

  name(what: string): string {
    if (this.peek().kind !== 'name') this.fail(`expected the name of ${what}`);
    return this.next().text;
  }

  newName(taken: ReadonlyMap<string, unknown>, what: string): string {
    const token = this.peek();
    const name = this.name(`a ${what}`);
    if (taken.has(name)) this.fail(`${what} ${name} is declared twice`, token);
    return name;
  }

  named<T>(declared: ReadonlyMap<string, T>, what: string): T {
    const token = this.peek();
    const name = this.name(`a declared ${what}`);
    return declared.get(name) ?? this.fail(`no ${what} ${name} is declared`, token);
  }

  oneOf<T extends string>(words: readonly T[], what: string): T {
    const token = this.peek();
    const found = token.kind === 'name' ? words.find((word) => word === token.text) : undefined;
    if (found === undefined) return this.fail(`expected ${what}: one of ${words.join(', ')}`);
    this.next();
    return found;
  }

  dtype(): Dtype {
    return this.oneOf(DTYPES, 'a type');
  }

  integer(): number {
    const token = this.peek();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) this.fail('expected an integer');
    return Number(this.next().text);
  }

  fail(message: string, token: Token = this.peek()): never {
    const found = token === this.peek() ? `, found ${JSON.stringify(token.text)}` : '';
    throw new LoopTextError(`${message}${found}`, token.line, token.column);
  }

  protected size(): Size {
    const name = this.name('a size');
    this.expect('<=');
    return { name, max: this.integer() };
  }

  #unary(): Expr {
    const token = this.peek();
    if (this.accept('!')) return this.#applied('not', [this.#unary()], token);
    if (!this.accept('-')) return this.#primary();
    const operand = this.peek();
    if (operand.kind === 'number' || this.atWord('inf')) {
      const value = this.#primary();
      if (value.kind === 'const' && value.dtype !== 'u32') return constant(-value.value, value.dtype);
      this.fail('an unsigned constant has no sign', operand);
    }
    return this.#applied('neg', [this.#unary()], token);
  }

  #primary(): Expr {
    const token = this.next();
    if (token.kind === 'number') return numberOf(token.text);
    if (token.kind === 'symbol') {
      switch (token.text) {
        case '(': {
          const expr = this.expression();
          this.expect(')');
          return expr;
        }
        case '%': {
          const number = this.integer();
          return this.scope.shared?.get(number) ?? this.fail(`%${number} is not defined above`, token);
        }
        case '$':
          return paramRef(this.named(this.scope.params ?? new Map(), 'parameter'));
        case '@': {
          const name = this.name('a variable');
          this.expect(':');
          return varRef(name, this.dtype());
        }
        default:
      }
    }
    if (token.kind !== 'name') return this.fail('expected an expression', token);
    return this.#named(token);
  }

  #named(token: Token): Expr {
    const { text, quoted } = token;
    if (this.accept('[')) {
      const tensor = this.scope.tensors?.get(text);
      if (tensor === undefined) return this.fail(`no tensor ${text} is declared`, token);
      const at = this.list(']', () => this.expression());
      return this.#built(() => load(tensor, at), token);
    }
    if (!quoted && this.accept('(')) return this.#call(text, token);
    if (!quoted) {
      if (text === 'true' || text === 'false') return constant(text === 'true' ? 1 : 0, 'bool');
      if (text === 'inf') return constant(Infinity, 'f32');
      if (text === 'nan') return constant(Number.NaN, 'f32');
      if (/^r\d+$/.test(text) && this.accept('.')) {
        const [reduction, part] = [Number(text.slice(1)), this.integer()];
        const acc = this.scope.acc?.(reduction, part);
        return acc ?? this.fail(`no accumulator r${reduction}.${part} here`, token);
      }
    }
    const axis = this.scope.axes?.get(text);
    if (axis !== undefined) return axisRef(axis);
    return this.scope.other?.(text) ?? this.fail(`no axis ${text} is declared`, token);
  }

  #call(callee: string, token: Token): Expr {
    if (callee === 'live') {
      const size = this.size();
      this.expect(')');
      return liveExtent(size);
    }
    const args = this.list(')', () => this.expression());
    if (callee === 'parts') return this.#built(() => partsOf(args), token);
    const dtype = DTYPES.find((d) => d === callee);
    if (dtype !== undefined) {
      if (args.length !== 1) this.fail(`a cast to ${dtype} takes one operand`, token);
      return { kind: 'apply', op: 'cast', args, dtype };
    }
    const op = (Object.keys(scalarOps) as ScalarOp[]).find((o) => o === callee);
    if (op === undefined) return this.fail(`no operation ${callee}`, token);
    return this.#applied(op, args, token);
  }

  #applied(op: ScalarOp, args: readonly Expr[], token: Token): Expr {
    if (op === 'cast') return this.fail('a cast is written as a call of its type, f32(x)', token);
    return this.#built(() => apply(op, ...args), token);
  }

  /** Type errors of the builders, at their place in the text. */
  #built(build: () => Expr, token: Token): Expr {
    try {
      return build();
    } catch (error) {
      if (error instanceof TypeError) return this.fail(error.message, token);
      throw error;
    }
  }
}

function numberOf(text: string): Expr {
  if (text.endsWith('u')) return constant(Number(text.slice(0, -1)), 'u32');
  if (text.endsWith('f')) return constant(Math.fround(Number(text.slice(0, -1))), 'f32');
  return /[.e]/i.test(text) ? constant(Number(text), 'f32') : int(Number(text));
}
