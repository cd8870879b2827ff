/**
 * Threefry-2x32 with 20 rounds, a counter-based random number generator (Salmon, Moraes, Dror and Shaw, *Parallel random
 * numbers: as easy as 1, 2, 3*, 2011; the rotations are those of Random123): words of 32 bits, of which any two keys, or
 * any two counters, give ones that no test tells from independent. It takes additions, rotations and exclusive ors alone,
 * where other generators take products of 64 bits, which WGSL does not have.
 */

/** Rotations of the first four rounds, and of every other four. */
export const firstRotations = [13, 15, 26, 6] as const;

/** Rotations of the four rounds after them. */
export const secondRotations = [17, 29, 16, 24] as const;

/** What the third word of the key has beside the exclusive or of the other two. */
export const parity = 0x1bd11bda;

/** The first word of a key's block at a counter, all of two words; as an i32. */
export function threefry(key0: number, key1: number, counter0: number, counter1: number): number {
  const key2 = key0 ^ key1 ^ parity;
  let [first, second, third] = [key0, key1, key2];
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let n = 1; n <= 5; n++) {
    for (const by of n % 2 === 1 ? firstRotations : secondRotations) {
      a = (a + b) | 0;
      b = ((b << by) | (b >>> (32 - by))) ^ a;
    }
    [first, second, third] = [second, third, first];
    a = (a + first) | 0;
    b = (b + second + n) | 0;
  }
  return a;
}
