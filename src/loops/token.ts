import { shortestFloat } from './float32.ts';
import type { ScalarOp } from './scalar.ts';

/** Text that is not in the loop language: where and why. Lines and columns count from 1. */
export class LoopTextError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(`${line}:${column}: ${message}`);
    this.name = 'LoopTextError';
    this.line = line;
    this.column = column;
  }
}

/** A word of the text form. A quoted name has its text unquoted. */
export interface Token {
  readonly kind: 'name' | 'number' | 'symbol' | 'newline' | 'end';
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
  readonly column: number;
}

const PATTERN =
  /(?<space>[ \t\r]+|#[^\n]*)|(?<newline>\n)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<name>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uf]?)|(?<symbol><=|==|!=|&&|\|\||\/\/|[()[\],:=+\-*/%<!.$@])/y;

/** Cuts text into tokens; `#` starts a comment. Throws LoopTextError at a character that starts none. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  let line = 1;
  let lineStart = 0;
  const push = (kind: Token['kind'], part: string, at: number, quoted = false): void => {
    tokens.push({ kind, text: part, quoted, line, column: at - lineStart + 1 });
  };
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) {
      throw new LoopTextError(`unexpected ${JSON.stringify(text[at])}`, line, at - lineStart + 1);
    }
    const { newline, string, name, number, symbol } = groups;
    if (string !== undefined) push('name', unquote(string, line, at - lineStart + 1), at, true);
    else if (name !== undefined) push('name', name, at);
    else if (number !== undefined) push('number', number, at);
    else if (symbol !== undefined) push('symbol', symbol, at);
    else if (newline !== undefined) {
      push('newline', 'end of line', at);
      line++;
      lineStart = pattern.lastIndex;
    }
  }
  push('end', 'end of text', text.length);
  return tokens;
}

function unquote(string: string, line: number, column: number): string {
  try {
    return String(JSON.parse(string));
  } catch {
    throw new LoopTextError(`${string} is not a quoted name`, line, column);
  }
}

const KEYWORDS = new Set(
  'tensor axis param loop partial from at reduce live over prologue group dispatch true false inf nan'.split(
    ' ',
  ),
);

/** A name as it stands in text: bare where it can be, else quoted as JSON. */
export function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name) && !/^r\d+$/.test(name)
    ? name
    : JSON.stringify(name);
}

/**
 * A constant as text, bit for bit: `7` is i32, `7u` is u32, `true` is bool; a number with a point or an
 * exponent is f32. The suffix `f` rounds a decimal to float32, so that `0.1f` is the float32 nearest to 0.1
 * and `0.1` the float64.
 */
export function constantText(value: number, dtype: string): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  if (dtype === 'u32') return `${value}u`;
  if (dtype !== 'f32') return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0.0';
  if (Math.fround(value) === value) {
    const short = shortestFloat(value);
    if (short !== value) return `${short}f`;
  }
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * The operators of the text form and how tightly they bind; all associate to the left. Every other
 * operation is written as a call, `select(c, x, y)`, and a cast as a call of its type, `f32(x)`.
 */
export const infixOperators = {
  or: { symbol: '||', level: 1 },
  and: { symbol: '&&', level: 2 },
  eq: { symbol: '==', level: 3 },
  ne: { symbol: '!=', level: 3 },
  lt: { symbol: '<', level: 4 },
  le: { symbol: '<=', level: 4 },
  add: { symbol: '+', level: 5 },
  sub: { symbol: '-', level: 5 },
  mul: { symbol: '*', level: 6 },
  div: { symbol: '/', level: 6 },
  idiv: { symbol: '//', level: 6 },
  mod: { symbol: '%', level: 6 },
} as const satisfies Partial<Record<ScalarOp, { symbol: string; level: number }>>;
