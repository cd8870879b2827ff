/**
 * What a reference value is computed in: `f64` is as near to the mathematical value as plain loops come;
 * `f32` rounds every operation, and every partial sum and product, to float32, as a target does in some order.
 * Both run the same loops: what tells them apart is rounding, and float32's smaller range.
 */
export type Precision = 'f64' | 'f32';

/** What is done to each float that is computed. */
export function rounding(precision: Precision): (x: number) => number {
  return precision === 'f32' ? Math.fround : (x) => x;
}
