/** ONNX files: bytes to plain data and back. */
export { decodeModel } from './decode.ts';
export { encodeModel } from './encode.ts';
export {
  type ElementType,
  elementBits,
  elementTypeOf,
  elementTypes,
  type OnnxAttribute,
  type OnnxExternal,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxOpset,
  type OnnxTensor,
  type OnnxTensorType,
  type OnnxValue,
} from './model.ts';
