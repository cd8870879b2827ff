import { clipped } from '../../runtime/clipped.ts';
import { InputError } from '../../runtime/issues.ts';
import { unlike } from '../../runtime/unlike.ts';
import type { NumberArray } from '../batch.ts';
import { type ByteSource, contentsOf } from '../bytes.ts';
import { checkCount, checkOptions, requireSource } from '../issues.ts';
import { DataStream } from '../stream.ts';
import { checkedRecord } from './read.ts';
import { type CsvRecord, recordsOf } from './records.ts';
import {
  type CsvOptions,
  checkCsvOptions,
  columnNames,
  csvOptionNames,
  hasHeader,
  missingTexts,
  SchemaFinder,
} from './schema.ts';
import { type Selected, type Selection, type Table, TableBuilder } from './table.ts';

/** How a CSV file is read row by row. */
export interface CsvStreamOptions extends CsvOptions {
  /** Records by which it is found out what columns hold, where they do not say; 1000 by default. */
  readonly looksAt?: number;
}

/** Values of a row by the names of their columns: numbers, and texts where a column is of texts. */
export type CsvRow = Readonly<Record<string, number | string>>;

/**
 * The rows of a CSV file, one after the other, as the file is read. What a column holds is given, or found in the first
 * records: where these are neither numbers nor booleans, it is texts.
 *
 * @param selections which columns make the arrays of a sample, as of `Table.arrays`; without, a row has its values by name
 * @throws InputError for options that cannot be, and `missing: 'mask'` of rows by name, which have no place for it; when it is read FormatError `file` as `readCsv`, and InputError for a
 *   category whose texts are not given
 */
export function streamCsv(source: ByteSource, options?: CsvStreamOptions): DataStream<CsvRow>;
export function streamCsv<const Names extends Readonly<Record<string, Selection>>>(
  source: ByteSource,
  options: CsvStreamOptions,
  selections: Names,
): DataStream<Selected<Names>>;
export function streamCsv(
  source: ByteSource,
  options: CsvStreamOptions = {},
  selections?: Readonly<Record<string, Selection>>,
): DataStream<CsvRow> | DataStream<Readonly<Record<string, NumberArray>>> {
  checkOptions(options, { ...csvOptionNames, looksAt: true });
  checkCsvOptions(options);
  checkCount('looksAt', options.looksAt ?? 1, 1);
  requireSource(source);
  const tables = (): AsyncGenerator<Table> => tablesOf(source, options);
  if (!selections && isMasked(options))
    throw new InputError(
      'type',
      'missing',
      "rows by name do not say what is missing: select { present: … } too, or give 'drop' or { fill }",
    );
  if (!selections)
    return DataStream.from(async function* () {
      for await (const table of tables()) for (let row = 0; row < table.rows; row++) yield rowOf(table, row);
    });
  return DataStream.from(async function* () {
    for await (const table of tables())
      if (table.rows > 0) yield* DataStream.rows(table.arrays(selections), table.rows);
  });
}

/** The file as tables of some rows. */
async function* tablesOf(source: ByteSource, options: CsvStreamOptions): AsyncGenerator<Table> {
  const { name: at } = source;
  const { looksAt = 1000 } = options;
  let names: readonly string[] | undefined;
  let finder: SchemaFinder | undefined;
  /** Records that are in no table yet. */
  const waiting: CsvRecord[] = [];
  let builder: (() => TableBuilder) | undefined;
  for await (const records of recordsOf(contentsOf(source), at, options)) {
    for (const record of records) {
      if (!names || !finder) {
        names = columnNames(record, options, at);
        finder = new SchemaFinder(names, options);
        if (hasHeader(options)) continue;
      }
      waiting.push(checkedRecord(record, names.length, at));
      if (builder) continue;
      finder.add(record);
      // So many and no more, however the bytes come: else a file would be read another way each time.
      if (waiting.length === looksAt) builder = builderOf(finder, options, at);
    }
    if (builder) yield tableOf(builder(), waiting.splice(0));
  }
  if (!finder) unlike(at, 'a record at least', 'none');
  if (!builder) yield tableOf(builderOf(finder, options, at)(), waiting);
}

function builderOf(finder: SchemaFinder, options: CsvOptions, at: string): () => TableBuilder {
  const schema = finder.schema(true, at);
  for (const { name, type, categories } of schema)
    if (type === 'category' && !categories)
      throw new InputError(
        'missing',
        name,
        `${at} is read row by row, so its categories must be given: columns: { ${clipped(name)}: { categories: ['a', 'b'] } }`,
      );
  const gaps = missingTexts(options);
  return () => new TableBuilder(schema, gaps, at);
}

function tableOf(builder: TableBuilder, records: readonly CsvRecord[]): Table {
  for (const record of records) builder.add(record);
  return builder.table();
}

/** Whether values that are missing are 0, of any column. */
function isMasked({ missing, columns = {} }: CsvOptions): boolean {
  const own = Object.values(columns).map((column) =>
    typeof column === 'string' ? undefined : column.missing,
  );
  return [missing, ...own].includes('mask');
}

function rowOf(table: Table, row: number): CsvRow {
  return Object.fromEntries(table.columns.map(({ name, values }) => [name, values[row] ?? 0]));
}
