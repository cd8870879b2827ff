/** What takes changes back: steps that each undo one thing, the last one first. */
export class Undo {
  #steps: (() => void)[] = [];

  /** Notes how to take back what was done just now. */
  note(step: () => void): void {
    this.#steps.push(step);
  }

  /** Lets all that was noted stand. */
  forget(): void {
    this.#steps = [];
  }

  /** Takes all back that was noted. */
  run(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) step();
  }

  /** Adds to a set, or takes out of it, until this is taken back. */
  toggle<T>(set: Set<T>, item: T, isIn: boolean): void {
    if (set.has(item) === isIn) return;
    const put = (into: boolean): void => {
      if (into) set.add(item);
      else set.delete(item);
    };
    put(isIn);
    this.note(() => put(!isIn));
  }

  /** Sets an entry of a map, or takes it out where the value is undefined, until this is taken back. */
  set<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
    const before = map.get(key);
    const put = (now: V | undefined): void => {
      if (now === undefined) map.delete(key);
      else map.set(key, now);
    };
    put(value);
    this.note(() => put(before));
  }
}
