import type { ValueTypeOf } from '../graph/index.ts';
import { type Dtype, extentOf } from '../loops/index.ts';

/** Element types of StableHLO, of those that we print. */
export type Element = 'f32' | 'i32' | 'ui32' | 'ui64' | 'i1' | 'ui8';

/** The type of a value: fixed extents, bounded ones at their maximum. */
export interface TensorType {
  readonly shape: readonly number[];
  readonly element: Element;
}

/** What a program names: `%loss`, and its type. */
export interface Value {
  readonly name: string;
  readonly type: TensorType;
}

/** The right side of a line, and the type of what it computes. */
export interface Line {
  readonly text: string;
  readonly type: TensorType;
}

/** The element type of ours in StableHLO. */
export const elementOf = {
  f32: 'f32',
  i32: 'i32',
  u32: 'ui32',
  bool: 'i1',
  u8: 'ui8',
} as const satisfies Record<Dtype, Element>;

/** The type that a node's value has. */
export function tensorTypeOf({ shape, dtype }: Pick<ValueTypeOf, 'shape' | 'dtype'>): TensorType {
  return { shape: shape.map(extentOf), element: elementOf[dtype] };
}

/** A type of the same shape with other elements. */
export function withElement({ shape }: TensorType, element: Element): TensorType {
  return { shape, element };
}

/** One number of a type. */
export function scalarOf(element: Element): TensorType {
  return { shape: [], element };
}

/** `tensor<128x10xf32>`. */
export function typeText({ shape, element }: TensorType): string {
  return `tensor<${shape.map((extent) => `${extent}x`).join('')}${element}>`;
}

/** `(tensor<4xf32>, tensor<f32>) -> tensor<4xf32>`, the type of what takes values and gives one. */
export function signature(operands: readonly Value[], result: TensorType): string {
  return `(${operands.map(({ type }) => typeText(type)).join(', ')}) -> ${typeText(result)}`;
}

/** Whether two types are one. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return (
    a.element === b.element && a.shape.length === b.shape.length && a.shape.every((n, k) => n === b.shape[k])
  );
}

/** Elements of a type. */
export function countOf({ shape }: TensorType): number {
  return shape.reduce((n, extent) => n * extent, 1);
}
