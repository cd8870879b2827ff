/** ONNX files as modules, and as networks inside of modules. */
export { type FromOnnxOptions, fromOnnx, type OnnxModule, type Weights } from './fromOnnx.ts';
export {
  type ApplyOptions,
  type OnnxNetwork,
  type OnnxPort,
  type ReadOnnxOptions,
  readOnnx,
} from './readOnnx.ts';
export type { External } from './tensors.ts';
