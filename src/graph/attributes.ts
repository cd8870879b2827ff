import { type Dim, type Dtype, dimText } from '../loops/index.ts';
import { didYouMean } from '../nearest.ts';
import type { Kernel } from '../runtime/program.ts';
import { quoted, shown } from './arguments.ts';
import { GraphError } from './issues.ts';
import type { Attr, Attrs } from './node.ts';

/** What a state may be to its layer. */
export const KERNELS = ['dense', 'convolution', 'none'] as const satisfies readonly Kernel[];

/** A number attribute. @throws GraphError where it is missing or of another kind, as all readers here do */
export function numberOf(op: string, attrs: Attrs, name: string): number {
  const value = attrs[name];
  return typeof value === 'number' ? value : wrong(op, name, 'a number', value);
}

/** A text attribute. */
export function textOf(op: string, attrs: Attrs, name: string): string {
  const value = attrs[name];
  return typeof value === 'string' ? value : wrong(op, name, 'a text', value);
}

const dtypes: readonly Dtype[] = ['f32', 'i32', 'u32', 'bool', 'u8'];

/** An element type. */
export function dtypeOf(op: string, attrs: Attrs, name = 'dtype'): Dtype {
  return dtypeFrom(op, attrs[name], name);
}

/** An element type that a caller named. @throws GraphError as {@link dtypeOf} */
export function dtypeFrom(op: string, value: unknown, name = 'dtype'): Dtype {
  switch (value) {
    case 'f32':
    case 'i32':
    case 'u32':
    case 'bool':
    case 'u8':
      return value;
    default:
      return wrong(op, name, 'one of f32, i32, u32, bool, u8', value, dtypes);
  }
}

/** A list of whole numbers. */
export function numbersOf(op: string, attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  if (!Array.isArray(value)) return wrong(op, name, 'a list of whole numbers', value);
  return value.map((n: unknown) =>
    Number.isInteger(n) ? Number(n) : wrong(op, name, 'a list of whole numbers', n),
  );
}

/** A shape: whole numbers from 0 on, and bounded dimensions. */
export function dimsOf(op: string, attrs: Attrs, name: string): readonly Dim[] {
  const value = attrs[name];
  if (!Array.isArray(value)) return wrong(op, name, 'a shape', value);
  return value.map((dim: number | string | Dim): Dim => {
    if (typeof dim === 'string') return wrong(op, name, 'a shape', dim);
    const count = typeof dim === 'number' ? dim : dim.factor;
    return Number.isSafeInteger(count) && count >= 0
      ? dim
      : wrong(op, name, 'a shape of whole numbers from 0 on', count);
  });
}

/**
 * The text of an attribute, exact and readable: numbers keep `-0`, infinities and NaN, texts are in quotes,
 * dimensions are as in shapes. Equal texts are equal attributes, so it is also a node's identity.
 */
export function attrText(attr: Attr): string {
  if (typeof attr === 'number') return numberText(attr);
  if (typeof attr === 'string') return JSON.stringify(attr);
  if (typeof attr === 'boolean') return String(attr);
  return `[${attr.map(itemText).join(', ')}]`;
}

/** Attributes in the order of their names, `{axes: [0], value: -0}`. */
export function attrsText(attrs: Attrs): string {
  const items = Object.keys(attrs)
    .sort()
    .map((name) => `${name}: ${attrText(attrs[name] ?? 0)}`);
  return `{${items.join(', ')}}`;
}

/** A number as text that reads back to the same bits. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A name as it is where it looks like one, else in quotes. */
export function nameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}

/** A dimension whose size's name may have any characters that print. */
export function quotedDimText(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  return dimText({ ...dim, size: { ...dim.size, name: nameText(dim.size.name) } });
}

function itemText(item: number | string | Dim): string {
  if (typeof item === 'number') return numberText(item);
  return typeof item === 'string' ? JSON.stringify(item) : quotedDimText(item);
}

function wrong(op: string, name: string, kind: string, found: unknown, words: readonly string[] = []): never {
  const hint = typeof found === 'string' ? didYouMean(found, words) : '';
  const text = `attribute ${quoted(name)} must be ${kind}, not ${shown(found)}${hint}`;
  throw new GraphError('attribute', op, text);
}
