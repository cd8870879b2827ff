import type { Dtype } from '../loops/dtype.ts';
import { type Dim, extentOf } from '../loops/size.ts';

/** A dense array, row-major. Every element type is held as float64; bools are 0 and 1. */
export interface NDArray {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly data: Float64Array;
}

/** Live extents by the name of their size; a size that is not named is full. */
export type Live = Readonly<Record<string, number>>;

/** Elements of a dimension that are live. @throws RangeError where more than its maximum are asked for */
export function liveOf(dim: Dim, live: Live): number {
  if (typeof dim === 'number') return dim;
  const rows = Object.hasOwn(live, dim.size.name) ? live[dim.size.name] : undefined;
  if (rows === undefined) return extentOf(dim);
  if (!(Number.isInteger(rows) && rows >= 0 && rows <= dim.size.max)) {
    throw new RangeError(`size ${dim.size.name}: ${rows} live of at most ${dim.size.max}`);
  }
  return rows * dim.factor;
}

/** Number of elements of a shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}

/** Elements between neighbours along each axis, row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let k = shape.length - 2; k >= 0; k--) strides[k] = (strides[k + 1] ?? 1) * (shape[k + 1] ?? 1);
  return strides;
}

/**
 * Calls back for every index of a shape, row-major. The index array is one and the same: it is not kept.
 */
export function forEachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], flat: number) => void,
): void {
  const count = countOf(shape);
  const index = shape.map(() => 0);
  for (let flat = 0; flat < count; flat++) {
    visit(index, flat);
    for (let k = shape.length - 1; k >= 0; k--) {
      const next = (index[k] ?? 0) + 1;
      index[k] = next < (shape[k] ?? 0) ? next : 0;
      if (next < (shape[k] ?? 0)) break;
    }
  }
}

/** Where an index lies, given strides. */
export function offsetOf(index: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let k = 0; k < strides.length; k++) offset += (index[k] ?? 0) * (strides[k] ?? 0);
  return offset;
}

/** The live part of an array whose type is `shape`: `[batch<=8, 3]` with 5 live rows gives `[5, 3]`. */
export function trimmed(array: NDArray, shape: readonly Dim[], live: Live): NDArray {
  const extents = shape.map((dim) => liveOf(dim, live));
  if (extents.every((extent, k) => extent === array.shape[k])) return array;
  const data = new Float64Array(countOf(extents));
  const strides = stridesOf(array.shape);
  forEachIndex(extents, (index, flat) => {
    data[flat] = at(array, offsetOf(index, strides));
  });
  return { shape: extents, dtype: array.dtype, data };
}

/**
 * An array of fewer rows set into storage for all of them. What is not live is filled with values that show
 * wherever they are used: NaN, or an integer out of every range.
 */
export function padded(
  given: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  shape: readonly Dim[],
  dtype: Dtype,
): NDArray {
  const extents = shape.map(extentOf);
  const fits = given.shape.length === shape.length && given.shape.every((n, k) => n <= (extents[k] ?? 0));
  const exact = shape.every((dim, k) => typeof dim === 'object' || given.shape[k] === dim);
  if (!fits || !exact || given.data.length !== countOf(given.shape)) {
    const found = `${given.data.length} values of shape [${given.shape.join(', ')}]`;
    throw new RangeError(`${found} for storage [${extents.join(', ')}]`);
  }
  if (given.data.length === countOf(extents))
    return { shape: extents, dtype, data: Float64Array.from(given.data) };
  const data = new Float64Array(countOf(extents)).fill(poison(dtype));
  const strides = stridesOf(extents);
  forEachIndex(given.shape, (index, flat) => {
    data[offsetOf(index, strides)] = given.data[flat] ?? 0;
  });
  return { shape: extents, dtype, data };
}

/** Element `k` of an array. @throws RangeError where there is none */
export function at(array: NDArray, k: number): number {
  const value = array.data[k];
  if (value === undefined) throw new RangeError(`element ${k} of ${array.data.length}`);
  return value;
}

function poison(dtype: Dtype): number {
  switch (dtype) {
    case 'f32':
      return Number.NaN;
    case 'i32':
      return 1234567890;
    case 'u32':
      return 4123456789;
    case 'u8':
      return 251;
    case 'bool':
      return 1;
    default:
      return dtype satisfies never;
  }
}
