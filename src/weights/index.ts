/** Weights in files: safetensors, checkpoints, and where they are kept. Works beside `sinter/runtime` alone. */
export { type TensorType, tensorTypes } from './dtypes.ts';
export { type Converted, converted } from './elements.ts';
export { metadataOf, verifyChecksum, withMetadata } from './metadata.ts';
export { readSafetensors, type SafeTensor, type SafeTensors, writeSafetensors } from './safetensors.ts';
export { memoryStore, type Store } from './store.ts';
