/** Data for training: streams of samples and batches, and files out of their bytes. It works anywhere. */
export type { AnyBatch, Batch, NumberArray, Sample } from './batch.ts';
export { StreamError, type StreamErrorCode } from './issues.ts';
export { DataStream, type ShuffleOptions, type StreamSource } from './stream.ts';
