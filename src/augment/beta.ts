import { lgamma } from '../loops/gammas.ts';

/**
 * Quantiles of the beta distribution with both parameters alpha at `0, 1/n, …, 1`: between them, along straight lines, a random
 * number in [0, 1) becomes one of this distribution.
 *
 * @param alpha above 0
 * @param n     parts, an even number
 */
export function betaQuantiles(alpha: number, n: number): number[] {
  const lower = Array.from({ length: n / 2 }, (_, k) => quantile(alpha, k / n));
  return [...lower, 0.5, ...lower.map((q) => 1 - q).reverse()];
}

/** Halvings of an interval after which float64 has no digits left. */
const HALVINGS = 54;

/** The place below which a share of the distribution lies, for shares below a half. */
function quantile(alpha: number, share: number): number {
  let [low, high] = [0, 0.5];
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (shareBelow(alpha, middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** Terms of the fraction, which below a half settles long before. */
const MOST_TERMS = 500;

/**
 * The share of the distribution below a place from 0 to a half: the incomplete beta function by its continued fraction
 * (Abramowitz and Stegun, 26.5.8), from its first term on (Lentz 1976).
 */
function shareBelow(alpha: number, x: number): number {
  if (x === 0) return 0;
  const front = Math.exp(lgamma(2 * alpha) - 2 * lgamma(alpha) + alpha * Math.log(x * (1 - x))) / alpha;
  let [value, numerator, denominator] = [1, 1, 0];
  for (let k = 0; k <= MOST_TERMS; k++) {
    const m = Math.floor(k / 2);
    const term =
      k === 0
        ? 1
        : k % 2 === 0
          ? (m * (alpha - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m))
          : (-(alpha + m) * (2 * alpha + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1));
    denominator = 1 / (1 + term * denominator);
    numerator = 1 + term / numerator;
    const change = numerator * denominator;
    value *= change;
    if (k > 0 && Math.abs(change - 1) < Number.EPSILON) break;
  }
  return front * (value - 1);
}
