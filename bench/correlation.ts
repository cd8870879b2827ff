/**
 * Spearman's rank correlation of two series: 1 where they order everything alike, -1 the other way round, about 0 where one
 * says nothing of the other. Equal values share the mean of their ranks. NaN for less than two pairs, or where all of a
 * series are equal.
 */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number {
  const n = Math.min(xs.length, ys.length);
  const [a, b] = [ranks(xs.slice(0, n)), ranks(ys.slice(0, n))];
  const mean = (n - 1) / 2;
  let [product, ofA, ofB] = [0, 0, 0];
  for (const [k, rank] of a.entries()) {
    const [x, y] = [rank - mean, (b[k] ?? 0) - mean];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return product / Math.sqrt(ofA * ofB);
}

/** The place of each value in order, from 0; equal ones share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}

/** How well predicted times order measured ones, as a line of a table. */
export function correlationText(
  pairs: readonly { readonly predicted: number; readonly measured: number }[],
): string {
  const found = rankCorrelation(
    pairs.map(({ predicted }) => predicted),
    pairs.map(({ measured }) => measured),
  );
  return `rank correlation of predicted and measured: ${Number.isNaN(found) ? 'too few' : found.toFixed(2)}, of ${pairs.length}`;
}
