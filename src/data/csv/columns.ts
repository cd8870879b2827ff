import { clipped, listed } from '../../runtime/clipped.ts';
import { InputError, shown } from '../../runtime/issues.ts';
import { booleanOf, type ColumnSchema, integerOf, isNumber, numberOf } from './schema.ts';

/** A column of a table. */
export type TableColumn = {
  readonly name: string;
  /** Of each row 1 where it has a value, and 0 where that is missing; undefined where missing values are not masked. */
  readonly present: Uint8Array<ArrayBuffer> | undefined;
} & (
  | { readonly type: 'number'; readonly values: Float64Array<ArrayBuffer> }
  | { readonly type: 'integer'; readonly values: Int32Array<ArrayBuffer> }
  /** 0 or 1. */
  | { readonly type: 'boolean'; readonly values: Uint8Array<ArrayBuffer> }
  /** Numbers of categories. */
  | {
      readonly type: 'category';
      readonly values: Int32Array<ArrayBuffer>;
      readonly categories: readonly string[];
    }
  | { readonly type: 'text'; readonly values: readonly string[] }
);

/** Puts the values of one column of a file together. */
export interface ColumnBuilder {
  readonly schema: ColumnSchema;
  /** Takes the value of a row, unless the text is no value of the column. @returns whether it did */
  readonly add: (text: string, isMissing: boolean) => boolean;
  readonly column: () => TableColumn;
}

/** Rows that a column begins with room for; it doubles. */
const FIRST_ROWS = 64;

/** A builder of a column. @throws InputError for a filling that is no value of it */
export function columnBuilder(schema: ColumnSchema): ColumnBuilder {
  const { name, type, missing } = schema;
  const texts: string[] = [];
  let values = new Float64Array(FIRST_ROWS);
  let present = new Uint8Array(missing === 'mask' ? FIRST_ROWS : 0);
  let rows = 0;
  const codes = new Map<string, number>(schema.categories?.map((text, k) => [text, k]));
  const parse = (text: string): number | undefined => {
    if (type === 'number') return numberOf(text);
    if (type === 'integer') return integerOf(text);
    if (type === 'boolean') return booleanOf(text);
    const code = codes.get(text);
    if (code !== undefined || schema.categories) return code;
    codes.set(text, codes.size);
    return codes.size - 1;
  };
  const fill = typeof missing === 'object' ? `${missing.fill}` : undefined;
  if (fill !== undefined && type !== 'text' && parse(fill) === undefined)
    throw new InputError('range', name, `missing values are filled with ${shown(fill)}, which is no ${type}`);
  return {
    schema,
    add(text, isMissing) {
      const isMasked = isMissing && missing === 'mask';
      const given = isMissing ? (fill ?? '') : text;
      if (type === 'text') texts.push(given);
      else {
        const value = isMasked ? 0 : parse(given);
        if (value === undefined) return false;
        if (rows === values.length) values = grown(values, new Float64Array(2 * rows));
        values[rows] = value;
      }
      if (missing === 'mask') {
        if (rows === present.length) present = grown(present, new Uint8Array(2 * rows));
        present[rows] = isMasked ? 0 : 1;
      }
      rows++;
      return true;
    },
    column() {
      const common = { name, present: missing === 'mask' ? present.slice(0, rows) : undefined };
      const all = values.subarray(0, rows);
      switch (type) {
        case 'number':
          return { ...common, type, values: all.slice() };
        case 'integer':
          return { ...common, type, values: Int32Array.from(all) };
        case 'boolean':
          return { ...common, type, values: Uint8Array.from(all) };
        case 'text':
          return { ...common, type, values: texts };
        default: {
          if (schema.categories)
            return {
              ...common,
              type: 'category',
              values: Int32Array.from(all),
              categories: schema.categories,
            };
          // Numbers were given as texts came; the table's go by the texts alone.
          const found = [...codes.keys()];
          const categories = [...found].sort(byCodeUnits);
          const numbers = new Map(categories.map((text, k) => [text, k]));
          const sorted = Int32Array.from(found, (text) => numbers.get(text) ?? 0);
          return {
            ...common,
            type: 'category',
            values: Int32Array.from(all, (code) => sorted[code] ?? 0),
            categories,
          };
        }
      }
    },
  };
}

/** The order of strings by their code units, which is the same in every locale. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function grown<Values extends Float64Array | Uint8Array>(values: Values, larger: Values): Values {
  larger.set(values);
  return larger;
}

/** What a value of a column would be, in the place of a text. */
export function expectation({ name, type, categories, isFound }: ColumnSchema, text: string): string {
  const what = {
    number: isNumber(text) ? 'a number that float64 holds' : 'a number',
    integer: 'an integer of 32 bits',
    boolean: 'true or false',
    category: `one of ${listed((categories ?? []).map(clipped))}`,
    text: 'a text',
    skip: 'anything',
  }[type];
  return isFound ? `${what}, as in the rows before (columns: { ${clipped(name)}: … } says otherwise)` : what;
}
