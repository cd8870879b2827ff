/** What only Node can do: files, and WebGPU without a browser. */
export { type GpuTarget, type NodeGpu, type OpenGpuOptions, openGpu } from './gpu.ts';
export { type IdxArray, readIdx } from './idx.ts';
export { fileLog } from './logs.ts';
export { type Digits, loadMnist, type Mnist } from './mnist.ts';
export { type Terminal, terminalProgress } from './progress.ts';
export { type SignalStop, StoppedError, stopOnSignals } from './signals.ts';
