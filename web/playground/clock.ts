/** Milliseconds that speeds are a mean over. */
const WINDOW = 1500;

/** How fast steps are: by the clock on the wall, and by the time that steps alone take. */
export class Clock {
  readonly #now: () => number;
  readonly #marks: { at: number; busy: number; steps: number }[] = [];
  #steps = 0;
  #busy = 0;
  #since: number | undefined;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Steps run from now on. */
  begin(): void {
    this.#since = this.#now();
    if (this.#marks.length === 0) this.#mark();
  }

  /** So many steps have ended. */
  took(steps: number): void {
    this.#rest();
    this.#steps += steps;
    this.#mark();
    this.#since = this.#now();
  }

  /** Something else is done now. */
  end(): void {
    this.#rest();
    this.#since = undefined;
  }

  /** Training stands still: what is measured then is measured anew. */
  stop(): void {
    this.end();
    this.#marks.length = 0;
  }

  /** Steps a second, and microseconds of a step; 0 before any ended. */
  get speed(): { readonly stepsPerSecond: number; readonly measuredMicros: number } {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    const steps = (last?.steps ?? 0) - (first?.steps ?? 0);
    if (first === undefined || last === undefined || steps === 0)
      return { stepsPerSecond: 0, measuredMicros: 0 };
    return {
      stepsPerSecond: (1000 * steps) / Math.max(last.at - first.at, 1e-3),
      measuredMicros: (1000 * (last.busy - first.busy)) / steps,
    };
  }

  #rest(): void {
    if (this.#since !== undefined) this.#busy += this.#now() - this.#since;
  }

  #mark(): void {
    const at = this.#now();
    this.#marks.push({ at, busy: this.#busy, steps: this.#steps });
    while (this.#marks.length > 2 && (this.#marks[1]?.at ?? at) < at - WINDOW) this.#marks.shift();
  }
}
