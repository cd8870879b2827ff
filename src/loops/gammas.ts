/**
 * The gamma function's logarithm and its derivatives in float64, to about 1e-14: what the scalar operations of these names are
 * where nothing is rounded to float32.
 */

/** (2k)! / B₂ₖ, with the numbers of Bernoulli, by k from 1 on. */
const BERNOULLI = [12, -720, 30240, -1209600, 47900160];
/** Terms that are added one by one before the rest is integrated. */
const TERMS = 24;

/** Hurwitz's zeta function, the sum of (q + n)^-s from n = 0 on, by Euler and Maclaurin; s > 1, q > 0. */
function hurwitz(s: number, q: number): number {
  let sum = 0;
  for (let n = 0; n < TERMS; n++) sum += (q + n) ** -s;
  const a = q + TERMS;
  let rest = a ** (1 - s) / (s - 1) + a ** -s / 2;
  let factor = s * a ** (-s - 1);
  BERNOULLI.forEach((inverse, k) => {
    rest += factor / inverse;
    factor *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / (a * a);
  });
  return sum + rest;
}

const EULER = 0.5772156649015329;
/** (-1)^k ζ(k) / k from k = 2 on: the series of ln Γ(1 + t). */
const SERIES = Array.from({ length: 60 }, (_, k) => ((k % 2 === 0 ? 1 : -1) * hurwitz(k + 2, 1)) / (k + 2));

/** ln Γ(1 + t) for |t| <= 1/2, with its relative digits beside t = 0. */
function aroundOne(t: number): number {
  return t * (SERIES.reduceRight((sum, c) => (sum + c) * t, 0) - EULER);
}

/** ln |Γ(x)|. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x < -0.5) {
    const sine = Math.abs(Math.sin(Math.PI * (x - Math.round(x))));
    return Math.log(Math.PI / sine / -x) - lgamma(-x);
  }
  if (x < 0.5) return aroundOne(x) - Math.log(Math.abs(x));
  if (x <= 1.5) return aroundOne(x - 1);
  if (x <= 2.5) return aroundOne(x - 2) + Math.log1p(x - 2);
  // Stirling's series, from a number that is large enough.
  let product = 1;
  let a = x;
  for (; a < 16; a++) product *= a;
  const u = 1 / (a * a);
  const series = (1 / 12 - u * (1 / 360 - u * (1 / 1260 - u * (1 / 1680 - u / 1188)))) / a;
  return (a - 0.5) * (Math.log(a) - 1) + (Math.log(2 * Math.PI) - 1) / 2 + series - Math.log(product);
}

/** ψ(x), the derivative of ln Γ(x); at 0 it has the sign that PyTorch gives it. */
export function digamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x === Infinity) return x;
  if (x < 0) {
    if (Number.isInteger(x) || x === -Infinity) return Number.NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let sum = 0;
  let a = x;
  for (; a < 16; a++) sum += 1 / a;
  const u = 1 / (a * a);
  const series = u * (1 / 12 - u * (1 / 120 - u * (1 / 252 - u * (1 / 240 - u / 132))));
  return Math.log(a) - 0.5 / a - series - sum;
}

/** ψ'(x), infinite at the poles; NaN at -∞, as PyTorch's. */
export function trigamma(x: number): number {
  if (x === Infinity) return 0;
  if (x === -Infinity) return Number.NaN;
  if (x > 0) return hurwitz(2, x);
  const sine = Math.sin(Math.PI * (x - Math.round(x))) / Math.PI;
  return sine === 0 ? Infinity : 1 / sine ** 2 - hurwitz(2, 1 - x);
}

/** ψ''(x): -∞ at 0, NaN at the other poles, where it has both signs. */
export function tetragamma(x: number): number {
  if (x === 0) return -Infinity;
  if (x === Infinity) return -0;
  if (x > 0) return -2 * hurwitz(3, x);
  const angle = Math.PI * (x - Math.round(x));
  const sine = Math.sin(angle) / Math.PI;
  return sine === 0 || x === -Infinity
    ? Number.NaN
    : (-2 * Math.cos(angle)) / sine ** 3 - 2 * hurwitz(3, 1 - x);
}
