/** What only Node can do: files, and WebGPU without a browser. */
export type { Digits, IdxArray, Mnist } from '../data/index.ts';
export { readCsv, readIdx, readNpy, readNpz, streamCsv, streamIdx, streamNpy } from './dataFiles.ts';
export { fileStore } from './fileStore.ts';
export type { FileLike } from './files.ts';
export { fileSource } from './files.ts';
export { type GpuTarget, type NodeGpu, type OpenGpuOptions, openGpu } from './gpu.ts';
export { imageFolder, readImage } from './images.ts';
export { fileLog } from './logs.ts';
export { loadMnist } from './mnist.ts';
export { type OpenFile, openFile } from './openFile.ts';
export { type Terminal, terminalProgress } from './progress.ts';
export { type SignalStop, StoppedError, stopOnSignals } from './signals.ts';
