import { LARGEST_FLOAT } from '../loops/index.ts';

/**
 * The shortest decimal of a finite float32 that reads back as the same bits, with a point or an exponent. WGSL refuses
 * a decimal above the largest float32, even one that rounds to it: the largest one has ten digits.
 */
export function floatLiteral(float: number): string {
  if (Object.is(float, -0)) return '-0.0';
  for (let digits = 1; digits <= 10; digits++) {
    const value = Number(float.toPrecision(digits));
    if (Math.fround(value) !== float || Math.abs(value) > LARGEST_FLOAT) continue;
    const text = String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  throw new RangeError(`${float} is not a float32`);
}
