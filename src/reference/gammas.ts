/** C. Lanczos' coefficients for g = 7, by P. Godfrey. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
const G = 7.5;

/**
 * ln |Γ(x)|, or a derivative of it: by Lanczos' approximation, which is differentiated term by term.
 *
 * @param order of the derivative, from 0 to 3
 */
export function logGamma(x: number, order: 0 | 1 | 2 | 3): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) {
    if (order === 0) return Infinity;
    return x < 0 ? Number.NaN : ([Infinity, 0, -0][order - 1] ?? Number.NaN);
  }
  if (x <= 0 && Number.isInteger(x)) {
    const atZero = order === 1 ? (Object.is(x, -0) ? Infinity : -Infinity) : -Infinity;
    return order % 2 === 0 ? Infinity : x === 0 ? atZero : Number.NaN;
  }
  if (x < 0.5) return reflected(x, order);
  const z = x - 1;
  // The sum and its derivatives: of 1 / (z + k), times -1, -2, -3 one after the other.
  const factors = [1, -1, 2, -6];
  const sums = [0, 1, 2, 3].map((n) =>
    LANCZOS.reduce((sum, c, k) => {
      if (k === 0) return sum + (n === 0 ? c : 0);
      return sum + (c * (factors[n] ?? 1)) / (z + k) ** (n + 1);
    }, 0),
  );
  const [a = 1, a1 = 0, a2 = 0, a3 = 0] = sums;
  const t = z + G;
  const [r, s] = [a1 / a, a2 / a];
  switch (order) {
    case 0:
      return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(a);
    case 1:
      return Math.log(t) + (z + 0.5) / t - 1 + r;
    case 2:
      return 2 / t - (z + 0.5) / t ** 2 + s - r * r;
    case 3:
      return -3 / t ** 2 + (2 * (z + 0.5)) / t ** 3 + a3 / a - 3 * s * r + 2 * r ** 3;
    default:
      return order satisfies never;
  }
}

/** By Γ(x) Γ(1 - x) = π / sin(πx), whose logarithm is differentiated. */
function reflected(x: number, order: 0 | 1 | 2 | 3): number {
  // Of a number beside 0 the distance from it, with its digits.
  const angle = Math.PI * (x - Math.round(x));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const other = logGamma(1 - x, order);
  switch (order) {
    case 0:
      return Math.log(Math.PI / Math.abs(sine)) - other;
    case 1:
      return other - (Math.PI * cosine) / sine;
    case 2:
      return (Math.PI / sine) ** 2 - other;
    case 3:
      return other - (2 * cosine * Math.PI ** 3) / sine ** 3;
    default:
      return order satisfies never;
  }
}
