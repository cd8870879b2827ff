/** Modules out of here, as ONNX. */
export { onnxModel, type ToOnnxOptions, toOnnx } from './toOnnx.ts';
