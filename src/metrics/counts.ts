import { InputError } from '../runtime/issues.ts';

/** An array as `session.evaluate` gives it among its `outputs`: numbers row by row. */
export interface Counts {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The elements of a row of a matrix. */
export function rowOf({ shape, data }: Counts, row: number): number[] {
  const width = shape.slice(1).reduce((n, extent) => n * extent, 1);
  return Array.from({ length: width }, (_, k) => data[row * width + k] ?? 0);
}

/** The sum of numbers. */
export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** The mean of numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Requires an array of a shape. @throws InputError `type` or `length`, saying what makes such an array */
export function requireCounts(
  op: string,
  value: unknown,
  isFit: (shape: readonly number[]) => boolean,
  wanted: string,
): void {
  const { shape, data }: { shape?: unknown; data?: unknown } = Object(value);
  if (!Array.isArray(shape) || typeof data !== 'object' || data === null || !('length' in data))
    throw new InputError(
      'type',
      op,
      `takes ${wanted}, as session.evaluate gives it among its outputs: { shape, data }`,
    );
  if (isFit(shape) && data.length === shape.reduce((n: number, extent: number) => n * extent, 1)) return;
  throw new InputError(
    'length',
    op,
    `takes ${wanted}, not an array of the shape [${shape.join(', ')}] with ${data.length} elements`,
  );
}
