/**
 * By which power of its size something grows: the slope of a straight line through the logarithms of both, by least squares.
 *
 * @param sizes two or more, all positive, not all the same
 * @param amounts one for each size, positive
 */
export function exponent(sizes: readonly number[], amounts: readonly number[]): number {
  if (sizes.length !== amounts.length || new Set(sizes).size < 2)
    throw new RangeError('an exponent needs an amount for each of two sizes or more');
  const [xs, ys] = [sizes, amounts].map((values) => values.map((value) => Math.log(value)));
  if (xs === undefined || ys === undefined) return Number.NaN;
  const [x, y] = [mean(xs), mean(ys)];
  const slope = xs.reduce((sum, at, k) => sum + (at - x) * ((ys[k] ?? y) - y), 0);
  return slope / xs.reduce((sum, at) => sum + (at - x) ** 2, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
