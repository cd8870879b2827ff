import { quoted } from '../arguments.ts';
import { GraphError } from '../issues.ts';

/** What an einsum's equation says: the labels of each operand's axes, and those of the result where it names them. */
export interface Equation {
  readonly terms: readonly (readonly string[])[];
  readonly result?: readonly string[];
}

/** The label of all axes that have no letter. */
export const ELLIPSIS = '...';

/**
 * An equation such as `bij,bjk->bik`: a letter an axis, at most one ellipsis a term; spaces do not count.
 *
 * @param operands how many there are
 * @throws GraphError `equation` saying what cannot be read or does not fit
 */
export function parseEquation(equation: string, operands: number): Equation {
  const [left = '', right, ...more] = equation.split('->');
  if (more.length > 0) throw wrong(equation, 'has more than one ->');
  const terms = left.split(',').map((text) => termOf(equation, text));
  if (terms.length !== operands) {
    throw wrong(
      equation,
      `has ${counted(terms.length, 'operand')}, and ${operands} ${operands === 1 ? 'is' : 'are'} given`,
    );
  }
  if (right === undefined) return { terms };
  const result = termOf(equation, right);
  const named = new Set(terms.flat());
  for (const [k, label] of result.entries()) {
    if (label === ELLIPSIS) continue;
    if (result.indexOf(label) < k) throw wrong(equation, `${nameOf(label)} stands twice in the result`);
    if (!named.has(label)) throw wrong(equation, `${nameOf(label)} of the result is in no operand`);
  }
  return { terms, result };
}

/** A label in a message. */
export function nameOf(label: string): string {
  return /[A-Za-z]/.test(label) ? `letter ${label}` : `axis -${Number(label) + 1} of the ellipsis`;
}

function termOf(equation: string, text: string): string[] {
  const labels: string[] = text.replaceAll(/\s/g, '').match(/\.\.\.|./gu) ?? [];
  const strange = labels.find((label) => label !== ELLIPSIS && !/^[A-Za-z]$/.test(label));
  if (strange !== undefined)
    throw wrong(equation, `${quoted(strange)} is not a letter from a to z or A to Z, nor an ellipsis`);
  if (labels.indexOf(ELLIPSIS) !== labels.lastIndexOf(ELLIPSIS))
    throw wrong(equation, 'has two ellipses in one term');
  return labels;
}

/** A number of things: `1 axis`, `2 axes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

function wrong(equation: string, text: string): GraphError {
  return new GraphError('equation', 'einsum', `${quoted(equation)}: ${text}`);
}
