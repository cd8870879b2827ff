/** How tightly a piece of a formula holds together: what is looser than its place gets parentheses. */
export type Level = 'choice' | 'comparison' | 'sum' | 'contraction' | 'product' | 'prefix' | 'power' | 'atom';

/** A piece of a formula. */
export interface Term {
  readonly text: string;
  readonly level: Level;
  /** What it is 1 divided by, where it is. */
  readonly reciprocalOf?: Term;
}

const order: readonly Level[] = [
  'choice',
  'comparison',
  'sum',
  'contraction',
  'product',
  'prefix',
  'power',
  'atom',
];

/** A name, a number or a call: it needs no parentheses anywhere. */
export function atom(text: string): Term {
  return { text, level: 'atom' };
}

/** What stands for a part that is left out. */
export const OMITTED: Term = atom('…');

/** The text of a term in a place that takes terms of a level or tighter. */
export function within(term: Term, level: Level): string {
  return order.indexOf(term.level) < order.indexOf(level) ? `(${term.text})` : term.text;
}

/** `f(a, b)`. */
export function call(name: string, ...operands: readonly Term[]): Term {
  return atom(`${name}(${operands.map(({ text }) => text).join(', ')})`);
}

/** Two terms with an operator between: the right one must hold tighter than it where the order matters. */
export function infix(a: Term, operator: string, b: Term, level: Level, isOrdered = false): Term {
  const tighter = order[order.indexOf(level) + 1] ?? 'atom';
  return { text: `${within(a, level)}${operator}${within(b, isOrdered ? tighter : level)}`, level };
}

/** `Σ x`, `−x`. @param least the loosest operand that needs no parentheses */
export function prefix(operator: string, operand: Term, least: Level = 'power'): Term {
  return { text: `${operator}${within(operand, least)}`, level: 'prefix' };
}

/** `xᵀ`, `x²`, `table[i]`. */
export function suffix(operand: Term, operator: string): Term {
  return { text: `${within(operand, 'atom')}${operator}`, level: 'power' };
}

/** A number in few characters, `0.1`, `1e-8`, `−∞`. */
export function numberTerm(value: number): Term {
  if (Number.isNaN(value)) return atom('nan');
  const size = Math.abs(value);
  const text = size === Infinity ? '∞' : shortest(size);
  const isNegative = value < 0 || Object.is(value, -0);
  return isNegative ? { text: `−${text}`, level: 'prefix' } : atom(text);
}

/** Digits of a number that is not whole, at most; what is smaller has an exponent. */
const [DIGITS, LEAST_PLAIN] = [4, 1e-3];

function shortest(size: number): string {
  if (Number.isInteger(size) && size < 1e10) return String(size);
  const rounded = Number(size.toPrecision(DIGITS));
  return (rounded < LEAST_PLAIN ? rounded.toExponential() : String(rounded)).replace('e+', 'e');
}
