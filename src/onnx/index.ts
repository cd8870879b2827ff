/** Models as ONNX files. */

export * from './in/index.ts';
export { OnnxError, type OnnxIssue, onnxIssues } from './issues.ts';
export * from './out/index.ts';
export * from './proto/index.ts';
