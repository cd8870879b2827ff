import { unlike } from '../../runtime/unlike.ts';
import { unpacked } from '../inflate.ts';
import { checkOptions, requireBytes } from '../issues.ts';
import { type CsvRecord, recordsIn } from './records.ts';
import {
  type CsvOptions,
  checkCsvOptions,
  columnNames,
  csvOptionNames,
  hasHeader,
  missingTexts,
  SchemaFinder,
} from './schema.ts';
import { type Table, TableBuilder } from './table.ts';

/**
 * Reads a CSV file (RFC 4180), packed by gzip or not, as a table. What a column holds is found in its values, all of them, or
 * given. The file is read twice, so that no more than the table's values is kept.
 *
 * @param file its bytes, or its text
 * @throws FormatError `file` with line and column, for a field that is not what its column holds, a missing value, a record with
 *   too few or too many fields, quotes that do not match, a file without any record; InputError for options that cannot be
 */
export function readCsv(file: Uint8Array | string, options: CsvOptions = {}): Table {
  checkOptions(options, csvOptionNames);
  const { name = 'the CSV file' } = options;
  checkCsvOptions(options);
  const isText = typeof file === 'string';
  if (!isText) requireBytes(file, ', or its text');
  const bytes = isText ? new TextEncoder().encode(file) : unpacked(file, name, options);
  const dialect = isText ? { ...options, encoding: 'utf-8' } : options;
  const records = (): Generator<CsvRecord> => recordsIn(bytes, name, dialect);
  const [first] = records();
  if (!first) return unlike(name, 'a record at least', `${bytes.length} bytes without one`);
  const names = columnNames(first, options, name);
  const finder = new SchemaFinder(names, options);
  for (const record of rows(records(), names.length, options, name)) finder.add(record);
  const builder = new TableBuilder(finder.schema(false, name), missingTexts(options), name);
  for (const record of rows(records(), names.length, options, name)) builder.add(record);
  return builder.table();
}

/** The records of the data, each of which has a field for each column. */
function* rows(
  records: Iterable<CsvRecord>,
  columns: number,
  options: CsvOptions,
  at: string,
): Generator<CsvRecord> {
  let isFirst = hasHeader(options);
  for (const record of records) {
    if (!isFirst) yield checkedRecord(record, columns, at);
    isFirst = false;
  }
}

/** @throws FormatError `file` where a record has not as many fields as there are columns */
export function checkedRecord(record: CsvRecord, columns: number, at: string): CsvRecord {
  const { fields, line } = record;
  if (fields.length !== columns) unlike(`${at}, line ${line}`, `${columns} fields`, `${fields.length}`);
  return record;
}
