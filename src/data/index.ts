/** Data for training: streams of samples and batches, and files out of their bytes. It works anywhere. */
export type { AnyBatch, Batch, NumberArray, Sample, SampleOf } from './batch.ts';
export { type ByteSource, bytesSource } from './bytes.ts';
export type { TableColumn } from './csv/columns.ts';
export { readCsv } from './csv/read.ts';
export type { CsvDialect } from './csv/records.ts';
export type { ColumnOptions, ColumnType, CsvOptions, Missing } from './csv/schema.ts';
export { type CsvRow, type CsvStreamOptions, streamCsv } from './csv/stream.ts';
export { type Selected, type Selection, Table } from './csv/table.ts';
export type { ElementArrays, ElementType, FileArray } from './elements.ts';
export { type IdxArray, type IdxType, readIdx } from './idx.ts';
export type { ImageFile, ImageFolderOptions, ImageOptions, ImageSample, ImageSet } from './images.ts';
export type { ReadOptions } from './inflate.ts';
export { StreamError, type StreamErrorCode } from './issues.ts';
export {
  type Digits,
  fashionMnistClasses,
  type Mnist,
  type MnistSources,
  mnistFiles,
  mnistOf,
  type NamedIdx,
} from './mnist.ts';
export { type NpyArray, readNpy, readNpz } from './npy.ts';
export { streamIdx, streamNpy } from './rowStream.ts';
export { DataStream, type ShuffleOptions, type StreamSource } from './stream.ts';
export { characterTokenizer } from './text/characters.ts';
export { learnBytePairs } from './text/learn.ts';
export { type Tokenizer, type TokenizerData, tokenizerOf } from './text/tokenizer.ts';
export { type Window, windows } from './text/windows.ts';
