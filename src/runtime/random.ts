/**
 * Threefry-2x32 with 20 rounds: two random words for a key and a counter (Salmon et al., *Parallel random
 * numbers: as easy as 1, 2, 3*, 2011). All arguments are taken as unsigned 32-bit words.
 *
 * @param take is given the two words, unsigned
 */
export function threefry<T>(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  take: (a: number, b: number) => T,
): T {
  let key2 = key0 ^ key1 ^ 0x1bd11bda;
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let n = 1; n < 6; n++) {
    // Four rotations, a byte each: a shift takes the lowest five bits of what it is by.
    const turns = n & 1 ? 0x0d0f1a06 : 0x111d1018;
    for (let at = 24; at >= 0; at -= 8) {
      a = (a + b) | 0;
      b = ((b << (turns >> at)) | (b >>> -(turns >> at))) ^ a;
    }
    const first = key0;
    key0 = key1;
    key1 = key2;
    key2 = first;
    a = (a + key0) | 0;
    b = (b + key1 + n) | 0;
  }
  return take(a >>> 0, b >>> 0);
}

/** A float64 in [0, 1) of 32 random bits, the `counter0, counter1`th of its key. */
export function uniform(key0: number, key1: number, counter0: number, counter1: number): number {
  return threefry(key0, key1, counter0, counter1, (a) => a / 2 ** 32);
}

/**
 * A standard normal float64 to seven digits, the `counter`th of its key (Box and Muller, 1958), of two words of 32 bits: at
 * most 6.8 from 0. Logarithm and cosine are summed here by additions and products alone, so that every engine gives the
 * same bits.
 */
export function normal(key0: number, key1: number, counter: number): number {
  return threefry(
    key0,
    key1,
    counter,
    0,
    (a, b) => Math.sqrt(-2 * logarithm((a + 0.5) / 2 ** 32)) * cosineOfTurns(b / 2 ** 32),
  );
}

/** Natural logarithm of x in (0, 1], by the series of the inverse hyperbolic tangent. */
function logarithm(x: number): number {
  let exponent = 0;
  let m = x;
  for (; m < Math.SQRT1_2; exponent--) m *= 2;
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let n = 11; n > 0; n -= 2) sum = sum * s * s + 1 / n;
  return exponent * Math.LN2 + 2 * s * sum;
}

/** cos(2π turns) for turns in [0, 1): Taylor's series of a quarter of the angle from half a turn, doubled twice. */
function cosineOfTurns(turns: number): number {
  const x = (Math.PI / 2) * (turns - 0.5);
  let sum = 1;
  for (let n = 12; n > 0; n -= 2) sum = 1 - (sum * x * x) / (n * (n - 1));
  sum = 2 * sum * sum - 1;
  return 1 - 2 * sum * sum;
}

/**
 * A permutation of 0..count-1, the `draw`th of a seed (Fisher and Yates).
 */
export function permutation(seed: number, draw: number, count: number): Uint32Array<ArrayBuffer> {
  const order = rowNumbers(count);
  for (let i = count - 1; i > 0; i--) {
    // The stream of shuffles, the last word: those of first values count from 0.
    const j = Math.floor(uniform(seed, -1, i, draw) * (i + 1));
    const moved = order[j] ?? 0;
    order[j] = order[i] ?? 0;
    order[i] = moved;
  }
  return order;
}

/** 0..count-1 in order. */
export function rowNumbers(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(count).map((_, i) => i);
}
