import { clipped } from '../runtime/clipped.ts';
import { GraphError } from './issues.ts';

/** Reads one line of the text form from left to right; blanks between words mean nothing. */
export class Cursor {
  readonly #text: string;
  readonly #line: number;
  #at = 0;
  /** Where the last word that was taken begins. */
  #word = 0;

  /** @param line number of the line, from 1, for messages */
  constructor(text: string, line: number) {
    this.#text = text;
    this.#line = line;
  }

  /** Takes a word or sign if it comes next. */
  accept(word: string): boolean {
    const found =
      this.looksAt(word) && !(/\w$/.test(word) && /\w/.test(this.#text[this.#at + word.length] ?? ''));
    if (found) this.#at += word.length;
    return found;
  }

  expect(word: string): void {
    if (!this.accept(word)) this.fail(`'${word}'`);
  }

  /** Whether a sign comes next. */
  looksAt(sign: string): boolean {
    this.#skipBlanks();
    return this.#text.startsWith(sign, this.#at);
  }

  looksAtName(): boolean {
    this.#skipBlanks();
    return /[A-Za-z_"]/.test(this.#text[this.#at] ?? '');
  }

  /** A name, in quotes where it does not look like one. */
  name(): string {
    return this.looksAt('"') ? this.string() : this.#take(/[A-Za-z_][A-Za-z0-9_]*/y, 'a name');
  }

  /** A text in quotes, as in JSON. */
  string(): string {
    const quoted = this.#take(/"(?:[^"\\]|\\.)*"/y, 'a text in quotes');
    try {
      return String(JSON.parse(quoted));
    } catch {
      return this.refuse('a text in quotes, escaped as in JSON');
    }
  }

  /** A node's number, `%12`. */
  reference(): string {
    return this.#take(/%\d+/y, 'a node (%0)');
  }

  number(): number {
    return this.numberNamed(this.#take(/-?(?:inf|nan|\d+(?:\.\d+)?(?:e[+-]?\d+)?)/y, 'a number'));
  }

  /** The number that a word means: `nan`, `inf`, `-inf`, or digits. */
  numberNamed(word: string): number {
    switch (word) {
      case 'nan':
        return Number.NaN;
      case 'inf':
        return Number.POSITIVE_INFINITY;
      case '-inf':
        return Number.NEGATIVE_INFINITY;
      default: {
        const value = Number(word);
        return Number.isNaN(value) ? this.refuse(`a number, not ${clipped(word)}`) : value;
      }
    }
  }

  /** Items between brackets, with commas between them. */
  list<T>(open: string, close: string, item: () => T): T[] {
    this.expect(open);
    const items: T[] = [];
    while (!this.accept(close)) {
      if (items.length > 0) this.expect(',');
      items.push(item());
    }
    return items;
  }

  /** Requires that nothing is left of the line. */
  end(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) this.fail('the end of the line');
  }

  /** @throws GraphError saying what should stand here */
  fail(wanted: string): never {
    this.#skipBlanks();
    throw new GraphError('parse', 'parse', `line ${this.#line}, column ${this.#at + 1}: expected ${wanted}`);
  }

  /** Refuses the word that was taken last. @throws GraphError saying what should stand in its place */
  refuse(wanted: string): never {
    this.#at = this.#word;
    return this.fail(wanted);
  }

  #take(pattern: RegExp, wanted: string): string {
    this.#skipBlanks();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.fail(wanted);
    this.#word = this.#at;
    this.#at += found.length;
    return found;
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }
}
