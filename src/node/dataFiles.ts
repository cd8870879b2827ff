import * as data from '../data/index.ts';
import { type FileLike, fileContents, fileSource } from './files.ts';

/** Reads an idx file, as `readIdx` of `sinter/data`, of a path too. @throws FormatError `file`, where it cannot be read too */
export async function readIdx(file: FileLike, options: data.ReadOptions = {}): Promise<data.IdxArray> {
  const { bytes, options: named } = await fileContents(file, options.name);
  return data.readIdx(bytes, { ...options, ...named });
}

/** Reads an npy file, as `readNpy` of `sinter/data`, of a path too. @throws FormatError `file`, where it cannot be read too */
export async function readNpy(file: FileLike, options: data.ReadOptions = {}): Promise<data.NpyArray> {
  const { bytes, options: named } = await fileContents(file, options.name);
  return data.readNpy(bytes, { ...options, ...named });
}

/** Reads an npz file, as `readNpz` of `sinter/data`, of a path too. @throws FormatError `file`, where it cannot be read too */
export async function readNpz(
  file: FileLike,
  options: data.ReadOptions = {},
): Promise<Map<string, data.NpyArray>> {
  const { bytes, options: named } = await fileContents(file, options.name);
  return data.readNpz(bytes, { ...options, ...named });
}

/** Reads a CSV file as a table, as `readCsv` of `sinter/data`, of a path. @throws FormatError `file`, where it cannot be read too */
export async function readCsv(file: FileLike, options: data.CsvOptions = {}): Promise<data.Table> {
  const { bytes, options: named } = await fileContents(file, options.name);
  return data.readCsv(bytes, { ...options, ...named });
}

/** The rows of an idx file as it is read from a path. @throws FormatError `file`, when it is read */
export function streamIdx(path: string | URL): data.DataStream<data.NumberArray> {
  return data.streamIdx(fileSource(path));
}

/** The rows of an npy file as it is read from a path. @throws FormatError `file`, when it is read */
export function streamNpy(path: string | URL): data.DataStream<data.NumberArray> {
  return data.streamNpy(fileSource(path));
}

/** The rows of a CSV file as it is read from a path, by name. @throws FormatError `file`, when it is read */
export function streamCsv(path: string | URL, options?: data.CsvStreamOptions): data.DataStream<data.CsvRow>;
/** The rows of a CSV file as it is read from a path, as samples. @throws FormatError `file`, when it is read */
export function streamCsv<const Names extends Readonly<Record<string, data.Selection>>>(
  path: string | URL,
  options: data.CsvStreamOptions,
  selections: Names,
): data.DataStream<data.Selected<Names>>;
export function streamCsv(
  path: string | URL,
  options: data.CsvStreamOptions = {},
  selections?: Readonly<Record<string, data.Selection>>,
): unknown {
  const source = fileSource(path, options.name);
  return selections ? data.streamCsv(source, options, selections) : data.streamCsv(source, options);
}
