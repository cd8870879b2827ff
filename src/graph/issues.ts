import { clipped } from '../runtime/clipped.ts';
import { isOwn, plainPath } from './libraryFiles.ts';

/**
 * What can be wrong with a graph: one row a code. The codes are the union that programs switch over; the
 * sentences are the rule that was broken, and the list in the documentation is made of them.
 */
export const graphIssues = {
  'unknown-op': 'an operation must be an entry of the table of operations',
  operands:
    'an operation takes as many operands as its entry says; each is a tensor, or a number where tensors broadcast',
  attribute: 'an attribute must be there and of the kind that its operation says',
  dtype: 'the operands of an operation must have element types that it takes; cast them first',
  'dtype-mismatch': 'the operands of an operation must have one element type; nothing is cast by itself',
  'shape-mismatch':
    'the operands of a primitive operation must have one shape, those of a contraction equal batches',
  broadcast: 'aligned from the right, two dimensions must be equal or one of them 1 (as in NumPy)',
  'inner-sizes':
    'dimensions that a product sums over must be equal in both factors; in matrices the last of the first, the last but one of the second',
  rank: 'a tensor must have as many dimensions as the operation needs, and at most 64',
  axis: 'an axis must lie in the shape, and stand once in a list of axes',
  dimension: 'a dimension is a whole number from 0 on, or a bounded size',
  'too-large':
    'an axis, a stored tensor and what one kernel goes through have at most 2,147,418,112 elements: indices have 32 bits',
  'element-count': 'a reshape must keep the number of elements',
  'bounded-reshape':
    'a bounded dimension stays whole in a reshape, or is the outermost factor of what is merged or split',
  'bounded-range': 'a bounded dimension can only be taken whole: not sliced, padded, flipped or concatenated',
  range: 'starts, stops, steps and paddings must describe elements that exist',
  index: 'an index that is known when the module is declared must be of an element that exists',
  window:
    'a window must fit into its padded axis at least once; strides and dilations are whole numbers from 1 on',
  equation:
    'an equation names each axis of each operand by a letter, operands apart by commas: "ij,jk->ik"; "..." stands for all other axes',
  groups: 'channels must divide into the groups, and outputs too',
  empty: 'an extremum that is asked for, or a gather, needs at least one element to choose from',
  constant: 'a constant must be a value of its element type',
  values: 'given values must be numbers, as many as the shape has elements',
  'other-graph': 'all operands of an operation must belong to one graph',
  name: 'a name must not be empty, reserved, or used twice',
  entry: 'an entry must have outputs or updates',
  output: 'an output must be a tensor that can be stored',
  update: 'an update names a state of the module once, and a value of its shape and element type',
  state: 'a state has a fixed shape and an element type that can be stored',
  mesh: 'a mesh is declared once: names of axes, each with a whole number of devices from 1 on',
  sharding:
    'a sharding is of an input or a state: for each dimension null, or an axis of the mesh, once, of which the size divides it',
  layer:
    'a layer has weights once it was applied, of shapes that its first operand asks for; other operands must fit them',
  declaration:
    'layers and optimizers declare states, so they must be used inside defineModule, whose function returns when all is declared',
  gradient:
    'gradients exist of float scalars, with respect to floats that are reached without integers and by operations whose derivative is built',
  option: 'an option must have a name and a value that its documentation names',
  parse: 'a text must follow the grammar of the text form',
  verify: 'a module must be consistent: operands before users, types as their operations say',
} as const;

/** The code of a graph issue. */
export type GraphIssue = keyof typeof graphIssues;

/**
 * A graph that cannot be: the message says what is wrong, where, and what would be right.
 *
 * `matmul: inner sizes differ: [128, 784] · [512, 10] (784 ≠ 512)  at model.ts:12`
 */
export class GraphError extends Error {
  override readonly name: string = 'GraphError';
  readonly code: GraphIssue;
  /** The operation, or the kind of declaration (`entry`, `state`), that was being built. */
  readonly op: string;
  /** The user's line, `model.ts:12`, where it is known. */
  readonly source?: string;

  /** @param source the user's line; found in the stack where it is not given */
  constructor(code: GraphIssue, op: string, text: string, source: string | undefined = sourceLine()) {
    super(`${clipped(op)}: ${text}${source === undefined ? '' : `  at ${source}`}`);
    this.code = code;
    this.op = op;
    if (source !== undefined) this.source = source;
  }
}

/** Shapes or element types that do not fit an operation. */
export class ShapeError extends GraphError {
  override readonly name = 'ShapeError';
}

/**
 * The first line of the call stack that is not the library's own, as `file:line`.
 *
 * It reads the text of `error.stack`, since that is what source maps are applied to. V8's frames
 * (`at f (path:1:2)`) and those of other browsers (`f@path:1:2`) are understood.
 */
export function sourceLine(): string | undefined {
  return firstUserFrame(stackText());
}

/** The first frame of a stack's text that lies outside of this library, as `file:line`. */
export function firstUserFrame(stack: string): string | undefined {
  const frame = userFrame(stack);
  return frame === undefined
    ? undefined
    : `${frame.path.slice(frame.path.lastIndexOf('/') + 1)}:${frame.line}`;
}

/** A place in a file. */
export interface Frame {
  /** The whole path, with forward slashes; a name where the text was evaluated under one. */
  readonly path: string;
  readonly line: number;
}

/** The first frame that lies outside of this library, by default of the call stack. */
export function userFrame(stack = stackText()): Frame | undefined {
  for (const line of stack.split('\n')) {
    let place = places.get(line);
    if (place === undefined) {
      place = placeOf(line);
      places.set(line, place);
    }
    if (place !== null) return place;
  }
  return undefined;
}

// A model is built from few lines, by few functions: the same frames come again and again.
const places = new Map<string, Frame | null>();

/** The place of a stack's line; null where it is not a frame, or is one of this library or of the engine. */
function placeOf(line: string): Frame | null {
  const frame = frameOf(line);
  if (frame === undefined || isBuiltIn(frame.path) || isOwn(frame.path)) return null;
  return frame;
}

/** Whether a frame's file is Node's own, or what Bun names in place of the files of built-in functions. */
function isBuiltIn(path: string): boolean {
  return path.startsWith('node:') || path === 'native' || path === 'unknown';
}

// Gradients of deep models are built far below the user's line: ten frames, V8's default, would not reach it.
const STACK_FRAMES = 64;

function stackText(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_FRAMES;
  try {
    return new Error().stack ?? '';
  } finally {
    Error.stackTraceLimit = before;
  }
}

const framePatterns = [
  /^\s+at .*?\((.+?):(\d+):\d+\)\s*$/, // V8, in a named function
  /^\s+at (?:async )?(.+?):(\d+):\d+\s*$/, // V8, at the top level
  /^[^@]*@(.+?):(\d+):\d+\s*$/, // SpiderMonkey and JavaScriptCore
];

function frameOf(line: string): Frame | undefined {
  for (const pattern of framePatterns) {
    const found = pattern.exec(line);
    if (found?.[1] !== undefined) return { path: plainPath(found[1]), line: Number(found[2]) };
  }
  return undefined;
}
