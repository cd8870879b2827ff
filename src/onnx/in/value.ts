import type { Tensor, ValueDtype } from '../../graph/index.ts';
import type { Dim } from '../../loops/size.ts';

/** One element of what is known: a number, or a bounded size times a number, as a shape has it. */
export type Element = Dim;

/**
 * What is known while the graph is built: arguments such as shapes, and what is computed of them. Integers of 64 bits are
 * numbers here.
 */
export interface Known {
  readonly kind: 'known';
  /** ONNX's element type. */
  readonly elem: number;
  readonly dtype: ValueDtype;
  readonly shape: readonly number[];
  readonly elements: ArrayLike<Element>;
  /** As the file calls it, for the state that a large one becomes. */
  readonly name: string;
}

/** A weight: a state of the module, which is declared where a node needs it. */
export interface Weight {
  readonly kind: 'weight';
  readonly elem: number;
  readonly dtype: 'f32';
  readonly shape: readonly number[];
  /** The name of its state. */
  readonly name: string;
  /** Its values, row-major. */
  readonly values: () => Float32Array;
}

/** What a step computes. */
export interface Computed {
  readonly kind: 'computed';
  readonly elem: number;
  readonly tensor: Tensor;
}

/** A value of an ONNX graph while it is imported. */
export type Value = Known | Weight | Computed;

/** The dimensions of a value. */
export function shapeOf(value: Value): readonly Dim[] {
  return value.kind === 'computed' ? value.tensor.shape : value.shape;
}

/** The type that a value's elements are computed in. */
export function dtypeOf(value: Value): ValueDtype {
  if (value.kind !== 'computed') return value.dtype;
  const { dtype } = value.tensor;
  // Bytes are for storage only.
  return dtype === 'u8' ? 'i32' : dtype;
}

/** A number of elements, of fixed dimensions. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}

/** Whether all elements are numbers. */
export function isNumeric(elements: ArrayLike<Element>): elements is ArrayLike<number> {
  if (!Array.isArray(elements)) return true;
  return elements.every((element) => typeof element === 'number');
}

/** Elements as numbers; undefined where there are sizes among them. */
export function numeric(elements: readonly Element[]): number[] | undefined {
  const numbers = elements.filter((element) => typeof element === 'number');
  return numbers.length === elements.length ? numbers : undefined;
}
