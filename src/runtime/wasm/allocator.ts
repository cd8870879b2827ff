import { LINE, lineAligned } from './program.ts';

/**
 * Places in a memory that grows and never shrinks: the first free one that is large enough (Knuth, *The art of
 * computer programming* 1, 2.5), else one behind all others. Free neighbours become one.
 */
export class Allocator {
  readonly #grow: (end: number) => void;
  /** Free places by where they start, in order; no two touch. */
  #free: readonly Gap[] = [];
  readonly #taken = new Map<number, number>();
  #end: number;

  /**
   * @param start where places may begin, in bytes, a multiple of a line
   * @param grow makes the memory reach to `end` bytes; where it throws, nothing is taken
   */
  constructor(start: number, grow: (end: number) => void) {
    this.#end = start;
    this.#grow = grow;
  }

  /** Takes a place. @returns where it starts @throws what `grow` throws */
  take(bytes: number): number {
    const size = Math.max(LINE, lineAligned(bytes));
    const last = this.#free.at(-1);
    // Behind all others: the last free place, where it ends there, is the beginning of the new one.
    const behind = { start: last?.end === this.#end ? last.start : this.#end, end: this.#end };
    const { start, end } = this.#free.find((place) => place.end - place.start >= size) ?? behind;
    const own = start + size;
    if (own > this.#end) {
      this.#grow(own);
      this.#end = own;
    }
    this.#free = this.#free
      .map((place) => (place.start === start ? { start: own, end } : place))
      .filter((place) => place.start < place.end);
    this.#taken.set(start, own);
    return start;
  }

  /** Gives back the place that starts here; one that is not taken is left as it is. */
  give(start: number): void {
    const end = this.#taken.get(start);
    if (end === undefined) return;
    this.#taken.delete(start);
    const before = this.#free.find((place) => place.end === start);
    const after = this.#free.find((place) => place.start === end);
    const merged = { start: before?.start ?? start, end: after?.end ?? end };
    this.#free = [...this.#free.filter((place) => place !== before && place !== after), merged].sort(
      (a, b) => a.start - b.start,
    );
  }
}

interface Gap {
  readonly start: number;
  readonly end: number;
}
