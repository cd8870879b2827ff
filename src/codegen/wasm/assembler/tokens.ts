/** Parentheses, strings, comments up to the end of a line, and words. */
const TOKEN = /[()]|"[^"]*"|;;[^\n]*|[^\s()"]+/g;

const typeBytes: ReadonlyMap<string, number> = new Map([
  ['i32', 0x7f],
  ['i64', 0x7e],
  ['f32', 0x7d],
  ['f64', 0x7c],
  ['v128', 0x7b],
]);

/** The tokens of a module's text, read one after the other; comments are none. */
export class Tokens {
  readonly #all: readonly string[];
  /** The next token. */
  at = 0;

  constructor(text: string) {
    this.#all = text.match(TOKEN) ?? [];
  }

  /** The next token; empty at the end. */
  peek(): string {
    let token = this.#all[this.at];
    while (token?.startsWith(';;') === true) token = this.#all[++this.at];
    return token ?? '';
  }

  next(): string {
    const token = this.peek();
    this.at++;
    return token;
  }

  /** Whether the next token is a word, as what an instruction takes is. */
  isWord(): boolean {
    const token = this.peek();
    return token !== '(' && token !== ')' && token !== '';
  }

  /** Reads a token, if it is the next. */
  takes(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }

  /** Reads a token. @throws RangeError where another comes */
  expect(token: string): void {
    if (!this.takes(token)) throw this.unexpected(token);
  }

  /** Goes into a form of this name, `(name …`, if it is the next. */
  enters(name: string): boolean {
    if (this.peek() !== '(' || this.#all[this.at + 1] !== name) return false;
    this.at += 2;
    return true;
  }

  /** Leaves the form that was entered last, whatever is in it. */
  leave(): void {
    for (let depth = 1; depth > 0; ) {
      const token = this.next();
      if (token === '') throw this.unexpected(')');
      depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    }
  }

  /** Whether a name is the next token. */
  isName(): boolean {
    return this.peek().startsWith('$');
  }

  /** Reads a name that is new, and numbers it. @throws RangeError where it is there already */
  declare(names: Map<string, number>, index: number): void {
    if (!this.isName() || names.has(this.peek())) throw this.unexpected('a new name');
    names.set(this.next(), index);
  }

  /** Reads a name. @returns its number */
  index(names: ReadonlyMap<string, number>): number {
    const index = names.get(this.peek());
    if (index === undefined) throw this.unexpected('a name that was declared');
    this.at++;
    return index;
  }

  /** Reads a type of values. @returns its byte */
  type(): number {
    const type = typeBytes.get(this.peek());
    if (type === undefined) throw this.unexpected('a type');
    this.at++;
    return type;
  }

  /** Reads a string. @returns its letters, of which each is one byte */
  string(): string {
    const token = this.peek();
    if (!/^"[ -[\]-~]*"$/.test(token)) throw this.unexpected('a string of ASCII letters');
    this.at++;
    return token.slice(1, -1);
  }

  /** Reads an integer of 32 bits, signed or not. */
  integer(): number {
    const token = this.peek();
    const value = Number(token);
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
      throw this.unexpected('an integer of 32 bits');
    this.at++;
    return value;
  }

  /** Reads a float: decimal, hexadecimal as in `0x1.8p-3`, `inf` or `nan`. */
  float(): number {
    const token = this.peek();
    const value = floatOf(token);
    if (Number.isNaN(value) && token !== 'nan') throw this.unexpected('a number');
    this.at++;
    return value;
  }

  /** What is wrong with the next token. */
  unexpected(expected: string): RangeError {
    const token = this.peek();
    const found = token === '' ? 'the end' : token === '(' ? `(${this.#all[this.at + 1] ?? ''}` : token;
    const before = this.#all.slice(Math.max(0, this.at - 4), this.at).join(' ');
    return new RangeError(`assembler: expected ${expected}, found ${found} after ${before}`);
  }
}

/** A number's value; NaN for another word. */
function floatOf(word: string): number {
  if (word === 'inf' || word === '-inf') return word === 'inf' ? Infinity : -Infinity;
  const hexadecimal = /^(-?)0x([0-9a-f]+)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i.exec(word);
  if (hexadecimal === null) return Number(word);
  const [, sign, whole = '', fraction = '', exponent = '0'] = hexadecimal;
  const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}
