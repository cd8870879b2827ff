import { clipped, listed } from '../../runtime/clipped.ts';
import { InputError, shown, unfit } from '../../runtime/issues.ts';
import { unlike } from '../../runtime/unlike.ts';
import { type ColumnBuilder, columnBuilder, expectation, type TableColumn } from './columns.ts';
import type { CsvRecord } from './records.ts';
import type { ColumnSchema } from './schema.ts';

/**
 * Which columns make an array: one, or several side by side (`[rows, columns]`); `present` are ones and zeros, which say where
 * masked columns have a value.
 */
export type Selection = string | readonly string[] | { readonly present: string | readonly string[] };

/**
 * What a selection gives: `present` bytes; several columns, or one of numbers, a Float32Array; one of integers, booleans or
 * categories, by its name, an Int32Array.
 */
export type Selected<Names extends Readonly<Record<string, Selection>>> = {
  readonly [Name in keyof Names]: Names[Name] extends string
    ? Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>
    : Names[Name] extends readonly string[]
      ? Float32Array<ArrayBuffer>
      : Uint8Array<ArrayBuffer>;
};

/** A table: columns of as many rows. */
export class Table {
  /** How many rows there are. */
  readonly rows: number;
  readonly columns: readonly TableColumn[];

  constructor(rows: number, columns: readonly TableColumn[]) {
    this.rows = rows;
    this.columns = columns;
  }

  /** The column of a name. @throws InputError `unknown`, with those that there are */
  column(name: string): TableColumn {
    const column = this.columns.find((one) => one.name === name);
    if (column) return column;
    const names = this.columns.map((one) => clipped(one.name));
    throw new InputError('unknown', name, `no such column; there are ${listed(names)}`);
  }

  /**
   * Arrays for inputs, rows first: `table.arrays({ x: ['width', 'height'], y: 'species' })`.
   *
   * @throws InputError `unknown`; `type` for a column of texts, or `present` of one that is not masked
   */
  arrays<const Names extends Readonly<Record<string, Selection>>>(selections: Names): Selected<Names> {
    if (Object(selections) !== selections)
      unfit(
        'type',
        'selections',
        "columns by the names of arrays, as in { x: ['width'], y: 'species' }",
        selections,
      );
    const arrays = Object.entries(selections).map(([name, selection]) => [name, this.#array(selection)]);
    // Each is what its selection says.
    return Object.fromEntries(arrays) as Selected<Names>;
  }

  #array(selection: Selection): Float32Array | Int32Array | Uint8Array {
    if (typeof selection === 'string') {
      const values = this.#numbers(selection);
      return values instanceof Float64Array ? Float32Array.from(values) : Int32Array.from(values);
    }
    if ('present' in selection) {
      const names = typeof selection.present === 'string' ? [selection.present] : selection.present;
      return sideBySide(
        new Uint8Array(this.rows * names.length),
        names.map((name) => this.#present(name)),
      );
    }
    return sideBySide(
      new Float32Array(this.rows * selection.length),
      selection.map((name) => this.#numbers(name)),
    );
  }

  #numbers(name: string): ArrayLike<number> {
    const column = this.column(name);
    if (column.type === 'text')
      throw new InputError(
        'type',
        name,
        `a column of texts makes no array: read it as 'category', with columns: { ${clipped(name)}: 'category' }; row by row the categories are given, { categories: ['a', 'b'] }`,
      );
    return column.values;
  }

  #present(name: string): Uint8Array {
    const { present } = this.column(name);
    if (!present)
      throw new InputError('type', name, "no value of it may be missing: read it with missing: 'mask'");
    return present;
  }
}

/** Columns as the last dimension of an array. */
function sideBySide<Values extends Float32Array | Uint8Array>(
  result: Values,
  columns: readonly ArrayLike<number>[],
): Values {
  for (const [k, column] of columns.entries())
    for (let row = 0; row < column.length; row++) result[row * columns.length + k] = column[row] ?? 0;
  return result;
}

/** Puts a table together, record after record. */
export class TableBuilder {
  readonly #at: string;
  readonly #gaps: ReadonlySet<string>;
  readonly #columns: readonly (ColumnBuilder | undefined)[];
  #rows = 0;

  /** @throws InputError for a filling that is no value of its column */
  constructor(schema: readonly ColumnSchema[], gaps: ReadonlySet<string>, at: string) {
    this.#at = at;
    this.#gaps = gaps;
    this.#columns = schema.map((column) => (column.type === 'skip' ? undefined : columnBuilder(column)));
  }

  /** Takes a record of as many fields as there are columns. @throws FormatError `file` with line and column */
  add({ fields, line }: CsvRecord): void {
    const missing = fields.map((text, k) => this.#gaps.has(text) && mayLack(this.#columns[k]?.schema));
    for (const [k, builder] of this.#columns.entries()) {
      if (!builder || !missing[k]) continue;
      if (builder.schema.missing === 'drop') return;
      if (builder.schema.missing === 'refuse')
        unlike(
          place(this.#at, line, builder),
          "a value (missing: 'drop', 'mask' or { fill } says what becomes of rows without one)",
          shown(fields[k]),
        );
    }
    for (const [k, builder] of this.#columns.entries()) {
      const text = fields[k] ?? '';
      if (builder && !builder.add(text, missing[k] === true))
        unlike(place(this.#at, line, builder), expectation(builder.schema, text), shown(text));
    }
    this.#rows++;
  }

  /** The table of all that was taken. */
  table(): Table {
    return new Table(
      this.#rows,
      this.#columns.flatMap((builder) => (builder ? [builder.column()] : [])),
    );
  }
}

/** Whether a column may have missing values: a text may be empty, and is, unless it was said what becomes of that. */
function mayLack(schema: ColumnSchema | undefined): boolean {
  return schema?.type !== 'text' || schema.missing !== 'refuse';
}

function place(at: string, line: number, { schema }: ColumnBuilder): string {
  return `${at}, line ${line}, column ${clipped(schema.name)}`;
}
