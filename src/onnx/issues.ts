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
  'too-large': 'a file of protocol buffers has less than 2 GiB',
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
