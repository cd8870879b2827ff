/** Random choices, the same on every machine for one seed (Steele's and Vigna's splitmix, in 32 bits). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number in [0, 1), a multiple of 2⁻²⁴: exact in float32. */
  unit(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 8) / 2 ** 24;
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.unit() < p;
  }

  /** One of a list; undefined of none. */
  maybeOneOf<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  /** One of a list. @throws RangeError where it is empty */
  oneOf<T>(items: readonly [T, ...T[]]): T {
    return this.maybeOneOf(items) ?? items[0];
  }

  /** A list in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    const order: T[] = [];
    while (rest.length > 0) order.push(...rest.splice(this.below(rest.length), 1));
    return order;
  }
}
