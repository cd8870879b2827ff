/**
 * The number of the fewest decimal digits that rounds to the same float32: 0.1 of 0.10000000149011612. Nine digits tell any two
 * float32s apart. Zeros keep their signs, infinities and NaN are what they are.
 */
export function shortestFloat(value: number): number {
  // Digits do not tell zeros apart.
  if (!Number.isFinite(value) || value === 0) return value;
  const wanted = Math.fround(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === wanted) return short;
  }
  return value;
}
