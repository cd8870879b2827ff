import { type Column, type Content, displayOf, type Html, html, tableOf } from './html.ts';
import { numberText } from './numberText.ts';

/** Rows and columns of numbers that a display shows of an array, and parts of a value that it looks into. */
const [MOST_ROWS, MOST_COLUMNS, MOST_PARTS, MOST_DEPTH] = [8, 10, 40, 4];

/** Numbers with their shape, as sessions give them. */
interface Elements {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * Numbers, arrays and objects of these, as what a session gave, as HTML: numbers in one table, of each array what they are like
 * and the first of them, on a ground that says how large they are.
 */
export function valuesHtml(value: unknown): string {
  const elements = elementsOf(value);
  if (elements !== undefined)
    return displayOf(typeOf(elements), [rangeText(elements)], [numbers('', elements)]);
  if (typeof value !== 'object' || value === null) return displayOf(textOf(value), [], []);
  const parts = partsOf(value);
  const arrays: { name: string; found: Elements }[] = [];
  const others: Content[][] = [];
  for (const { name, value: part } of parts) {
    const found = elementsOf(part);
    if (found !== undefined && found.shape.length > 0) arrays.push({ name, found });
    else others.push([html`<code>${name}</code>`, textOf(found === undefined ? part : found.data[0])]);
  }
  return displayOf(
    `${parts.length} ${parts.length === 1 ? 'value' : 'values'}`,
    [],
    [
      ...(others.length === 0 ? [] : [tableOf('', [{ head: '' }, { head: '', isNumber: true }], others)]),
      ...arrays.map(({ name, found }) => numbers(`${name}: ${typeOf(found)}, ${rangeText(found)}`, found)),
    ],
  );
}

/** What an object holds, by the way to it, `scalars.loss`. */
function partsOf(value: object): { readonly name: string; readonly value: unknown }[] {
  const found: { name: string; value: unknown }[] = [];
  const walk = (part: object, before: string, depth: number): void => {
    for (const [key, inner] of Object.entries(part)) {
      if (found.length === MOST_PARTS) return;
      const name = before + key;
      const isOpen = typeof inner === 'object' && inner !== null && elementsOf(inner) === undefined;
      if (isOpen && depth < MOST_DEPTH) walk(inner, `${name}.`, depth + 1);
      else found.push({ name, value: inner });
    }
  };
  walk(value, '', 1);
  return found;
}

function elementsOf(value: unknown): Elements | undefined {
  if (isNumbers(value)) return { shape: [value.length], data: value };
  const { shape, data }: { readonly shape?: unknown; readonly data?: unknown } = Object(value);
  if (!isNumbers(data) || !Array.isArray(shape)) return undefined;
  const extents = shape.map(Number);
  return extents.reduce((n, extent) => n * extent, 1) === data.length ? { shape: extents, data } : undefined;
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => typeof one === 'number');
  return ArrayBuffer.isView(value) && Object.hasOwn(types, Object(value).constructor.name);
}

const types: Readonly<Record<string, string>> = {
  Float32Array: 'f32',
  Float64Array: 'f64',
  Int32Array: 'i32',
  Uint32Array: 'u32',
  Uint8Array: 'u8',
};

/** `f32[64, 10]` */
function typeOf({ shape, data }: Elements): string {
  return `${types[data.constructor.name] ?? 'numbers'}[${shape.join(', ')}]`;
}

/** What numbers are like: `from −1.2 to 3.4, mean 0.1, 2 NaN`. */
function rangeText({ data }: Elements): string {
  let [least, most, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let k = 0; k < data.length; k++) {
    const value = data[k] ?? 0;
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
    count++;
  }
  const nan = data.length - count;
  const parts = count === 0 ? [] : [`from ${textOf(least)} to ${textOf(most)}, mean ${textOf(sum / count)}`];
  if (nan > 0) parts.push(`${nan} NaN`);
  return parts.length === 0 ? 'empty' : parts.join(', ');
}

/** The first numbers, as rows of the last axis; of more than two axes the first matrix. */
function numbers(caption: string, { shape, data }: Elements): Html {
  const width = shape.at(-1) ?? 1;
  const height = shape.at(-2) ?? 1;
  const [columns, rows] = [Math.min(width, MOST_COLUMNS), Math.min(height, MOST_ROWS)];
  const size = largest(data);
  const cut = columns < width ? ['…'] : [];
  const lines = Array.from({ length: data.length === 0 ? 0 : rows }, (_, row): Content[] => [
    ...Array.from({ length: columns }, (_, column) => cell(data[row * width + column] ?? Number.NaN, size)),
    ...cut,
  ]);
  if (rows < height) lines.push(['…']);
  const cells: Column[] = [...Array(columns).fill({ head: '', isNumber: true }), { head: '' }];
  return tableOf(caption, cells, lines);
}

/** A number on a ground as strong as it is large: blue above zero, orange below. */
function cell(value: number, size: number): Html {
  const strength = size > 0 && Number.isFinite(value) ? (0.45 * Math.abs(value)) / size : 0;
  const colour = value < 0 ? '217 108 20' : '29 91 189';
  return html`<span class="heat" style="background:rgb(${colour}/${strength.toFixed(2)})">${textOf(value)}</span>`;
}

/** The largest size of a finite number. */
function largest(data: ArrayLike<number>): number {
  let size = 0;
  for (let k = 0; k < data.length; k++) {
    const value = Math.abs(data[k] ?? 0);
    if (value > size && value < Infinity) size = value;
  }
  return size;
}

/** A value in a few characters; of numbers four digits. */
function textOf(value: unknown): string {
  if (typeof value !== 'number') return typeof value === 'object' && value !== null ? '{…}' : String(value);
  return numberText(value);
}
