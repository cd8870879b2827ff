import type { Digits } from '../../../src/data/index.ts';
import type { Rows } from '../rows.ts';
import type { Shelf } from '../shelf.ts';
import type { LessonData } from './lesson.ts';

/** Digits as rows of `x`, their pixels, and `y`, what they are. */
export function digitRows({ count, images, labels }: Digits): Rows {
  return {
    count,
    columns: {
      x: { dtype: 'u8', shape: [784], values: images },
      y: { dtype: 'i32', shape: [], values: labels },
    },
  };
}

/** MNIST: some thousand digits at once, and all when they have come. */
export async function mnist(shelf: Shelf): Promise<LessonData> {
  const { train, test } = await shelf.firstDigits();
  return {
    train: digitRows(train),
    test: digitRows(test),
    more: async () => digitRows(await shelf.allDigits()),
  };
}

/** The pixels of one digit. */
export function pixelsAt(rows: Rows, row: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 784 }, (_, k) => rows.columns.x?.values[row * 784 + k] ?? 0);
}

/** What one digit is. */
export function labelAt(rows: Rows, row: number): number {
  return rows.columns.y?.values[row] ?? 0;
}
