const WORD = 2 ** 32;

/** The paper's table of rotations for two words, by the number of the round modulo eight. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * The first word of Threefry-2x32-20 (Salmon et al. 2011), by its definition: before round d, where d is a multiple of
 * four, subkey d / 4 is added, and once more after the last.
 */
export function threefry(key: readonly [number, number], counter: readonly [number, number]): number {
  const keys = [...key, (key[0] ^ key[1] ^ 0x1bd11bda) >>> 0];
  let [x0, x1] = counter;
  const addSubkey = (s: number): void => {
    x0 = (x0 + (keys[s % 3] ?? 0)) % WORD;
    x1 = (x1 + (keys[(s + 1) % 3] ?? 0) + s) % WORD;
  };
  for (let d = 0; d < 20; d++) {
    if (d % 4 === 0) addSubkey(d / 4);
    x0 = (x0 + x1) % WORD;
    const by = 2 ** (ROTATIONS[d % 8] ?? 0);
    // What a product has above 32 bits comes back in below.
    const [high, low] = [Math.floor(x1 / (WORD / by)), (x1 % (WORD / by)) * by];
    x1 = ((high + low) ^ x0) >>> 0;
  }
  addSubkey(5);
  return x0;
}
