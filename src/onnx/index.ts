/** Models as ONNX files. */
export { OnnxError, type OnnxIssue, onnxIssues } from './issues.ts';
export * from './proto/index.ts';
export * from './in/index.ts';
