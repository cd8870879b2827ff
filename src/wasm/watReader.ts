/** Reads the text form of WebAssembly word by word: parentheses, words and strings, with comments and blanks between them. */
export class WatReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether a parenthesis opens here: then it is passed. */
  opens(): boolean {
    this.#skip();
    if (this.#text.charCodeAt(this.#at) !== OPEN) return false;
    this.#at++;
    return true;
  }

  /** Whether `(keyword` stands here: then it is passed. */
  opensWith(keyword: string): boolean {
    this.#skip();
    const end = this.#at + 1 + keyword.length;
    if (this.#text.charCodeAt(this.#at) !== OPEN || !this.#text.startsWith(keyword, this.#at + 1))
      return false;
    if (!isEnd(this.#text.charCodeAt(end))) return false;
    this.#at = end;
    return true;
  }

  /** Whether a parenthesis closes here: then it is passed. */
  closes(): boolean {
    this.#skip();
    if (this.#text.charCodeAt(this.#at) !== CLOSE) return false;
    this.#at++;
    return true;
  }

  /** Passes `(keyword`. @throws RangeError where something else stands */
  open(keyword: string): void {
    if (!this.opensWith(keyword)) throw this.error(`(${keyword} is missing`);
  }

  /** Passes a parenthesis that closes. @throws RangeError where something else stands */
  close(): void {
    if (!this.closes()) throw this.error('a parenthesis that closes is missing');
  }

  /** The next word. @param expected what it has to be @throws RangeError where there is none, or another */
  word(expected?: string): string {
    this.#skip();
    const start = this.#at;
    while (!isEnd(this.#text.charCodeAt(this.#at))) this.#at++;
    const word = this.#text.slice(start, this.#at);
    if (word === '' || (expected !== undefined && word !== expected))
      throw this.error(`${expected ?? 'a word'} is missing`);
    return word;
  }

  /** The next word, if it is a name, with its `$`. */
  name(): string | undefined {
    this.#skip();
    return this.#text.charCodeAt(this.#at) === DOLLAR ? this.word() : undefined;
  }

  /** The next word as a whole number, decimal or hexadecimal. @throws RangeError where it is none of 32 bits */
  integer(): number {
    const word = this.word();
    const value = Number(word);
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
      throw this.error(`${word} is not a whole number of 32 bits`);
    return value;
  }

  /** The whole number after `prefix`, if the next word begins with that; else 0. */
  after(prefix: string): number {
    this.#skip();
    if (!this.#text.startsWith(prefix, this.#at)) return 0;
    this.#at += prefix.length;
    return this.integer();
  }

  /** A string without escapes. @throws RangeError where there is none */
  string(): string {
    this.#skip();
    const end = this.#text.indexOf('"', this.#at + 1);
    if (this.#text.charCodeAt(this.#at) !== QUOTE || end < 0) throw this.error('a string is missing');
    const string = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return string;
  }

  /** What is wrong, and in which line. */
  error(what: string): RangeError {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new RangeError(`line ${line} of a module's text: ${what}`);
  }

  #skip(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c === SPACE || c === NEWLINE) this.#at++;
      else if (c === SEMICOLON) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else return;
    }
  }
}

const [NEWLINE, SPACE, QUOTE, DOLLAR, OPEN, CLOSE, SEMICOLON] = [10, 32, 34, 36, 40, 41, 59];

/** Whether a character ends a word; NaN stands for the end of the text. */
function isEnd(c: number): boolean {
  return c === SPACE || c === CLOSE || c === NEWLINE || c === OPEN || Number.isNaN(c);
}
