/** Weights in files: safetensors, checkpoints, and where they are kept. Works beside `sinter/runtime` alone. */
export { type TensorType, tensorTypes } from './dtypes.ts';
export { type Converted, converted } from './elements.ts';
export type { Layout } from './layouts.ts';
export { type LoadOptions, loadWeights, type Rename, type WeightsSession } from './load.ts';
export { hasChecksum, metadataOf, verifyChecksum, withMetadata } from './metadata.ts';
export { LoadError, LoadReport, type Mismatch } from './report.ts';
export { readSafetensors, type SafeTensor, type SafeTensors, writeSafetensors } from './safetensors.ts';
export { type SaveOptions, saveWeights } from './save.ts';
export type { Selection } from './select.ts';
export type { BlobLike, RandomAccess, WeightsSource } from './source.ts';
export { memoryStore, type Store } from './store.ts';
