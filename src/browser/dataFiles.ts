import * as data from '../data/index.ts';
import { type FetchOptions, type FileLike, fileContents, fileSource } from './fetch.ts';

/** Reads an idx file, as `readIdx` of `sinter/data`, of an address or a `File` too. @throws FormatError `file` */
export async function readIdx(
  file: FileLike,
  options: data.ReadOptions & FetchOptions = {},
): Promise<data.IdxArray> {
  const { onProgress: _, signal: __, ...others } = options;
  const { bytes, name } = await fileContents(file, options);
  return data.readIdx(bytes, { name, ...others });
}

/** Reads an npy file, as `readNpy` of `sinter/data`, of an address or a `File` too. @throws FormatError `file` */
export async function readNpy(
  file: FileLike,
  options: data.ReadOptions & FetchOptions = {},
): Promise<data.NpyArray> {
  const { onProgress: _, signal: __, ...others } = options;
  const { bytes, name } = await fileContents(file, options);
  return data.readNpy(bytes, { name, ...others });
}

/** Reads an npz file, as `readNpz` of `sinter/data`, of an address or a `File` too. @throws FormatError `file` */
export async function readNpz(
  file: FileLike,
  options: data.ReadOptions & FetchOptions = {},
): Promise<Map<string, data.NpyArray>> {
  const { onProgress: _, signal: __, ...others } = options;
  const { bytes, name } = await fileContents(file, options);
  return data.readNpz(bytes, { name, ...others });
}

/** Reads a CSV file as a table, as `readCsv` of `sinter/data`, of an address or a `File`. @throws FormatError `file` */
export async function readCsv(
  file: FileLike,
  options: data.CsvOptions & FetchOptions = {},
): Promise<data.Table> {
  const { onProgress: _, signal: __, ...others } = options;
  const { bytes, name } = await fileContents(file, options);
  return data.readCsv(bytes, { name, ...others });
}

/** The rows of an idx file as it comes. @throws FormatError `file`, when it is read */
export function streamIdx(file: FileLike): data.DataStream<data.NumberArray> {
  return data.streamIdx(fileSource(file));
}

/** The rows of an npy file as it comes. @throws FormatError `file`, when it is read */
export function streamNpy(file: FileLike): data.DataStream<data.NumberArray> {
  return data.streamNpy(fileSource(file));
}

/** The rows of a CSV file as it comes, by name. @throws FormatError `file`, when it is read */
export function streamCsv(file: FileLike, options?: data.CsvStreamOptions): data.DataStream<data.CsvRow>;
/** The rows of a CSV file as it comes, as samples. @throws FormatError `file`, when it is read */
export function streamCsv<const Names extends Readonly<Record<string, data.Selection>>>(
  file: FileLike,
  options: data.CsvStreamOptions,
  selections: Names,
): data.DataStream<data.Selected<Names>>;
export function streamCsv(
  file: FileLike,
  options: data.CsvStreamOptions = {},
  selections?: Readonly<Record<string, data.Selection>>,
): unknown {
  const source = { ...fileSource(file), ...(options.name === undefined ? {} : { name: options.name }) };
  return selections ? data.streamCsv(source, options, selections) : data.streamCsv(source, options);
}
