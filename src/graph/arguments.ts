import { type Dtype, isValueOf, wholeNumbers } from '../loops/index.ts';
import { didYouMean } from '../nearest.ts';
import { clipped, listed } from '../runtime/clipped.ts';
import { GraphError, type GraphIssue, ShapeError } from './issues.ts';
import { unprintable } from './printable.ts';

/**
 * Checks at the door: what callers hand over may be anything where nobody checks types, and a mistake should
 * be told where it was written, not surface deep inside.
 */

/** A name or another text as a message quotes it, in quotes. */
export function quoted(text: string): string {
  return JSON.stringify(clipped(text));
}

/** A value as a message shows it: plain values as they are written, others by their kind. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return String(value);
  const kind: unknown = value.constructor?.name;
  return typeof kind === 'string' && kind !== '' && kind !== 'Object'
    ? `an object (${clipped(kind)})`
    : 'an object';
}

/** A list as a message shows it, `[1, "a"]`; other values as `shown` shows them. */
export function listText(value: unknown): string {
  return Array.isArray(value) ? `[${listed(value.map(shown))}]` : shown(value);
}

/**
 * Requires an object of named options, and no other names than the known ones.
 *
 * @throws GraphError listing the options that there are
 */
export function requireOptions(op: string, options: unknown, known: readonly string[]): void {
  const list = `the options are ${known.join(', ')}`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new GraphError('option', op, `options must be an object, not ${shown(options)}: ${list}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new GraphError(
      'option',
      op,
      `there is no option ${quoted(unknown)}${didYouMean(unknown, known)}: ${list}`,
    );
}

/** Requires one of some words. @throws GraphError listing them */
export function requireOneOf(op: string, name: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  const hint = typeof value === 'string' ? didYouMean(value, words) : '';
  const text = `${name} is ${shown(value)}${hint}: it must be one of ${words.join(', ')}`;
  throw new GraphError('option', op, text);
}

/** Requires a number of which something holds. @throws GraphError saying what it must be */
export function requireOption(
  op: string,
  name: string,
  value: unknown,
  holds: boolean,
  wanted: string,
): void {
  if (typeof value === 'number' && holds) return;
  throw new GraphError('option', op, `${name} is ${shown(value)}: it must be ${wanted}`);
}

/** Requires true or false. @throws GraphError for what only counts as such */
export function requireFlag(op: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new GraphError('option', op, `${name} is ${shown(value)}: it must be true or false`);
}

/** Requires a list of numbers such as a shape. @throws ShapeError of a code, saying what was given */
export function requireList(code: GraphIssue, op: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new ShapeError(code, op, `${name} must be a list such as [2, 3], not ${shown(value)}`);
}

/**
 * Requires given values to be numbers of a type, in a list or typed array.
 *
 * @param name of what they are for, where it has one
 * @throws GraphError naming the first other
 */
export function requireNumbers(op: string, values: unknown, dtype: Dtype, name?: string): void {
  const label = name === undefined ? '' : `${quoted(name)}: `;
  if (!isArrayLike(values)) {
    throw new GraphError('values', op, `${label}values must be a list of numbers, not ${shown(values)}`);
  }
  for (let k = 0; k < values.length; k++) {
    const wanted = misfit(values[k], dtype);
    if (wanted === undefined) continue;
    throw new GraphError('values', op, `${label}value ${k} is ${shown(values[k])}: values must be ${wanted}`);
  }
}

/** What values of a type are, where something is not one of them. */
export function misfit(value: unknown, dtype: Dtype): string | undefined {
  if (typeof value !== 'number') return 'numbers';
  if (dtype === 'f32' || isValueOf(dtype, value)) return undefined;
  const [low, high] = wholeNumbers[dtype];
  return `whole numbers from ${low} to ${high} (${dtype})`;
}

/**
 * Requires a name that a declaration, entry or output can have. Programs hold what is named in plain objects,
 * as JSON does, where `__proto__` is no key like others.
 *
 * @param kind what is named, `an input`
 * @throws GraphError saying what is wrong with it
 */
export function requireName(op: string, kind: string, name: unknown): void {
  if (typeof name !== 'string')
    throw new GraphError('name', op, `the name of ${kind} must be a text, not ${shown(name)}`);
  if (name === '') throw new GraphError('name', op, `the name of ${kind} must not be empty`);
  if (name === '__proto__')
    throw new GraphError('name', op, `"__proto__" cannot be the name of ${kind}: it is reserved`);
  requirePrintable(op, kind, name);
}

/** Requires a text that prints as itself. @throws GraphError naming the first character that does not */
export function requirePrintable(op: string, kind: string, name: string): void {
  const found = unprintable.exec(name)?.[0].codePointAt(0);
  if (found === undefined) return;
  const code = found.toString(16).toUpperCase().padStart(4, '0');
  throw new GraphError('name', op, `the name of ${kind} holds U+${code}, which does not print: leave it out`);
}

/** A noun behind its article: `an input`, `a state`. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && 'length' in value && typeof value.length === 'number';
}
