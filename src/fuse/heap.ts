/**
 * Items of which the best comes out first; of those that tie, the one that was put in first. Putting one in and taking
 * one out take a number of comparisons that grows with the logarithm of how many there are.
 */
export class Heap<T> {
  readonly #isBetter: (a: T, b: T) => boolean;
  /** A binary tree by rows: the children of entry `k` are `2 k + 1` and `2 k + 2`, and do not come before it. */
  readonly #entries: Entry<T>[] = [];
  #count = 0;

  /** @param isBetter a strict order: whether one item comes before another */
  constructor(isBetter: (a: T, b: T) => boolean) {
    this.#isBetter = isBetter;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The best item; undefined where there is none. */
  get first(): T | undefined {
    return this.#entries[0]?.item;
  }

  push(item: T): void {
    const entry = { item, number: this.#count++ };
    let place = this.#entries.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || !this.#comesBefore(entry, parent)) break;
      this.#entries[place] = parent;
      place = above;
    }
    this.#entries[place] = entry;
  }

  /** Takes the best item out; undefined where there is none. */
  pop(): T | undefined {
    const best = this.#entries[0];
    const last = this.#entries.pop();
    if (best !== undefined && last !== undefined && this.#entries.length > 0) this.#sink(last);
    return best?.item;
  }

  /** Puts an entry in the place of the first, and what comes before it above it. */
  #sink(entry: Entry<T>): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [first, second] = [this.#entries[left], this.#entries[left + 1]];
      if (first === undefined) break;
      const isSecond = second !== undefined && this.#comesBefore(second, first);
      const child = isSecond ? second : first;
      if (!this.#comesBefore(child, entry)) break;
      this.#entries[place] = child;
      place = isSecond ? left + 1 : left;
    }
    this.#entries[place] = entry;
  }

  #comesBefore(a: Entry<T>, b: Entry<T>): boolean {
    if (this.#isBetter(a.item, b.item)) return true;
    return a.number < b.number && !this.#isBetter(b.item, a.item);
  }
}

interface Entry<T> {
  readonly item: T;
  /** How many were put in before. */
  readonly number: number;
}
