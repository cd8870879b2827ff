import type { Values } from '../../src/runtime/index.ts';

/** What an example gives: rows of some columns, by the names of the inputs that they are for. */
export interface Rows {
  readonly count: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** One value, or one array, of each row. */
export interface Column {
  readonly dtype: 'f32' | 'i32' | 'u8';
  /** Of one row: `[784]`; a number where it is empty. */
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Elements of one row of a column. */
export function elementsOf({ shape }: Pick<Column, 'shape'>): number {
  return shape.reduce((n, extent) => n * extent, 1);
}

/** The type of a column, as models declare it: `u8[batch, 784]`. */
export function columnText({ dtype, shape }: Column): string {
  return `${dtype}[${['batch', ...shape].join(', ')}]`;
}
