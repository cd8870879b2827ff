import { CodedError } from '../runtime/issues.ts';

/**
 * What can be wrong with an ONNX file, or keep a module from becoming one: one row a code. The codes are the union
 * that programs switch over; the sentences are the rule that was broken.
 */
export const onnxIssues = {
  truncated: 'a file must have all bytes that its messages say they have',
  malformed:
    'a file must be a message of protocol buffers: tags, numbers and lengths as that format has them',
  depth: 'messages must not be nested deeper than 100, as readers of protocol buffers demand',
  foreign: 'a file must be a ModelProto with a graph',
  tensor:
    'a tensor must have a known element type, dimensions from 0 on, and as many bytes as these say, unless they lie outside',
  value: 'a number must be one that its field can hold: whole numbers of 64 bits, floats of 32',
  'element-type':
    'values are floats of up to 64 bits, integers of 4 to 64, or truth values: no texts, complex numbers or floats of 8 bits',
  'initializer-size': 'an initializer has as many bytes as its shape and its element type say',
  external: 'files in which weights lie are in the folder of the model, and are given by the option external',
  int64: 'integers are computed with 32 bits: constants must fit',
  opset: 'versions of sets of operators must be known',
  duplicate: 'a name stands for one value',
  'undefined-value':
    'what a node or an output reads must be made by a node, or be an input or an initializer',
  cycle: 'no node may read what is made of its own result',
  node: "a node's operands and attributes must be as its operator demands",
  unsupported: 'nodes must be of operators that are imported, with what these may do here',
  sizes: 'dimensions of inputs must be numbers, or given numbers; a first one may be bounded',
  input: 'a network is applied to tensors of the types and shapes of its inputs',
  module:
    'what a file declares must be what a module can: names that print and stand once, sizes that indices reach',
  weights: 'values of states must be as many as the state has elements',
  'too-large':
    'a file of protocol buffers has less than 2 GiB, a tensor at most 2,147,418,112 elements, a model at most 100,000 nodes, which become at most 262,144 operations, and make constants of at most 8,388,608 elements',
} as const;

/** The code of an issue with ONNX. */
export type OnnxIssue = keyof typeof onnxIssues;

/**
 * An ONNX file that cannot be read, or a module that cannot be written as one: the message says what is wrong, where,
 * and what would be right.
 *
 * `GraphProto.node ends at byte 812, and the file has 640: it is truncated  at byte 17`
 */
export class OnnxError extends CodedError<OnnxIssue> {
  /** The byte of the file, from 0, where that is known. */
  readonly byte?: number;

  /** @param byte where the file is wrong */
  constructor(code: OnnxIssue, text: string, byte?: number, options?: ErrorOptions) {
    super('OnnxError', code, byte === undefined ? text : `${text}  at byte ${byte}`, options);
    if (byte !== undefined) this.byte = byte;
  }
}
