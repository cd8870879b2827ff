import { clipped, listed } from '../../runtime/clipped.ts';
import { InputError, shown, unfit } from '../../runtime/issues.ts';
import { unlike } from '../../runtime/unlike.ts';
import { type ReadOptions, readOptionNames } from '../inflate.ts';
import { checkOptions } from '../issues.ts';
import type { CsvDialect, CsvRecord } from './records.ts';

/**
 * What a column holds. `integer`: of 32 bits; `boolean`: `true` and `false`; `category`: texts, each with a number; `skip`: it
 * is left out.
 */
export type ColumnType = 'number' | 'integer' | 'boolean' | 'category' | 'text' | 'skip';

const columnTypes: readonly ColumnType[] = ['number', 'integer', 'boolean', 'category', 'text', 'skip'];

/**
 * What becomes of a missing value: the file is refused, its row is left out, it is 0 and said to be missing (`present`), or it is
 * something else.
 */
export type Missing = 'refuse' | 'drop' | 'mask' | { readonly fill: number | string | boolean };

/** How a column is read. */
export interface ColumnOptions {
  /** By default what all its values are: an integer, a number, a boolean; else a category, unless most are numbers. */
  readonly type?: ColumnType;
  /** The texts of a category by their numbers; by default those that there are, sorted by their codes. */
  readonly categories?: readonly string[];
  /** That of the file by default. */
  readonly missing?: Missing;
}

/** How a CSV file is read. */
export interface CsvOptions extends CsvDialect, ReadOptions {
  /** Whether the first record has names; true unless `names` are given. */
  readonly header?: boolean;
  /** Names of the columns, in place of those of the header. */
  readonly names?: readonly string[];
  /** Columns by name, each with its type or more. */
  readonly columns?: Readonly<Record<string, ColumnType | ColumnOptions>>;
  /** What becomes of missing values, `refuse` by default. */
  readonly missing?: Missing;
  /** What a missing value is written as; by default nothing, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`. */
  readonly missingTexts?: readonly string[];
}

/** A column as it will be read. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** The texts of a category, where they are given. */
  readonly categories: readonly string[] | undefined;
  readonly missing: Missing;
  /** Whether the type was found in the values, rather than given. */
  readonly isFound: boolean;
}

/** Which texts are no value. */
export function missingTexts(options: CsvOptions): ReadonlySet<string> {
  return new Set(options.missingTexts ?? ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL']);
}

/** The names of the options of a CSV file. */
export const csvOptionNames: Readonly<Record<keyof CsvOptions, true>> = {
  ...readOptionNames,
  delimiter: true,
  quote: true,
  encoding: true,
  header: true,
  names: true,
  columns: true,
  missing: true,
  missingTexts: true,
};

const columnOptionNames = { type: true, categories: true, missing: true } as const;

/** @throws InputError for options that cannot be */
export function checkCsvOptions(options: CsvOptions): void {
  const { delimiter = ',', quote = '"', missing = 'refuse', columns = {} } = options;
  for (const [name, text] of Object.entries({ delimiter, quote }))
    if (typeof text !== 'string' || text.length !== 1 || '\r\n'.includes(text))
      unfit('range', name, 'one character', text);
  const { encoding = 'utf-8' } = options;
  try {
    new TextDecoder(encoding);
  } catch {
    unfit('range', 'encoding', 'a name of an encoding', encoding);
  }
  if (delimiter === quote) throw new InputError('range', 'quote', 'it is the delimiter too');
  checkMissing('missing', missing);
  for (const [name, column] of Object.entries(columns)) {
    const given = optionsOf(column);
    checkOptions(given, columnOptionNames);
    const { type, missing: own = missing, categories } = given;
    if (type !== undefined && !columnTypes.includes(type)) unfit('range', name, columnTypes.join(', '), type);
    checkMissing(name, own);
    if (categories && type !== undefined && type !== 'category')
      throw new InputError('type', name, `categories are given, and the type ${type}`);
    if (categories && new Set(categories).size < categories.length)
      throw new InputError('range', name, 'a category is given twice');
  }
}

function checkMissing(name: string, missing: Missing): void {
  const isKnown =
    typeof missing === 'object' ? missing !== null && 'fill' in missing : words.includes(missing);
  if (!isKnown) unfit('range', name, `${words.join(', ')} or { fill }`, missing);
}

const words: readonly Missing[] = ['refuse', 'drop', 'mask'];

function optionsOf(column: ColumnType | ColumnOptions): ColumnOptions {
  return typeof column === 'string' ? { type: column } : column;
}

/**
 * The names of columns, by the first record or as given.
 *
 * @throws FormatError `file` where there are two of one name, or not as many as given; InputError `unknown` where a column is
 *   described that is not there
 */
export function columnNames(first: CsvRecord, options: CsvOptions, at: string): readonly string[] {
  const names = options.names ?? (hasHeader(options) ? first.fields : first.fields.map((_, k) => `${k}`));
  if (names.length !== first.fields.length)
    unlike(
      `${at}, line ${first.line}`,
      `${names.length} fields, as names are given`,
      `${first.fields.length}`,
    );
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    unlike(`${at}, line ${first.line}`, 'columns of different names', `two of ${shown(twice)}`);
  for (const name of Object.keys(options.columns ?? {}))
    if (!names.includes(name))
      throw new InputError('unknown', name, `no such column; there are ${listed(names.map(clipped))}`);
  return names;
}

/** Whether the first record is not of the data. */
export function hasHeader({ header, names }: CsvOptions): boolean {
  return header ?? names === undefined;
}

/** Finds out what columns hold, from records. */
export class SchemaFinder {
  readonly #columns: readonly ColumnFinder[];

  constructor(names: readonly string[], options: CsvOptions) {
    const gaps = missingTexts(options);
    this.#columns = names.map((name) => {
      const columns = options.columns ?? {};
      const own = Object.hasOwn(columns, name) ? columns[name] : undefined;
      const given = { missing: options.missing ?? 'refuse', ...(own === undefined ? {} : optionsOf(own)) };
      return new ColumnFinder(name, given, gaps);
    });
  }

  /** Looks at a record of as many fields as there are columns. */
  add({ fields, line }: CsvRecord): void {
    for (const [k, column] of this.#columns.entries()) column.add(fields[k] ?? '', line);
  }

  /**
   * @param open whether there may be more values than were looked at: what looks like a category is then text
   * @param at what errors call the file
   * @throws FormatError `file` where most values of a column are numbers, and one is not, unless its type is given
   */
  schema(open: boolean, at: string): readonly ColumnSchema[] {
    return this.#columns.map((column) => column.schema(open, at));
  }
}

class ColumnFinder {
  readonly #name: string;
  readonly #given: ColumnOptions & { readonly missing: Missing };
  readonly #gaps: ReadonlySet<string>;
  /** Whether every value so far is one of the type. */
  readonly #may = { integer: true, boolean: true };
  #values = 0;
  #numbers = 0;
  /** The first value that is not a number. */
  #other: { readonly text: string; readonly line: number } | undefined;

  constructor(name: string, given: ColumnOptions & { readonly missing: Missing }, gaps: ReadonlySet<string>) {
    this.#name = name;
    this.#given = given;
    this.#gaps = gaps;
  }

  add(text: string, line: number): void {
    if (this.#isGiven || this.#gaps.has(text)) return;
    this.#values++;
    const may = this.#may;
    if (isNumber(text)) this.#numbers++;
    else this.#other ??= { text, line };
    may.integer &&= integerOf(text) !== undefined;
    may.boolean &&= booleanOf(text) !== undefined;
  }

  schema(open: boolean, at: string): ColumnSchema {
    const {
      type = this.#given.categories ? 'category' : this.#found(open, at),
      categories,
      missing,
    } = this.#given;
    return { name: this.#name, type, categories, missing, isFound: !this.#isGiven };
  }

  get #isGiven(): boolean {
    return this.#given.type !== undefined || this.#given.categories !== undefined;
  }

  #found(open: boolean, at: string): ColumnType {
    const { integer, boolean } = this.#may;
    if (this.#other === undefined) return integer && this.#values > 0 ? 'integer' : 'number';
    if (boolean) return 'boolean';
    const type = open ? 'text' : 'category';
    // A cell that is wrong must not make the others a category, whose numbers are not those of the file.
    if (2 * this.#numbers > this.#values)
      unlike(
        `${at}, line ${this.#other.line}, column ${clipped(this.#name)}`,
        `a number, as ${this.#numbers} of ${this.#values} values are (columns: { ${clipped(this.#name)}: '${type}' } says otherwise)`,
        shown(this.#other.text),
      );
    return type;
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Whether a text is written as a number, which float64 may not hold. */
export function isNumber(text: string): boolean {
  return DECIMAL.test(text.trim()) || numberOf(text) !== undefined;
}

/** Digits of which float64 holds any integer. */
const SAFE_DIGITS = 15;

/**
 * A decimal number, or an infinity; undefined for any other text, and for what float64 does not hold: an integer that it would
 * round, a number that it would make infinite.
 */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (DECIMAL.test(trimmed)) {
    const value = Number(trimmed);
    if (!Number.isFinite(value)) return undefined;
    const isRounded =
      trimmed.length > SAFE_DIGITS &&
      /^[+-]?\d+$/.test(trimmed) &&
      BigInt(value) !== BigInt(trimmed.replace('+', ''));
    return isRounded ? undefined : value;
  }
  const infinite = /^([+-]?)inf(inity)?$/i.exec(trimmed);
  return infinite ? (infinite[1] === '-' ? -Infinity : Infinity) : undefined;
}

/** An integer of 32 bits, or undefined. */
export function integerOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return (value | 0) === value ? value + 0 : undefined;
}

/** 1 for `true`, 0 for `false`, as most programs spell them; undefined for any other text. */
export function booleanOf(text: string): number | undefined {
  switch (text.trim()) {
    case 'true':
    case 'True':
    case 'TRUE':
      return 1;
    case 'false':
    case 'False':
    case 'FALSE':
      return 0;
    default:
      return undefined;
  }
}
