/**
 * A bounded size: storage and grids use `max`, the live extent (at most `max`) comes at run time.
 * Two sizes are the same if their names are.
 */
export interface Size {
  readonly name: string;
  readonly max: number;
}

/**
 * One dimension of a shape: a number, or `factor` times a bounded size (the factor is what a reshape merged
 * into it; the live elements are then the first `factor * live`).
 */
export type Dim = number | { readonly size: Size; readonly factor: number };

/** How many elements a dimension holds at most: what storage and grids use. */
export function extentOf(dim: Dim): number {
  return typeof dim === 'number' ? dim : dim.size.max * dim.factor;
}

/** Whether a dimension holds a multiple of `n` elements, whatever its live extent is. */
export function isMultipleOf(n: number, dim: Dim): boolean {
  return (typeof dim === 'number' ? dim : dim.factor) % n === 0;
}

/**
 * Elements that an axis, a stored tensor or a loop may have: indices are i32, and the last workgroup may go a little
 * beyond the last element.
 */
export const MOST_ELEMENTS = 2 ** 31 - 2 ** 16;

/** Whether two dimensions are the same: equal numbers, or equal multiples of one size. */
export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.size.name === b.size.name && a.factor === b.factor;
}

/** The text of a dimension: `128`, `batch<=128`, `4*batch<=128` (the bound is that of the size alone). */
export function dimText(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  return `${dim.factor === 1 ? '' : `${dim.factor}*`}${dim.size.name}<=${dim.size.max}`;
}

/** The text of a shape, `[batch<=128, 784]`. */
export function shapeText(shape: readonly Dim[]): string {
  return `[${shape.map(dimText).join(', ')}]`;
}

/** Number of elements of a shape, counting bounded sizes at their maximum. */
export function elementCount(shape: readonly Dim[]): number {
  return shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
}
