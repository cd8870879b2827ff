/** What only Node can do: files, and WebGPU without a browser. */
export { type GpuTarget, type NodeGpu, type OpenGpuOptions, openGpu } from './gpu.ts';
export { type IdxArray, readIdx } from './idx.ts';
export { type Digits, loadMnist, type Mnist } from './mnist.ts';
